"""Runs over scenes that are not as one would like them: what comes out in spite of it."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely import box

import geoseg
from geoseg.errors import InstructionError
from geoseg.events import Log, Result
from tests.conftest import DrawScene

X, Y = 500_000, 5_200_000
PLATE = box(X + 100, Y - 300, X + 200, Y - 150)


def picture(height: int = 1200, width: int = 1500) -> np.ndarray:
    """Grey, with a red plate at columns 200 to 400, rows 300 to 600."""
    pixels = np.random.default_rng(0).integers(80, 120, (1, height, width), np.uint8)
    pixels = np.repeat(pixels, 3, axis=0)
    pixels[:, 300:600, 200:400] = np.array((220, 20, 30), np.uint8)[:, None, None]
    return pixels


def run(scene: Path, folder: Path, heard: list | None = None, **options) -> Result:
    request = geoseg.Request(
        scene, ("red plates",), folder / "out.gpkg", checkpoint="color", **options
    )
    return geoseg.run(request, None if heard is None else heard.append)


def plates(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "out.gpkg", layer="01_red_plates")


def overlap(frame: gpd.GeoDataFrame) -> float:
    found = frame.geometry.union_all()
    return found.intersection(PLATE).area / found.union(PLATE).area


@pytest.mark.parametrize("gsd", [0.4, 1.0, 1.3])
def test_polygons_lie_where_they_are_at_any_resolution(
    draw_scene: DrawScene, tmp_path: Path, gsd: float
) -> None:
    heard: list = []
    run(draw_scene(picture()), tmp_path, heard, gsd=gsd)
    frame = plates(tmp_path)
    assert len(frame) == 1
    assert overlap(frame) > 0.95
    warned = [event for event in heard if isinstance(event, Log) and event.level == "warning"]
    assert bool(warned) == (gsd < 0.5)


def test_nodata_of_the_user_is_looked_at_by_nobody(draw_scene: DrawScene, tmp_path: Path) -> None:
    pixels = picture()
    pixels[:, :450] = 7
    path = draw_scene(pixels)
    run(path, tmp_path, nodata=7)
    assert plates(tmp_path).geometry.union_all().bounds[3] <= Y - 225 + 1
    with pytest.raises(InstructionError, match="cannot occur"):
        run(path, tmp_path, nodata=-1, overwrite=True)


def test_a_damaged_block_costs_its_tiles_and_the_next_run_asks_them_again(
    draw_scene: DrawScene, tmp_path: Path
) -> None:
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}
    path = draw_scene(picture(), **layout)
    healthy = path.read_bytes()
    with rasterio.open(path) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_4_2", "TIFF", bidx=1))
    broken = bytearray(healthy)
    broken[start : start + 40] = b"\xff" * 40
    path.write_bytes(broken)
    result = run(path, tmp_path)
    # Of four windows the two at the right hold the block at columns 1024 to 1279.
    assert len(result.failed) == 2
    assert all("columns 1024 to 1279, rows 512 to 767" in tile.reason for tile in result.failed)
    assert overlap(plates(tmp_path)) > 0.97
    path.write_bytes(healthy)
    again = run(path, tmp_path, overwrite=True)
    assert not again.failed


def test_a_folder_of_adjoining_files_is_one_scene(draw_scene: DrawScene, tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    pixels = picture()
    for col in (0, 300, 1000):
        end = {0: 300, 300: 1000, 1000: 1500}[col]
        place = Affine(0.5, 0, X + col / 2, 0, -0.5, Y)
        draw_scene(pixels[:, :, col:end], place).rename(folder / f"{col}.tif")
    run(folder, tmp_path)
    frame = plates(tmp_path)
    # The plate lies across the border of two files.
    assert len(frame) == 1
    assert overlap(frame) > 0.97
    assert set(frame["source"]) == {"tiles"}
