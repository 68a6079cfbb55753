"""Who has to keep the contract: the fake of the plugin's tests, and geoseg with two engines."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.contract.speaking import ROOT, Speaker

FAKE = ROOT / "qgis_plugin" / "tests" / "fakechild.py"


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> str:
    """2600 × 2600 pixels, so 16 tiles, with one red plate that the first tiles see alone."""
    pixels = np.full((3, 2600, 2600), 90, np.uint8)
    pixels[:, 100:400, 100:500] = np.array([200, 30, 30], np.uint8)[:, None, None]
    path = tmp_path_factory.mktemp("contract") / "scène.tif"
    transform = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 5_200_000.0)
    profile = {"driver": "GTiff", "crs": "EPSG:32632", "transform": transform, "dtype": "uint8"}
    with rasterio.open(path, "w", count=3, height=2600, width=2600, tiled=True, **profile) as sink:
        sink.write(pixels)
    return str(path)


@pytest.fixture(
    params=["fake", "color", pytest.param("nano", marks=pytest.mark.slow)],
)
def speaker(request: pytest.FixtureRequest, scene: str) -> Speaker:
    """One of those who speak."""
    start = (sys.executable, "-m") if request.param != "fake" else (sys.executable, str(FAKE), "-m")
    checkpoint = "nano" if request.param == "nano" else "color"
    return Speaker((*start, "geoseg"), scene, checkpoint)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where outputs go; it has a blank and an accent."""
    made = tmp_path / "où ça"
    made.mkdir()
    return made
