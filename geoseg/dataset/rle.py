"""Masks as COCO run lengths, the form in which data sets store them.

A mask is read column by column. `counts` holds the lengths of its runs, background first, which may
be 0. In the compressed form each length from the fourth on is told as the difference to the one two
places before it, and every number in groups of 5 bits, low ones first: one character each, 48 + the
group, + 32 if more follow; the fifth bit of the last group is the sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

_FIRST, _BITS, _GROUP, _SIGN, _MORE = 48, 5, 0x1F, 0x10, 0x20

_GROUPS = 12
"""More groups than any number needs: 60 bits."""


class Rle(TypedDict):
    """A mask in COCO's compressed form."""

    size: list[int]
    """Height and width in pixels."""

    counts: str


def encode_rle(mask: NDArray[Any]) -> Rle:
    """The mask (H, W), in which everything but 0 is foreground, as compressed run lengths.

    Raises ValueError for an array that is no plane.
    """
    if mask.ndim != 2:
        raise ValueError(f"A mask has two axes (H, W), got an array of shape {mask.shape}.")
    flat = np.asarray(mask != 0).ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    start = [0, 0] if flat.size and flat[0] else [0]
    runs = np.diff(np.concatenate([start, edges, [flat.size]])).astype(np.int64)
    return {"size": [int(side) for side in mask.shape], "counts": _compress(runs)}


def decode_rle(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The mask (H, W) of run lengths; `counts` is a string, bytes, or a list of the lengths.

    Raises ValueError for a size that is none, for text that is no run lengths, and for runs that
    do not fill the mask exactly.
    """
    height, width = rle_size(rle)
    runs = _fitting_runs(rle, height, width)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape((height, width), order="F")


def rle_size(rle: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width in pixels. Raises ValueError where they are missing or no whole numbers."""
    try:
        height, width = (int(side) for side in rle["size"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"Run lengths need a size [H, W], got {rle.get('size')!r}.") from None
    if height < 0 or width < 0:
        raise ValueError(f"A mask of {height} × {width} pixels cannot be.")
    return height, width


def rle_area(rle: Mapping[str, Any]) -> int:
    """Foreground pixels, without drawing the mask. Raises ValueError as `decode_rle` does."""
    return int(_runs(rle)[1::2].sum())


def rle_box(rle: Mapping[str, Any]) -> tuple[int, int, int, int] | None:
    """The tight box of the foreground, without drawing the mask: x0, y0, x1, y1, half open.

    None for an empty mask. Raises ValueError as `decode_rle` does.
    """
    height, width = rle_size(rle)
    ends = np.cumsum(_fitting_runs(rle, height, width))
    starts, lasts = ends[:-1:2], ends[1::2] - 1
    some = lasts >= starts
    if not some.any():
        return None
    (left, top), (right, bottom) = (divmod(places[some], height) for places in (starts, lasts))
    if (left != right).any():  # a run that goes on in the next column touches top and bottom
        top, bottom = np.zeros(1, np.int64), np.full(1, height - 1)
    return int(left.min()), int(top.min()), int(right.max()) + 1, int(bottom.max()) + 1


def _fitting_runs(rle: Mapping[str, Any], height: int, width: int) -> NDArray[np.int64]:
    """Run lengths that fill a mask exactly."""
    runs = _runs(rle)
    if (runs < 0).any():
        raise ValueError(f"A run of {int(runs.min())} pixels: run lengths are never negative.")
    total = int(runs.sum())
    if total != height * width:
        raise ValueError(
            f"The runs hold {total} pixels, a mask of {height} × {width} has {height * width}."
        )
    return runs


def _runs(rle: Mapping[str, Any]) -> NDArray[np.int64]:
    counts = rle.get("counts")
    if isinstance(counts, str):
        try:
            counts = counts.encode("ascii")
        except UnicodeEncodeError:
            raise ValueError("Compressed run lengths are ASCII text.") from None
    if isinstance(counts, bytes):
        return _expand(np.frombuffer(counts, np.uint8))
    if not isinstance(counts, Sequence | np.ndarray):
        raise ValueError(f"Run lengths need counts, got {type(counts).__name__}.")
    try:
        return np.array([int(count) for count in counts], np.int64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("Uncompressed run lengths are whole numbers.") from None


def _compress(runs: NDArray[np.int64]) -> str:
    values = runs.copy()
    values[3:] -= runs[1:-2]
    shifts = np.arange(_GROUPS) * _BITS
    groups = (values[:, None] >> shifts) & _GROUP
    rest = values[:, None] >> (shifts + _BITS)
    more = rest != np.where(groups & _SIGN, -1, 0)
    told = np.cumprod(np.column_stack([np.ones(len(runs), bool), more[:, :-1]]), axis=1) == 1
    text: bytes = (groups + more * _MORE + _FIRST)[told].astype(np.uint8).tobytes()
    return text.decode("ascii")


def _expand(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    codes = text.astype(np.int64) - _FIRST
    if len(codes) == 0:
        return codes
    if (codes < 0).any() or (codes >= 2 * _MORE).any():
        raise ValueError("Compressed run lengths hold a character that cannot be in them.")
    last = (codes & _MORE) == 0
    if not last[-1]:
        raise ValueError("Compressed run lengths break off in the middle of a number.")
    ends = np.flatnonzero(last)
    lengths = np.diff(ends, prepend=-1)
    if lengths.max() > _GROUPS:
        raise ValueError("Compressed run lengths hold a number of more than 60 bits.")
    starts = ends - lengths + 1
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & _GROUP) << (places * _BITS), starts)
    negative = (codes[ends] & _SIGN) != 0
    values[negative] -= np.int64(1) << (lengths[negative] * _BITS)
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values
