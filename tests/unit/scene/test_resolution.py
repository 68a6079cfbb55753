"""Working at another resolution: where pixels lie, what they hold, how large they are."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid
from geoseg.scene import choose_rendering, open_scene, read_chips, read_valid
from geoseg.scene.resolution import pixel_metres, working_grid
from geoseg.tiling import plan_tiles
from tests.conftest import NORTH_UP, DrawScene

RNG = np.random.default_rng(11)


def grid(code: str, transform: Affine, height: int = 400, width: int = 600) -> Grid:
    return Grid(CRS.from_user_input(code).to_wkt(), transform, height, width)


def working_pixels(path: Path, gsd: float, **options: float):
    """RGB and valid of the whole scene at a resolution, from overlapping chips."""
    scene = open_scene(path, gsd=gsd, **options)
    rgb = np.zeros((3, scene.grid.height, scene.grid.width), np.uint8)
    valid = np.zeros(rgb.shape[1:], bool)
    tiles = plan_tiles(*rgb.shape[1:], window=64, overlap=16)
    rendering = choose_rendering(scene, None, "none")
    for chip in read_chips(scene, tiles, rendering):
        place = chip.tile.window
        rows, cols = slice(place.row_off, place.row_end), slice(place.col_off, place.col_end)
        rgb[:, rows, cols], valid[rows, cols] = chip.rgb, chip.valid
        np.testing.assert_array_equal(chip.valid, read_valid(scene, place, rendering.bands))
    return scene, rgb, valid


class TestGrid:
    def test_it_covers_the_same_ground(self) -> None:
        native = grid("EPSG:32632", NORTH_UP)
        for gsd in (0.5 * 1.7, 0.77, 3.0, 0.13):
            working = working_grid(native, gsd)
            assert working.bounds == pytest.approx(native.bounds, abs=1e-6)
            across, down = pixel_metres(working)
            # The centre line of the zone is 0.04 % shorter on the map than on the ground.
            assert across == pytest.approx(gsd, rel=0.5 / working.width + 1e-3)
            assert down == pytest.approx(gsd, rel=0.5 / working.height + 1e-3)

    def test_its_own_resolution_changes_nothing(self) -> None:
        native = grid("EPSG:32632", NORTH_UP)
        across, _ = pixel_metres(native)
        assert working_grid(native, across) is native

    @pytest.mark.parametrize("latitude", [0.0, 45.0, -70.0])
    def test_degrees_are_metres_at_the_centre(self, latitude: float) -> None:
        size = 1e-5
        place = Affine(size, 0, 12.0, 0, -size, latitude + 200 * size)
        across, down = pixel_metres(grid("EPSG:4326", place))
        assert across == pytest.approx(111_320 * size * math.cos(math.radians(latitude)), rel=5e-3)
        assert down == pytest.approx(111_100 * size, rel=6e-3)
        working = working_grid(grid("EPSG:4326", place), 2.0)
        assert pixel_metres(working) == pytest.approx((2.0, 2.0), rel=0.02)

    def test_web_mercator_counts_on_the_ground(self) -> None:
        at_60_north = Affine(1, 0, 1_000_000, 0, -1, 8_399_738)
        assert pixel_metres(grid("EPSG:3857", at_60_north)) == pytest.approx((0.5, 0.5), rel=5e-3)

    def test_feet_and_rotation(self) -> None:
        turned = Affine.translation(2e6, 7e5) @ Affine.rotation(25) @ Affine.scale(1, -1)
        across, down = pixel_metres(grid("EPSG:2263", turned))
        assert (across, down) == pytest.approx((0.3048, 0.3048), rel=1e-3)

    @pytest.mark.parametrize(
        ("code", "transform"),
        [
            ("EPSG:32601", Affine(10, 0, 100_000, 0, -10, 7_000_000)),  # beyond 180° west
            ("EPSG:4326", Affine(1e-4, 0, 179.97, 0, -1e-4, 60.0)),  # across 180°
            ("EPSG:3413", Affine(10, 0, -2000, 0, -10, 2000)),  # over the North Pole
            ("EPSG:3031", Affine(10, 0, -2000, 0, -10, 2000)),  # over the South Pole
        ],
    )
    def test_ends_of_the_earth(self, code: str, transform: Affine) -> None:
        native = grid(code, transform)
        across, down = pixel_metres(native)
        assert down == pytest.approx(11.14 if code == "EPSG:4326" else 10, rel=0.05)
        assert working_grid(native, 2 * down).height == 200
        assert across > 0

    @pytest.mark.parametrize("size", [1e-6, 1e6])
    def test_pixels_of_any_size(self, size: float) -> None:
        small = grid("EPSG:32632", Affine(size, 0, 5e5, 0, -size, 5.2e6), 4, 4)
        across, down = pixel_metres(small)
        assert (across, down) == pytest.approx((size, size), rel=0.05)
        assert working_grid(small, size * 2).width == 2

    @pytest.mark.parametrize(
        ("gsd", "words"),
        [
            (0.0, "positive"),
            (-1.0, "positive"),
            (math.nan, "positive"),
            (math.inf, "positive"),
            (0.12, "more than 4 times finer"),
            (301.0, "coarser than the whole scene"),
        ],
    )
    def test_what_is_refused(self, gsd: float, words: str) -> None:
        with pytest.raises(InstructionError, match=words):
            working_grid(grid("EPSG:32632", NORTH_UP), gsd)

    def test_a_scene_off_the_earth(self) -> None:
        with pytest.raises(SceneError, match="no place on Earth"):
            pixel_metres(grid("EPSG:32632", Affine(1, 0, 1e12, 0, -1, 1e12)))


def draw(draw_scene: DrawScene, **options):
    pixels = RNG.integers(1, 255, (3, 200, 300)).astype(np.uint8)
    pixels[:, 100:140, 50:120] = 0
    return pixels, draw_scene(pixels, tiled=True, blockxsize=64, blockysize=64, **options)


def means(pixels: np.ndarray, factor: int, held: np.ndarray) -> np.ndarray:
    """Means over blocks of what is held."""
    count, height, width = pixels.shape
    shape = (height // factor, factor, width // factor, factor)
    weights = held.reshape(shape).astype(float)
    sums = (pixels.reshape(count, *shape) * weights).sum((2, 4))
    return sums / np.maximum(weights.sum((1, 3)), 1)


@pytest.mark.parametrize("known", ["file", "user", "mask"])
def test_coarser_pixels_are_means_of_what_holds_data(draw_scene: DrawScene, known: str) -> None:
    options: dict = {"nodata": 0} if known == "file" else {}
    if known == "mask":
        options["mask"] = ~np.pad(np.ones((40, 70), bool), ((100, 60), (50, 180)))
    pixels, path = draw(draw_scene, **options)
    held = (pixels > 0).any(0)
    given = {"nodata": 0.0} if known == "user" else {}
    scene, rgb, valid = working_pixels(path, 2.0, **given)
    assert (scene.grid.height, scene.grid.width) == (50, 75)
    np.testing.assert_array_equal(valid, held.reshape(50, 4, 75, 4).any((1, 3)))
    expected = means(pixels, 4, held)
    assert np.abs(rgb - expected)[:, valid].max() <= 0.51
    assert (rgb[:, ~valid] == 128).all()


def test_overviews_are_used(draw_scene: DrawScene, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = np.full((3, 256, 256), 50, np.uint8)
    path = draw_scene(flat, tiled=True, blockxsize=64, blockysize=64, overviews=(2, 4))
    # The finest level is overwritten, the overviews are not: they must show.
    with rasterio.open(path, "r+") as sink:
        sink.write(flat + 100)
    _, rgb, _ = working_pixels(path, 2.0)
    assert (rgb == 50).all()


def test_finer_pixels_lie_between(draw_scene: DrawScene) -> None:
    ramp = np.broadcast_to(np.arange(0, 240, 8, dtype=np.uint8), (3, 20, 30)).copy()
    scene, rgb, valid = working_pixels(draw_scene(ramp), 0.25)
    assert (scene.grid.height, scene.grid.width) == (40, 60)
    assert "4.0 times the pixels" in scene.warnings[0]
    assert valid.all()
    assert (np.diff(rgb[0, 0].astype(int)) >= 0).all()
    np.testing.assert_allclose(rgb[0, 0, 2:-2], np.arange(2, 58) * 4 - 2, atol=1)


def test_a_palette_is_not_averaged(draw_scene: DrawScene) -> None:
    numbers = np.repeat(RNG.integers(0, 2, (50, 75)) * 2, 4, axis=0).repeat(4, axis=1)
    path = draw_scene(numbers.astype(np.uint8), photometric="palette")
    with rasterio.open(path, "r+") as sink:
        sink.write_colormap(1, {0: (9, 8, 7), 1: (255, 0, 0), 2: (0, 0, 255)})
    _, rgb, _ = working_pixels(path, 2.0)
    assert set(map(tuple, rgb.reshape(3, -1).T.tolist())) == {(9, 8, 7), (0, 0, 255)}


def test_what_a_pixel_holds_does_not_hang_on_the_tiles_asked(draw_scene: DrawScene) -> None:
    _, path = draw(draw_scene)
    scene = open_scene(path, gsd=0.85)
    tiles = plan_tiles(scene.grid.height, scene.grid.width, window=64, overlap=16)
    rendering = choose_rendering(scene, None, "none")
    whole = {chip.tile: chip.rgb for chip in read_chips(scene, tiles, rendering)}
    for chip in read_chips(scene, tiles[5::3], rendering):
        np.testing.assert_array_equal(chip.rgb, whole[chip.tile])


def test_nodata_of_the_user_takes_the_place_of_the_files(draw_scene: DrawScene) -> None:
    pixels, path = draw(draw_scene, nodata=77)
    scene = open_scene(path, nodata=0)
    held = (pixels > 0).any(0)
    np.testing.assert_array_equal(read_valid(scene, scene.grid.window), held)
    assert scene.fingerprint != open_scene(path).fingerprint
    with pytest.raises(InstructionError, match=r"-9999 cannot occur .* uint8"):
        open_scene(path, nodata=-9999)
    with pytest.raises(InstructionError, match="cannot occur"):
        open_scene(path, nodata=math.nan)
