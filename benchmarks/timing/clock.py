"""Where the time of a batch goes, part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from geoseg.segearth.model import SegEarth


@dataclass(slots=True)
class Clock:
    """Seconds spent in each part."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside."""
        began = now(self.device)
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + now(self.device) - began

    @contextmanager
    def listening(self, model: SegEarth) -> Iterator[None]:
        """Count the parts of `model.encode` while open."""
        began: dict[str, float] = {}

        def enter(name: str) -> Callable[..., None]:
            return lambda *_: began.update({name: now(self.device)})

        def leave(name: str) -> Callable[..., None]:
            def left(*_: Any) -> None:
                spent = now(self.device) - began[name]
                self.seconds[name] = self.seconds.get(name, 0.0) + spent

            return left

        hooks = []
        for name in ("encoder", "tower", "image_tokens", "pixel_decoder"):
            part: nn.Module | None = getattr(model, name)
            if part is not None:
                hooks.append(part.register_forward_pre_hook(enter(name)))
                hooks.append(part.register_forward_hook(leave(name)))
        yield
        for hook in hooks:
            hook.remove()


def now(device: torch.device) -> float:
    """Seconds, with all work of the device done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
