"""Probabilities of a run's targets as one raster file, a band each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from geoseg.export.drafts import appearing, write_failure
from geoseg.export.rasters.writing import check_whole, closed, creation
from geoseg.fuse import Field, Strip
from geoseg.fuse.field import STEPS
from geoseg.grid import Grid

UNSEEN = 255
"""Value where no tile looked."""

FULL = 254
"""Value of probability 1; 0 is 0."""

_MANY = 32
"""Bands beyond which the file is no COG: its blocks hold all bands, and would outgrow memory."""


class ScoreWriter:
    """Writes fields into the bands of an open file."""

    def __init__(self, sink: DatasetWriter, path: Path) -> None:
        self._sink, self._path = sink, path
        self._band = 0

    def begin(self, number: int, field: Field) -> None:  # noqa: ARG002 (masks need it)
        """Go to the band of the field with this number, from 0."""
        self._band = number + 1

    def push(self, strip: Strip) -> None:
        """Write the next rows."""
        values = np.where(strip.coverage, _STEPS_OF[strip.samples.view(np.uint16)], UNSEEN)
        height, width = values.shape
        with write_failure(self._path):
            window = Window(0, strip.row_off, width, height)
            self._sink.write(values.astype(np.uint8), self._band, window=window)

    def end(self) -> None:
        """The band is whole."""


@contextmanager
def score_writer(
    path: Path, titles: Sequence[str], grid: Grid, overwrite: bool
) -> Iterator[ScoreWriter]:
    """A writer of a band per title on a grid of cells; the file appears when all went well.

    Bytes from 0 to 254 are probabilities from 0 to 1, which the file says as its scale, and 255 is
    where nobody looked. It is a cloud-optimised GeoTIFF up to 32 bands.
    """
    with appearing(path, overwrite=overwrite, suffix=".tif") as draft:
        plain = draft.with_name(f"{draft.stem}-bands.tif") if len(titles) <= _MANY else draft
        with write_failure(path):
            sink = rasterio.open(plain, "w", **_profile(grid, len(titles)))
        try:
            with write_failure(path):
                _describe(sink, titles)
            yield ScoreWriter(sink, path)
        except BaseException:
            sink.close()
            raise
        closed(sink, path)
        if plain != draft:
            with write_failure(path):
                rasterio.shutil.copy(plain, draft, driver="COG", **_COG)
                check_whole(draft)
                plain.unlink()


_COG = {
    "COMPRESS": "DEFLATE",
    "BIGTIFF": "IF_SAFER",
    "OVERVIEW_RESAMPLING": "AVERAGE",
    "STATISTICS": "NO",
}


def _profile(grid: Grid, bands: int) -> dict[str, Any]:
    return creation(grid) | {"count": bands, "nodata": UNSEEN, "interleave": "band"}


def _describe(sink: DatasetWriter, titles: Sequence[str]) -> None:
    sink.scales = (1 / FULL,) * len(titles)
    sink.offsets = (0.0,) * len(titles)
    for band, title in enumerate(titles, 1):
        sink.set_band_description(band, title)


def _steps_of_samples() -> NDArray[np.uint8]:
    """The byte of each sample, seen as an unsigned number."""
    samples = np.arange(2**16, dtype=np.uint16).view(np.int16)
    probability = 1 / (1 + np.exp(-samples.astype(np.float64) / (2 * STEPS)))
    return np.rint(probability * FULL).astype(np.uint8)


_STEPS_OF = _steps_of_samples()
