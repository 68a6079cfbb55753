"""A target's foreground as a raster file on the scene's own grid."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from geoseg.export.drafts import appearing, write_failure
from geoseg.export.rasters.writing import closed, creation
from geoseg.fuse import Field, Strip

UNSEEN = 255
"""Value where no tile looked; elsewhere 1 is the target and 0 is not."""

_COLUMNS = 2048
"""Cells handled at once: a row of a wide scene is too much in full resolution."""

Floats = NDArray[np.float32]


class MaskWriter:
    """Writes a file per field, strip by strip; a strip waits for the row that follows it."""

    def __init__(self, held: ExitStack, paths: Sequence[Path], draft: str, overwrite: bool) -> None:
        """Files become visible when `held` closes; till then their names begin with `draft`."""
        self._held, self._paths, self._draft, self._overwrite = held, paths, draft, overwrite
        self._mask: _Mask | None = None

    def begin(self, number: int, field: Field) -> None:
        """Open the file of the field with this number, from 0."""
        path = self._paths[number]
        draft = path.with_name(f"{self._draft}-{number}{path.suffix}")
        self._held.enter_context(appearing(path, overwrite=self._overwrite, draft=draft))
        profile = creation(field.scene)
        with write_failure(path):
            sink = rasterio.open(draft, "w", count=1, nodata=UNSEEN, **profile)
            # Closing twice is nothing; what is left unfinished is closed before its draft goes.
            self._held.callback(sink.close)
            sink.set_band_description(1, field.target.phrase)
        self._mask = _Mask(path, sink, field)

    def push(self, strip: Strip) -> None:
        """Write the strip before this one."""
        if self._mask is not None:
            self._mask.push(strip)

    def end(self) -> None:
        """Write the last strip; the file is whole."""
        if self._mask is not None:
            self._mask.end()


class _Mask:
    """One open file."""

    def __init__(self, path: Path, sink: DatasetWriter, field: Field) -> None:
        self._path, self._sink, self._field = path, sink, field
        self._above = np.zeros((1, field.grid.width), np.float32)
        self._waiting: Strip | None = None

    def push(self, strip: Strip) -> None:
        heights = _heights(strip, self._field.level)
        self._write(heights[:1])
        self._waiting = strip

    def end(self) -> None:
        self._write(np.zeros_like(self._above))
        closed(self._sink, self._path)

    def _write(self, below: Floats) -> None:
        """Write the strip that waits, between the row above it and the one below."""
        strip, field = self._waiting, self._field
        if strip is None:
            return
        heights = _heights(strip, field.level)
        rows = np.pad(np.concatenate([self._above, heights, below]), ((0, 0), (1, 1)))
        self._above = heights[-1:]
        top, width = strip.row_off * field.stride, heights.shape[1]
        for first in range(0, width, _COLUMNS):
            end, left = min(first + _COLUMNS, width), first * field.stride
            part = _between(_between(rows[:, first : end + 2], field.stride).T, field.stride).T
            seen = strip.coverage[:, first:end].repeat(field.stride, 0).repeat(field.stride, 1)
            mask = np.where(seen, part > 0, UNSEEN).astype(np.uint8)
            # The last cells may stick out of the scene.
            mask = mask[: field.scene.height - top, : field.scene.width - left]
            with write_failure(self._path):
                window = Window(left, top, mask.shape[1], mask.shape[0])
                self._sink.write(mask, 1, window=window)


def _heights(strip: Strip, level: int) -> Floats:
    """(h, W) above the level where the target is, below where it is not, 0 where nobody looked.

    A 0 takes no part in which side of the level a mean of neighbours lies.
    """
    return np.where(strip.coverage, strip.samples.astype(np.float32) - level, np.float32(0))


def _between(values: Floats, stride: int) -> Floats:
    """(n + 2, m) values at cell centres, linearly at the (n · stride, m) centres of pixels."""
    count = len(values) - 2
    out = np.empty((count, stride, values.shape[1]), np.float32)
    for phase in range(stride):
        shift = np.float32((phase + 0.5) / stride - 0.5)
        near = 0 if shift < 0 else 2
        out[:, phase] = values[1:-1] * (1 - abs(shift)) + values[near : near + count] * abs(shift)
    return out.reshape(count * stride, -1)
