"""Which bands of a scene are read, the raw pixels, and which of them hold data.

Letters: B bands to show, P planes to read (the bands, then alpha if there is one), H rows,
W columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoseg.scene.description import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Raw pixels of one window."""

    pixels: NDArray[Any]
    """(P, H, W) in the scene's type."""

    mask: NDArray[np.uint8] | None
    """(H, W), 0 where the scene's mask says that there is no data."""

    def part(self, rows: slice, cols: slice) -> Planes:
        """A view of some of the rows and columns."""
        mask = None if self.mask is None else self.mask[rows, cols]
        return Planes(self.pixels[:, rows, cols], mask)

    def paste(self, other: Planes) -> None:
        """Take over the pixels of other planes of the same shape."""
        self.pixels[:] = other.pixels
        if self.mask is not None and other.mask is not None:
            self.mask[:] = other.mask


@dataclass(frozen=True, slots=True)
class Layout:
    """What is read of a scene's pixels, and what it means."""

    scene: Scene

    bands: tuple[int, ...]
    """The bands to show, counted from 1."""

    @property
    def planes(self) -> tuple[int, ...]:
        """The bands to read: those to show, then alpha if there is one."""
        alpha = self.scene.alpha
        return self.bands if alpha is None else (*self.bands, alpha)

    @property
    def pixel_bytes(self) -> int:
        """Bytes that one pixel of all planes takes."""
        return len(self.planes) * np.dtype(self.scene.dtype).itemsize + self.scene.has_mask

    def allocate(self, height: int, width: int) -> Planes:
        """Room for raw pixels of a window."""
        pixels = np.empty((len(self.planes), height, width), self.scene.dtype)
        mask = np.empty((height, width), np.uint8) if self.scene.has_mask else None
        return Planes(pixels, mask)

    def show(self, planes: Planes) -> NDArray[Any]:
        """The (B, H, W) bands to show."""
        return planes.pixels[: len(self.bands)]

    def valid(self, planes: Planes) -> NDArray[np.bool_]:
        """Tell (H, W) which pixels hold data.

        A pixel holds data when at least one band to show does, and alpha and mask agree. A
        resampled pixel does when at least one of those it was made from does.
        """
        shown = self.show(planes)
        valid = np.zeros(shown.shape[1:], np.bool_)
        for band, values in zip(self.bands, shown, strict=True):
            held = _held(values, self.scene.nodata[band - 1])
            if held is None:
                valid[:] = True
                break
            valid |= held
        if self.scene.alpha is not None:
            valid &= planes.pixels[-1] > 0
        if planes.mask is not None:
            valid &= planes.mask > 0
        return valid


def _held(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where one band holds data, or None where it cannot but hold data."""
    finite = np.isfinite(values) if values.dtype.kind == "f" else None
    if nodata is None or not np.isfinite(nodata):
        return finite
    if not occurs(nodata, values.dtype):
        # A value outside the type, such as -9999 for bytes, marks nothing.
        return finite
    with np.errstate(over="ignore"):
        held: NDArray[np.bool_] = values != values.dtype.type(nodata)
    return held if finite is None else held & finite


def occurs(value: float, dtype: np.dtype[Any]) -> bool:
    """Whether a type has this value."""
    if dtype.kind == "f":
        return True
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max
