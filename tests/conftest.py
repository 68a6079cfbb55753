"""Scenes for every test: the shared folder of real data, and scenes drawn with known truth."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

DrawScene = Callable[..., Path]

NORTH_UP = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 5_200_000.0)
"""Half-metre pixels in UTM, north up."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real imagery; tests that need it are skipped where it is absent."""
    named = os.environ.get("GEOSEG_DATA")
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(named) if named else beside
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("no folder of real data: set GEOSEG_DATA to it")
    return folder


@pytest.fixture
def draw_scene(tmp_path: Path) -> DrawScene:
    """Write an array (bands, rows, columns) or (rows, columns) as a GeoTIFF and return its path."""

    def draw(
        array: NDArray[Any],
        transform: Affine | None = NORTH_UP,
        crs: str | None = "EPSG:32632",
        nodata: float | None = None,
        *,
        name: str = "scene.tif",
        colors: tuple[str, ...] | None = None,
        mask: NDArray[np.bool_] | None = None,
        overviews: tuple[int, ...] = (),
        **profile: Any,
    ) -> Path:
        bands = array[np.newaxis] if array.ndim == 2 else array
        path = tmp_path / name
        options: dict[str, Any] = {"driver": "GTiff", "crs": crs, "nodata": nodata, **profile}
        if transform is not None:
            options["transform"] = transform
        count, height, width = bands.shape
        with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            # Some scenes are drawn without georeference on purpose.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(
                path, "w", height=height, width=width, count=count, dtype=bands.dtype, **options
            ) as sink:
                sink.write(bands)
                if colors is not None:
                    sink.colorinterp = [ColorInterp[color] for color in colors]
                if mask is not None:
                    sink.write_mask(mask)
            if overviews:
                with rasterio.open(path, "r+") as sink:
                    sink.build_overviews(overviews)
        return path

    return draw
