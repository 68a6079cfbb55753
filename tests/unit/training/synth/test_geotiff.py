"""Georeferenced scenes: no seams, and a truth that agrees with the pixels."""

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize

from training.synth.mosaic import Ground, GroundRequest, lay_out_ground
from training.synth.rendering import Window, render
from training.synth.rendering.look import draw_look
from training.synth.writing.geotiff import write_scene

REQUEST = GroundRequest(seed=4, number=0, height=300, width=310, gsd=0.8)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("ground")
    return root, write_scene(root, REQUEST)


@pytest.fixture(scope="module")
def ground():
    return Ground.of(lay_out_ground(REQUEST))


def test_the_scene_lies_on_the_ground(written):
    with rasterio.open(written[1].path) as scene:
        assert (scene.height, scene.width, scene.count) == (300, 310, 3)
        assert scene.crs.to_epsg() == 32633
        assert scene.res == (0.8, 0.8)
        assert scene.read().std() > 10


def test_truth_agrees_with_the_pixels(written, ground):
    root, tally = written
    things = geopandas.read_file(root / "scene_000000.gpkg", layer="things")
    assert len(things) == tally.things
    assert things.is_valid.all()
    with rasterio.open(tally.path) as scene:
        shapes = zip(things.geometry, things.number, strict=True)
        drawn = rasterize(shapes, scene.shape, transform=scene.transform, dtype="uint32")
    window = Window(0, 0, 0.8, 300, 310)
    pixels = render(ground.world, window, None, (0, 0)).things
    assert (drawn == pixels).mean() > 0.99
    compact = things.geometry.area > 2.5 * things.geometry.length
    for number, area in zip(things.number[compact], things.area_m2[compact], strict=True):
        if area > 100:
            assert (pixels == number).sum() * 0.64 == pytest.approx(area, rel=0.15), number


def test_windows_join_without_a_seam(ground):
    look = draw_look(np.random.default_rng(3))

    def draw(row: int, column: int, height: int, width: int) -> np.ndarray:
        window = Window(column * 0.8, row * 0.8, 0.8, height, width)
        return render(ground.near(window, 15.0), window, look, (row, column)).rgb

    whole = draw(0, 0, 256, 256)
    for row, column in ((0, 128), (128, 0), (64, 32)):
        piece = draw(row, column, 96, 96)
        away = np.abs(piece.astype(int) - whole[row : row + 96, column : column + 96])
        # Sums in another order round an edge here and there the other way.
        assert away.max() <= 8
        assert (away > 0).mean() < 0.01


def test_the_same_bytes_again_and_by_two_processes(written, tmp_path):
    root, _ = written
    write_scene(tmp_path, REQUEST, processes=2)
    for path in sorted(root.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name
