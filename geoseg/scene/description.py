"""What is known of a scene without reading its pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from geoseg.grid import Grid

_FINER = 1.05
"""More pixels than this share of the scene's own are not due to rounding."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A georeferenced raster. It holds no open handle and can cross processes."""

    path: str
    """A file, a folder of adjoining files, or anything else that GDAL opens."""

    opens: str
    """What GDAL is told to open: the path, or the XML of a mosaic (see `mosaic`)."""

    grid: Grid
    """The working grid: what windows, tiles and answers refer to."""

    native: Grid
    """The file's own grid. It covers the same ground; where it differs, pixels are resampled."""

    block: tuple[int, int]
    """(rows, columns) of the working grid that are decoded together, about, when resampled."""

    band_count: int
    """Bands of the file, alpha included."""

    dtype: str
    """NumPy name of the type that holds the values of every band."""

    nodata: tuple[float | None, ...]
    """Per band, the value that means "nothing here": the user's, else the file's."""

    colors: tuple[str, ...]
    """Per band, what it shows: red, green, blue, gray, alpha, palette, undefined, …"""

    has_mask: bool
    """Whether a mask, inside the file or beside it, tells which pixels hold data."""

    has_overviews: bool
    """Whether smaller copies can be read."""

    mixed_types: bool
    """Whether bands differ in type and must be read one by one."""

    fingerprint: str
    """Equal for equal pixels and header, wherever and whenever the file lies."""

    @property
    def name(self) -> str:
        """The file's name without folder and extension."""
        # Only an address has a query behind a question mark; a file's name may hold one.
        plain = self.path.split("?", 1)[0] if "://" in self.path else self.path
        plain = plain.rstrip("/\\")
        return PurePath(re.split(r"[\\/]", plain)[-1]).stem or plain

    @property
    def alpha(self) -> int | None:
        """The band that tells how opaque a pixel is, counted from 1."""
        return self.colors.index("alpha") + 1 if "alpha" in self.colors else None

    @property
    def default_bands(self) -> tuple[int, ...]:
        """The bands that show red, green and blue, else the first three, else the first."""
        if {"red", "green", "blue"} <= set(self.colors):
            return tuple(self.colors.index(color) + 1 for color in ("red", "green", "blue"))
        alpha = self.alpha
        shown = tuple(b for b in range(1, self.band_count + 1) if b != alpha)
        return shown[:3] if len(shown) >= 3 else shown[:1]

    @property
    def resampled(self) -> bool:
        """Whether the working resolution is not the file's own."""
        return self.grid != self.native

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of the pixels that the model will see."""
        times = self.grid.width * self.grid.height / (self.native.width * self.native.height)
        if times <= _FINER:
            return ()
        return (
            f"The working resolution is finer than the scene's own: {times:.1f} times the pixels "
            "to look at, and nothing in them that the scene does not show.",
        )

    @property
    def always_valid(self) -> bool:
        """Whether nothing in the file can say that a pixel holds no data."""
        return not (
            self.has_mask
            or self.alpha is not None
            or np.dtype(self.dtype).kind == "f"
            or any(value is not None for value in self.nodata)
        )
