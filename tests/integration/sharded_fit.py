"""`python -m training fit` with weights shared out over CPU processes; to be started by torchrun.

accelerate shares weights out (FSDP) on accelerators alone: on CPUs it takes plain copies, without a
word. So the kind of the run is set here after accelerate has found its processes, and all that
follows is what it is on accelerators: `fully_shard` of torch, over gloo.
"""

import sys

from accelerate import Accelerator, DistributedType, FullyShardedDataParallelPlugin, PartialState

from training.__main__ import main
from training.fit import runs


def sharing(recipe, options) -> Accelerator:
    accelerator = plain(recipe, options)
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="NO_WRAP",
        cpu_ram_efficient_loading=False,
        state_dict_type="FULL_STATE_DICT",
    )
    if accelerator.mixed_precision != "no":
        plugin.set_mixed_precision(accelerator.mixed_precision)
    accelerator.state.fsdp_plugin = plugin
    for state in (accelerator.state, PartialState()):
        state.distributed_type = DistributedType.FSDP
    return accelerator


if __name__ == "__main__":
    plain, runs._accelerator = runs._accelerator, sharing
    sys.exit(main())
