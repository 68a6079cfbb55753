from types import SimpleNamespace

import pytest
from accelerate import DistributedType

from geoseg.errors import InstructionError
from training.fit.sharing import settle_fsdp


def _accelerator(kind, second):
    state = SimpleNamespace(fsdp_plugin=SimpleNamespace(mixed_precision_policy="bf16"))
    return SimpleNamespace(distributed_type=kind, is_fsdp2=second, state=state)


def test_only_the_second_version_is_taken_and_without_a_precision_of_its_own():
    with pytest.raises(InstructionError, match="fsdp_version to 2"):
        settle_fsdp(_accelerator(DistributedType.FSDP, second=False))
    taken = _accelerator(DistributedType.FSDP, second=True)
    settle_fsdp(taken)
    assert taken.state.fsdp_plugin.mixed_precision_policy is None
    settle_fsdp(_accelerator(DistributedType.MULTI_CPU, second=False))
