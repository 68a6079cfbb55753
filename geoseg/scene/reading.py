"""An open scene: its handle, its block cache, its errors, and which pixels hold data.

Letters: B bands to show, P planes to read (the bands, then alpha if there is one), H rows,
W columns.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene.description import Scene

BLOCK_CACHE = 128 * 2**20
"""Bytes of decoded blocks that GDAL may keep; its own default is 5 % of the machine's memory."""


@contextmanager
def gdal_environment() -> Generator[None, None, None]:
    """Bound GDAL's block cache, unless the user chose a size."""
    # rasterio.Env takes bytes; the environment variable would take megabytes.
    chosen = "GDAL_CACHEMAX" in os.environ
    with rasterio.Env() if chosen else rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE):
        yield


def unreadable(path: str, window: Window, error: BaseException) -> SceneError:
    """Build the error for a block that cannot be decoded."""
    reason = str(error.__cause__ or error).rstrip(".")
    return SceneError(
        f"The scene {path} cannot be read at columns {window.col_off} to {window.col_end - 1}, "
        f"rows {window.row_off} to {window.row_end - 1}: {reason}.",
        hint="The file seems to be truncated or damaged; copy or download it again.",
    )


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


class Reader:
    """An open handle on the bands to show. One thread uses it, and closes it."""

    def __init__(self, scene: Scene, bands: Sequence[int]) -> None:
        self.scene = scene
        self.bands = tuple(bands)
        self._planes = (*self.bands, scene.alpha) if scene.alpha is not None else self.bands
        self._environment = gdal_environment()
        self._environment.__enter__()
        try:
            self._source = rasterio.open(scene.path)
        except RasterioError as error:
            self._environment.__exit__(None, None, None)
            raise SceneError(
                f"The scene {scene.path} can no longer be opened: {error}.",
                hint="It was moved or changed since the run began.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.close()
        self._environment.__exit__(None, None, None)

    @property
    def pixel_bytes(self) -> int:
        """Bytes that one pixel of all planes takes."""
        return len(self._planes) * np.dtype(self.scene.dtype).itemsize + self.scene.has_mask

    def allocate(self, height: int, width: int) -> Planes:
        """Room for raw pixels of a window."""
        pixels = np.empty((len(self._planes), height, width), self.scene.dtype)
        mask = np.empty((height, width), np.uint8) if self.scene.has_mask else None
        return Planes(pixels, mask)

    def read(self, window: Window, into: Planes | None = None) -> Planes:
        """Read a window, decimated (from overviews where there are some) when `into` is smaller.

        Raises SceneError, naming the place, when a block cannot be decoded.
        """
        planes = into or self.allocate(window.height, window.width)
        place = RasterWindow(window.col_off, window.row_off, window.width, window.height)
        try:
            if self.scene.mixed_types:
                for plane, band in zip(planes.pixels, self._planes, strict=True):
                    self._source.read(band, window=place, out=plane)
            else:
                self._source.read(list(self._planes), window=place, out=planes.pixels)
            if planes.mask is not None:
                self._source.read_masks(self.bands[0], window=place, out=planes.mask)
        except RasterioError as error:
            raise unreadable(self.scene.path, window, error) from error
        return planes

    def show(self, planes: Planes) -> NDArray[Any]:
        """The (B, H, W) bands to show."""
        return planes.pixels[: len(self.bands)]

    def valid(self, planes: Planes) -> NDArray[np.bool_]:
        """Tell (H, W) which pixels hold data.

        A pixel holds data when at least one band to show does, and alpha and mask agree.
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


def read_valid(
    scene: Scene, window: Window, bands: Sequence[int] | None = None
) -> NDArray[np.bool_]:
    """Tell (H, W) which pixels of a window hold data, as the chips of the same bands do.

    Raises SceneError when a block cannot be decoded.
    """
    if scene.always_valid:
        return np.ones((window.height, window.width), np.bool_)
    with Reader(scene, bands or scene.default_bands) as reader:
        return reader.valid(reader.read(window))


def _held(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where one band holds data, or None where it cannot but hold data."""
    finite = np.isfinite(values) if values.dtype.kind == "f" else None
    if nodata is None or not np.isfinite(nodata):
        return finite
    if values.dtype.kind != "f":
        # A value outside the type, such as -9999 for bytes, marks nothing.
        limits = np.iinfo(values.dtype)
        if not nodata.is_integer() or not limits.min <= nodata <= limits.max:
            return None
    with np.errstate(over="ignore"):
        held: NDArray[np.bool_] = values != values.dtype.type(nodata)
    return held if finite is None else held & finite
