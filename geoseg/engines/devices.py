"""What models can run on here. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Device:
    """A place to run a model."""

    name: str
    """As `--device` takes it: `cpu`, `cuda:0`, …"""

    label: str
    """For people."""

    memory_bytes: int | None
    """Of the device's own; None for the CPU, which uses the machine's."""


def devices() -> tuple[Device, ...]:
    """All devices of this machine, the one that `auto` takes first."""
    cpu = Device("cpu", f"CPU, {torch.get_num_threads()} threads", None)
    if not torch.cuda.is_available():
        return (cpu,)
    found = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found.append(Device(f"cuda:{index}", properties.name, properties.total_memory))
    return (*found, cpu)
