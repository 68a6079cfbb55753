"""An open scene: its handle, its errors, and the resampling to the working grid."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene.description import Scene
from geoseg.scene.environment import gdal_environment, is_remote
from geoseg.scene.planes import Layout, Planes

_FAULTS = (RasterioError, MemoryError)
"""What reading may raise. A damaged header can ask for more memory than there is."""


def unreadable(path: str, window: Window, error: BaseException) -> SceneError:
    """Build the error for a block that cannot be decoded."""
    reason = str(error.__cause__ or error).rstrip(".") or type(error).__name__
    hint = (
        "Its server failed, cut the answer short or gave none in time; try again later."
        if is_remote(path)
        else "The file seems to be truncated or damaged; copy or download it again."
    )
    return SceneError(
        f"The scene {path} cannot be read at columns {window.col_off} to {window.col_end - 1}, "
        f"rows {window.row_off} to {window.row_end - 1}: {reason}.",
        hint=hint,
    )


class Reader:
    """An open handle on the bands to show. One thread opens it, uses it, and closes it."""

    def __init__(self, scene: Scene, bands: Sequence[int]) -> None:
        self.scene = scene
        self.layout = Layout(scene, tuple(bands))
        self._environment = gdal_environment(scene.opens)
        self._environment.__enter__()
        try:
            self._source = rasterio.open(scene.opens)
        except _FAULTS as error:
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

    def read(self, window: Window, into: Planes | None = None) -> Planes:
        """Read a window, decimated (from overviews where there are some) when `into` is smaller.

        Raises SceneError, naming the place, when a block cannot be decoded.
        """
        planes = into or self.layout.allocate(window.height, window.width)
        how = {"window": self._place(window), "resampling": self._resampling()}
        try:
            if self.scene.mixed_types:
                for plane, band in zip(planes.pixels, self.layout.planes, strict=True):
                    self._source.read(band, out=plane, **how)
            else:
                self._source.read(list(self.layout.planes), out=planes.pixels, **how)
            if planes.mask is not None:
                self._source.read_masks(self.layout.bands[0], out=planes.mask, **how)
        except _FAULTS as error:
            raise unreadable(self.scene.path, window, error) from error
        return planes

    def _place(self, window: Window) -> RasterWindow:
        """The window in the file's own pixels, which may be parts of pixels."""
        scene = self.scene
        if not scene.resampled:
            return RasterWindow(window.col_off, window.row_off, window.width, window.height)
        x, y = scene.native.width / scene.grid.width, scene.native.height / scene.grid.height
        return RasterWindow(
            window.col_off * x, window.row_off * y, window.width * x, window.height * y
        )

    def _resampling(self) -> Resampling:
        scene = self.scene
        if not scene.resampled:
            return Resampling.nearest
        # The mean of two colour numbers is not a colour between them.
        numbers = scene.colors[self.layout.bands[0] - 1] == "palette"
        if scene.grid.width < scene.native.width:
            return Resampling.mode if numbers else Resampling.average
        return Resampling.nearest if numbers else Resampling.bilinear


def read_valid(
    scene: Scene, window: Window, bands: Sequence[int] | None = None
) -> NDArray[np.bool_]:
    """Tell (H, W) which pixels of a window hold data, as the chips of the same bands do.

    Raises SceneError when a block cannot be decoded.
    """
    if scene.always_valid:
        return np.ones((window.height, window.width), np.bool_)
    with Reader(scene, bands or scene.default_bands) as reader:
        return reader.layout.valid(reader.read(window))
