import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform

from training.data.banepa import BUILDINGS, IMAGE, read_banepa


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A narrow scene with one building across the border between training and held-out rows."""
    place = Affine(0.15, 0, 9_519_926, 0, -0.15, 3_202_940)
    (tmp_path / "banepa").mkdir()
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "height": 4096, "width": 64}
    with rasterio.open(tmp_path / IMAGE, "w", crs="EPSG:3857", transform=place, **profile) as scene:
        rows = (np.arange(4096) // 16).astype(np.uint8)
        scene.write(np.broadcast_to(rows[None, :, None], (3, 4096, 64)))
    corners = [
        place @ corner for corner in [(8, 3040), (24, 3040), (24, 3100), (8, 3100), (8, 3040)]
    ]
    ring = list(zip(*transform("EPSG:3857", "EPSG:4326", *zip(*corners, strict=True)), strict=True))
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    (tmp_path / BUILDINGS).write_text(json.dumps({"features": [feature]}))
    return tmp_path


def test_the_rows_are_split_and_nothing_is_shared(folder: Path):
    train, held = (read_banepa(folder, split) for split in ("train", "heldout"))
    assert train.shape == (3072, 64)
    assert held.shape == (1024, 64)
    assert train.rgb[0, -1, 0] == 191
    assert held.rgb[0, 0, 0] == 192


def test_buildings_fall_on_their_pixels(folder: Path):
    train, held = (read_banepa(folder, split) for split in ("train", "heldout"))
    expected = np.zeros((4096, 64), bool)
    expected[3040:3100, 8:24] = True
    assert (train.masks["building"] == expected[:3072]).all()
    assert (held.masks["building"] == expected[3072:]).all()


def test_ground_metres_and_open_areas(folder: Path):
    train = read_banepa(folder, "train")
    assert train.gsd == pytest.approx(0.15 * np.cos(np.radians(27.63)), rel=1e-3)
    assert (train.masks["ground"] == ~train.masks["building"]).all()
    open_area = train.masks["open area"]
    assert open_area[:2980].all()
    assert not open_area[3002:, 8:24].any()
