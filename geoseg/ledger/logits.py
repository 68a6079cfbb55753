"""Logits as the ledger keeps them: int8 in steps of 1/16, cropped to a box, deflated.

Fused outlines from int8 are as accurate as from floats, at a sixteenth of the size. Outside the
box a tile saw the place and strongly denied it, which is not the same as not having seen it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geoseg.dialogue import UNSEEN

STEP = 1 / 16
"""Logit per step of the int8 values."""

ABSENT = -127
"""The int8 value of everything outside the box."""

_UNSEEN = -128
"""The int8 value of cells next to the foreground of which no pixel is valid."""

_FAINT = -96
"""Values up to this one, logit −6, are the same as absent: a foreground probability of 0.25 %."""


_AROUND = np.ones((3, 3), np.bool_)
"""A cell and those next to it."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredLogits:
    """One target in one tile, read back."""

    steps: NDArray[np.int8]
    """(h, w) at the mask stride over the tile's window, in units of `STEP`; −128 where a cell next
    to the foreground was not looked at."""

    score: float
    """Mean foreground probability × [SEG] probability, 0 to 1."""

    @property
    def step(self) -> float:
        """Logit per step."""
        return STEP

    @property
    def logits(self) -> NDArray[np.float32]:
        """The steps as logits, cut to ±7.9375; `UNSEEN` where a cell was not looked at."""
        logits = self.steps.astype(np.float32) * np.float32(STEP)
        logits[self.steps == _UNSEEN] = UNSEEN
        return logits


@dataclass(frozen=True, slots=True)
class Packed:
    """What is written to the ledger for one target in one tile."""

    height: int
    """Rows of the logits."""

    width: int
    """Columns of the logits."""

    top: int
    """First row of the box."""

    left: int
    """First column of the box."""

    box_height: int
    """Rows of the box; 0 when every logit is below −6."""

    box_width: int
    """Columns of the box."""

    deflated: bytes
    """int8 differences along both axes, deflated."""


def pack(logits: NDArray[Any]) -> Packed:
    """Quantise, crop and deflate logits (h, w); they must not hold NaN."""
    steps, unseen = _quantised(logits)
    if unseen.any():
        # Only where they end an outline do they matter; all of them would fill the box.
        steps[unseen & ndimage.binary_dilation(steps > 0, _AROUND, iterations=2)] = _UNSEEN
    said = steps != ABSENT
    rows, cols = np.flatnonzero(said.any(1)), np.flatnonzero(said.any(0))
    height, width = steps.shape
    if rows.size == 0:
        return Packed(height, width, 0, 0, 0, 0, b"")
    top, left = int(rows[0]), int(cols[0])
    box = steps[top : rows[-1] + 1, left : cols[-1] + 1].view(np.uint8)
    # Smooth fields deflate to half when each value is foretold from its neighbours.
    changes = np.diff(box, axis=1, prepend=np.uint8(0))
    changes = np.diff(changes, axis=0, prepend=np.uint8(0))
    # Runs of zeros are all that repeats: to look for more takes twice as long and finds less.
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    deflated = packer.compress(changes.tobytes()) + packer.flush()
    return Packed(height, width, top, left, box.shape[0], box.shape[1], deflated)


def unpack(packed: Packed) -> NDArray[np.int8]:
    """Read the steps (h, w) back; cells outside the box are strongly absent.

    Raises ValueError when the bytes do not fill the box.
    """
    steps = np.full((packed.height, packed.width), ABSENT, np.int8)
    if packed.box_height:
        try:
            raw = bytearray(zlib.decompress(packed.deflated))
        except zlib.error as error:
            raise ValueError(f"logits cannot be inflated: {error}") from error
        box = np.frombuffer(raw, np.uint8).reshape(packed.box_height, packed.box_width)
        _add_up(box)
        _add_up(box.T)
        rows = slice(packed.top, packed.top + packed.box_height)
        cols = slice(packed.left, packed.left + packed.box_width)
        steps[rows, cols] = box.view(np.int8)
    return steps


def _quantised(logits: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Logits (h, w) as steps, what is faint as absent; and which of them nobody saw."""
    if logits.dtype != np.float16:
        return _rounded(logits), np.asarray(logits == UNSEEN)
    # A half has few enough values to look each one up, and numbers are compared faster as bits.
    bits = np.ascontiguousarray(logits).view(np.uint16)
    # Every place is in the table: to clip is faster than to check.
    steps: NDArray[np.int8] = _of_halves().take(bits, mode="clip")
    return steps, bits == np.float16(UNSEEN).view(np.uint16)


@cache
def _of_halves() -> NDArray[np.int8]:
    """(65536,) the steps of every half, by its bits."""
    with np.errstate(invalid="ignore"):  # NaN, which nobody looks up
        return _rounded(np.arange(2**16, dtype=np.uint16).view(np.float16))


def _rounded(logits: NDArray[Any]) -> NDArray[np.int8]:
    whole = np.rint(logits.astype(np.float32) / STEP)
    steps: NDArray[np.int8] = np.clip(whole, ABSENT, -ABSENT).astype(np.int8)
    steps[steps <= _FAINT] = ABSENT
    return steps


def _add_up(lines: NDArray[np.uint8]) -> None:
    """Make each line the sum of itself and all before it, modulo 256.

    Sums of twice as many lines in each round: whole arrays at a time, where `cumsum` goes from one
    number to the next.
    """
    reach = 1
    while reach < len(lines):
        lines[reach:] += lines[:-reach]  # NumPy reads before it writes
        reach *= 2
