"""What is read, and where data is. The oracle is rasterio, asked for single windows."""

import pickle
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoseg.errors import InstructionError
from geoseg.grid import Window
from geoseg.scene import choose_rendering, open_scene, read_chips, read_valid
from geoseg.tiling import plan_tiles
from tests.conftest import DrawScene

RNG = np.random.default_rng(7)


def picture(bands: int = 3, height: int = 90, width: int = 130, dtype: str = "uint8"):
    high = 255 if dtype == "uint8" else 4000
    return RNG.integers(1, high, (bands, height, width)).astype(dtype)


def everything(path: Path, *, bidx: tuple[int, ...] | None = None, stretch: str = "none"):
    """RGB (3, H, W) and valid (H, W) of the whole scene, put together from overlapping chips."""
    scene = open_scene(path)
    rendering = choose_rendering(scene, bidx, stretch)
    tiles = plan_tiles(scene.grid.height, scene.grid.width, window=40, overlap=12)
    rgb = np.zeros((3, scene.grid.height, scene.grid.width), np.uint8)
    valid = np.zeros(rgb.shape[1:], bool)
    for chip in read_chips(scene, tiles, rendering):
        place = chip.tile.window
        assert chip.rgb.shape == (3, place.height, place.width)
        assert chip.rgb.dtype == np.uint8
        rows = slice(place.row_off, place.row_end)
        cols = slice(place.col_off, place.col_end)
        rgb[:, rows, cols] = chip.rgb
        valid[rows, cols] = chip.valid
        np.testing.assert_array_equal(
            chip.valid, read_valid(scene, place, rendering.bands), str(chip.tile)
        )
    return rgb, valid


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"compress": "deflate", "blockysize": 7},
        {"tiled": True, "blockxsize": 32, "blockysize": 16, "compress": "lzw"},
        {"tiled": True, "blockxsize": 32, "blockysize": 32, "interleave": "band"},
    ],
)
def test_chips_hold_the_pixels_of_their_windows(draw_scene: DrawScene, layout: dict) -> None:
    pixels = picture()
    rgb, valid = everything(draw_scene(pixels, **layout))
    np.testing.assert_array_equal(rgb, pixels)
    assert valid.all()


def test_tiles_left_out_and_out_of_order_do_not_matter(draw_scene: DrawScene) -> None:
    pixels = picture()
    scene = open_scene(draw_scene(pixels))
    tiles = plan_tiles(90, 130, window=40, overlap=12)
    chosen = [tiles[i] for i in (0, 3, 4, 9, 5, 1, 11, 11)]
    chips = list(read_chips(scene, chosen, choose_rendering(scene, None, "auto")))
    assert [chip.tile for chip in chips] == [tiles[i] for i in (0, 1, 3, 4, 5, 9, 11, 11)]
    for chip in chips:
        place = chip.tile.window
        np.testing.assert_array_equal(
            chip.rgb,
            pixels[:, place.row_off : place.row_end, place.col_off : place.col_end],
        )


def test_reading_runs_ahead_only_so_far_and_ends_when_closed(draw_scene: DrawScene) -> None:
    scene = open_scene(draw_scene(picture()))
    tiles = plan_tiles(90, 130, window=8, overlap=4)
    taken = 0

    def counted():
        nonlocal taken
        for tile in tiles:
            taken += 1
            yield tile

    before = threading.active_count()
    chips = read_chips(scene, counted(), choose_rendering(scene, None, "auto"), ahead=2)
    assert next(chips).tile == tiles[0]
    chips.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "float64", "int32"])
def test_other_types_are_stretched_by_percentiles(draw_scene: DrawScene, dtype: str) -> None:
    pixels = picture(dtype=dtype)
    pixels[:, :5] = -1 if dtype != "uint16" else 0
    path = draw_scene(pixels, nodata=float(pixels[0, 0, 0]))
    rgb, valid = everything(path, stretch="auto")
    np.testing.assert_array_equal(valid, np.arange(90)[:, None] >= np.full(130, 5))
    rendering = choose_rendering(open_scene(path), None, "auto")
    assert rendering.lows == pytest.approx(np.percentile(pixels[:, 5:], 2, (1, 2)), rel=1e-6)
    assert rendering.highs == pytest.approx(np.percentile(pixels[:, 5:], 98, (1, 2)), rel=1e-6)
    assert (rgb[:, :5] == 128).all()
    assert rgb[:, 5:].min() == 0
    assert rgb.max() == 255


def test_a_stretch_may_be_asked_of_bytes_too(draw_scene: DrawScene) -> None:
    scene = open_scene(draw_scene(picture()))
    assert choose_rendering(scene, None, "10,20").lows == (10.0, 10.0, 10.0)
    assert choose_rendering(scene, (2,), "p0-100").highs == (254.0,)


def test_one_rendering_is_chosen_with_and_without_overviews(
    draw_scene: DrawScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = np.broadcast_to(np.arange(1200, dtype=np.uint16), (1200, 1200)).copy()
    plain = open_scene(draw_scene(ramp, name="plain.tif"))
    small = open_scene(draw_scene(ramp, name="overviews.tif", overviews=(2, 4)))
    assert small.has_overviews
    assert not plain.has_overviews
    monkeypatch.setattr("geoseg.scene.stretching._WHOLE", 1)
    for scene in (plain, small):
        rendering = choose_rendering(scene, None, "auto")
        assert rendering.lows == pytest.approx((24,), abs=12)
        assert rendering.highs == pytest.approx((1176,), abs=12)


def test_bands_follow_their_colours(draw_scene: DrawScene) -> None:
    swapped = draw_scene(picture(4), colors=("blue", "green", "red", "undefined"))
    assert open_scene(swapped).default_bands == (3, 2, 1)
    plain = draw_scene(picture(4), colors=("gray", "undefined", "undefined", "undefined"))
    assert open_scene(plain).default_bands == (1, 2, 3)
    assert open_scene(plain).always_valid
    assert open_scene(draw_scene(picture(2))).default_bands == (1,)
    assert open_scene(draw_scene(picture(1))).default_bands == (1,)


@pytest.mark.parametrize("bands", [1, 3])
def test_alpha_hides_pixels_and_is_no_colour(draw_scene: DrawScene, bands: int) -> None:
    pixels = picture(bands + 1)
    pixels[-1] = 255
    pixels[-1, 20:40, 60:] = 0
    path = draw_scene(pixels, alpha="yes", photometric="rgb" if bands == 3 else "minisblack")
    assert open_scene(path).alpha == bands + 1
    rgb, valid = everything(path)
    np.testing.assert_array_equal(valid, pixels[-1] > 0)
    assert (rgb[:, ~valid] == 128).all()
    np.testing.assert_array_equal(rgb[0][valid], pixels[0][valid])


def test_a_mask_inside_the_file_hides_pixels(draw_scene: DrawScene) -> None:
    mask = np.ones((90, 130), bool)
    mask[50:, :30] = False
    _, valid = everything(draw_scene(picture(), mask=mask))
    np.testing.assert_array_equal(valid, mask)


def test_a_pixel_is_nodata_when_all_its_bands_are(draw_scene: DrawScene) -> None:
    pixels = picture()
    pixels[:, :10, :10] = 0
    pixels[0, 40, 40] = 0
    _, valid = everything(draw_scene(pixels, nodata=0))
    assert not valid[:10, :10].any()
    assert valid[40, 40]
    assert valid.sum() == 90 * 130 - 100


def test_a_nodata_value_outside_the_type_hides_nothing(draw_scene: DrawScene) -> None:
    path = draw_scene(picture(dtype="int16"), nodata=-1)
    scene = open_scene(path)
    far = pickle.loads(pickle.dumps(scene))
    object.__setattr__(far, "nodata", (-99999.0, 0.5, None))
    assert read_valid(far, Window(0, 0, 10, 10)).all()


def test_nan_and_infinity_hold_no_data(draw_scene: DrawScene) -> None:
    pixels = picture(dtype="float32")
    pixels[:, 3, 4] = np.nan
    pixels[:, 5, 6] = np.inf
    pixels[1, 7, 8] = np.nan
    _, valid = everything(draw_scene(pixels), stretch="auto")
    assert [tuple(place) for place in np.argwhere(~valid)] == [(3, 4), (5, 6)]


def test_bands_of_different_types_and_nodata_values(draw_scene: DrawScene, tmp_path: Path) -> None:
    low = draw_scene(picture(1), nodata=7, name="low.tif")
    high = draw_scene(picture(1, dtype="uint16"), nodata=9, name="high.tif")
    bands = "".join(
        f'<VRTRasterBand dataType="{kind}" band="{number}"><NoDataValue>{nodata}</NoDataValue>'
        f"<SimpleSource><SourceFilename>{file}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand>"
        for number, (file, kind, nodata) in enumerate(
            [(low, "Byte", 7), (high, "UInt16", 9), (low, "Byte", 7)], start=1
        )
    )
    vrt = tmp_path / "mixed.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="130" rasterYSize="90"><SRS>EPSG:32632</SRS>'
        f"<GeoTransform>500000,1,0,5200000,0,-1</GeoTransform>{bands}</VRTDataset>"
    )
    scene = open_scene(vrt)
    assert (scene.dtype, scene.mixed_types) == ("uint16", True)
    with rasterio.open(low) as one, rasterio.open(high) as other:
        expected = (one.read(1) != 7) | (other.read(1) != 9)
    _, valid = everything(vrt)
    np.testing.assert_array_equal(valid, expected)


def test_a_palette_is_expanded(draw_scene: DrawScene, tmp_path: Path) -> None:
    pixels = RNG.integers(0, 3, (90, 130)).astype(np.uint8)
    path = draw_scene(pixels, photometric="palette")
    with rasterio.open(path, "r+") as sink:
        sink.write_colormap(1, {0: (9, 8, 7), 1: (255, 0, 0), 2: (0, 0, 255)})
    rgb, _ = everything(path, stretch="auto")
    colours = np.array([(9, 8, 7), (255, 0, 0), (0, 0, 255)], np.uint8)
    np.testing.assert_array_equal(rgb, np.moveaxis(colours[pixels], -1, 0))


def test_a_rotated_scene_keeps_its_transform(draw_scene: DrawScene) -> None:
    rotated = Affine.translation(5e5, 5.2e6) @ Affine.rotation(25) @ Affine.scale(0.5, -0.5)
    grid = open_scene(draw_scene(picture(), rotated)).grid
    assert tuple(grid.transform) == pytest.approx(tuple(rotated))


def test_a_scene_crosses_processes_and_knows_its_name(draw_scene: DrawScene) -> None:
    scene = open_scene(draw_scene(picture(), name="harbour.v2.tif"))
    assert pickle.loads(pickle.dumps(scene)) == scene
    assert scene.name == "harbour.v2"


def test_a_fingerprint_follows_pixels_not_places(draw_scene: DrawScene, tmp_path: Path) -> None:
    pixels = picture()
    path = draw_scene(pixels, name="a.tif")
    copy = tmp_path / "elsewhere.tif"
    shutil.copy(path, copy)
    assert open_scene(copy).fingerprint == open_scene(path).fingerprint
    pixels[0, 0, 0] += 1
    assert open_scene(draw_scene(pixels, name="b.tif")).fingerprint != open_scene(path).fingerprint


def test_the_users_own_cache_size_is_kept(
    draw_scene: DrawScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rasterio._env import get_gdal_config

    from geoseg.scene.environment import gdal_environment

    with gdal_environment():
        assert int(get_gdal_config("GDAL_CACHEMAX")) == 64 * 2**20
    monkeypatch.setenv("GDAL_CACHEMAX", "200")
    before = get_gdal_config("GDAL_CACHEMAX")
    with gdal_environment():
        assert get_gdal_config("GDAL_CACHEMAX") == before


def test_real_scenes_of_every_kind_are_read_as_rasterio_reads_them(shared_data: Path) -> None:
    for path in sorted((shared_data / "georef").glob("*.tif")):
        scene = open_scene(path)
        rendering = choose_rendering(scene, None, "auto")
        tiles = plan_tiles(scene.grid.height, scene.grid.width, window=512, overlap=128)
        with rasterio.open(path) as source:
            masks = source.dataset_mask() > 0
            pixels = source.read(rendering.bands)
        for chip in read_chips(scene, tiles, rendering):
            place = chip.tile.window
            rows = slice(place.row_off, place.row_end)
            cols = slice(place.col_off, place.col_end)
            np.testing.assert_array_equal(chip.valid, masks[rows, cols], path.name)
            expected = rendering.render(pixels[:, rows, cols], masks[rows, cols])
            np.testing.assert_array_equal(chip.rgb, expected, path.name)


@pytest.mark.parametrize("bidx", [(0,), (4,), (1, 2), (1, 2, 3, 3), (1, 2, 9)])
def test_bands_that_cannot_be_shown_are_refused(
    draw_scene: DrawScene, bidx: tuple[int, ...]
) -> None:
    scene = open_scene(draw_scene(picture()))
    with pytest.raises(InstructionError, match="-b RED,GREEN,BLUE"):
        choose_rendering(scene, bidx, "auto")
