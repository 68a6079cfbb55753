"""How many tiles go through the model at once.

On a GPU the first batch is one tile; what it took and what is free say how far the next ones may
grow. Where the size is given, and on a CPU, it stays. What did not fit is not tried again.
"""

from __future__ import annotations

from typing import Protocol

import torch

MOST = 32
"""Tiles per batch; more would hold back answers for little gain."""

_SHARE = 0.8
"""Of the free memory: answers differ in length, and other programs use the device too."""

_GROWTH = 8
"""Times per step: what one tile takes is measured less well than what eight take."""


class Gauge(Protocol):
    """Measures a device's memory."""

    def start(self) -> None:
        """Forget what was taken so far."""
        ...

    def taken(self) -> int:
        """Most bytes that were in use at once since the start, less those in use at the start."""
        ...

    def free(self) -> int:
        """Bytes that could be taken now."""
        ...


class CudaGauge:
    """Asks PyTorch's allocator and the driver."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._base = 0

    def start(self) -> None:
        """Forget what was taken so far."""
        torch.cuda.reset_peak_memory_stats(self._device)
        self._base = torch.cuda.memory_allocated(self._device)

    def taken(self) -> int:
        """Most bytes in use at once since the start, less those in use at the start."""
        return torch.cuda.max_memory_allocated(self._device) - self._base

    def free(self) -> int:
        """What the driver has, and what the allocator holds without using it."""
        reserved = torch.cuda.memory_reserved(self._device)
        unused = reserved - torch.cuda.memory_allocated(self._device)
        return int(torch.cuda.mem_get_info(self._device)[0]) + unused


class BatchSize:
    """The size of the next batch; it is told how each batch went."""

    def __init__(self, size: int, gauge: Gauge | None = None) -> None:
        self.now = size
        self._gauge = gauge
        self._ceiling = size if gauge is None else MOST

    def start(self) -> None:
        """A batch begins."""
        if self._gauge is not None:
            self._gauge.start()

    def fitted(self, tiles: int) -> None:
        """A batch is done; grow if it was a whole one and several times as much is free."""
        if self._gauge is None or tiles < self.now:
            return
        each = max(self._gauge.taken() // tiles, 1)
        room = min(int(_SHARE * self._gauge.free()) // each, self.now * _GROWTH, self._ceiling)
        # Powers of two: each size is compiled once, so there must be few of them.
        if room > self.now:
            self.now = max(self.now, 1 << (room.bit_length() - 1))

    def burst(self, tiles: int) -> None:
        """A batch did not fit: go on with half, and never try as many again."""
        self._ceiling = max(1, min(self._ceiling, tiles - 1))
        self.now = max(1, min(self.now, (tiles + 1) // 2))
