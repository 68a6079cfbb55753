"""Weights that are shared out over processes by accelerate's own configuration (FSDP)."""

from __future__ import annotations

from accelerate import Accelerator, DistributedType

from geoseg.errors import InstructionError


def settle_fsdp(accelerator: Accelerator) -> None:
    """Make FSDP compute as other runs do. InstructionError for its first version.

    What the recipe calls precision is autocast everywhere. FSDP's own policy would round the
    weights for the parts as well that are to be computed in float32, such as losses.
    """
    if accelerator.distributed_type != DistributedType.FSDP:
        return
    if not accelerator.is_fsdp2:
        raise InstructionError(
            "The configuration of accelerate asks for the first version of FSDP, under which "
            "processes would clip gradients by parts of their norm.",
            hint="Set fsdp_version to 2 in it.",
        )
    accelerator.state.fsdp_plugin.mixed_precision_policy = None
