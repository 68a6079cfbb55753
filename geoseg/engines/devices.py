"""What models can run on here. Imports torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from geoseg.errors import EngineError


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


def find_device(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N` as a device that is there; EngineError otherwise."""
    cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise EngineError(
            f"The device {name!r} is not known. Choose auto, cpu, cuda or cuda:N.", code="no_device"
        )
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineError(
            f"The device {name!r} is not there: torch sees {torch.cuda.device_count()} CUDA "
            "devices. Choose another device, or cpu.",
            code="no_device",
        )
    return device


def usual_dtype(device: torch.device) -> torch.dtype:
    """The number format that models run in there unless another is asked for."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32
