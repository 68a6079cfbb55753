"""Scenes of every make and place: what comes out is what was written, where it was written."""

import locale
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from geoseg.errors import SceneError
from geoseg.scene import choose_rendering, open_scene, read_chips, read_valid
from geoseg.scene.environment import gdal_environment
from geoseg.tiling import plan_tiles
from tests.conftest import NORTH_UP, DrawScene

PIXELS = np.random.default_rng(8).integers(1, 255, (3, 150, 190), np.uint8)


def whole(path: Path | str):
    """Scene, RGB and valid, put together from overlapping chips."""
    scene = open_scene(path)
    rgb = np.zeros((3, scene.grid.height, scene.grid.width), np.uint8)
    valid = np.zeros(rgb.shape[1:], bool)
    tiles = plan_tiles(*rgb.shape[1:], window=64, overlap=16)
    for chip in read_chips(scene, tiles, choose_rendering(scene, None, "none")):
        place = chip.tile.window
        rows, cols = slice(place.row_off, place.row_end), slice(place.col_off, place.col_end)
        rgb[:, rows, cols], valid[rows, cols] = chip.rgb, chip.valid
    np.testing.assert_array_equal(valid, read_valid(scene, scene.grid.window))
    return scene, rgb, valid


@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", ["none", "jpeg", "lzw", "deflate", "zstd", "webp"])
def test_compressions(draw_scene: DrawScene, compress: str, interleave: str, tiled: bool) -> None:
    if compress == "webp" and interleave == "band":
        pytest.skip("WebP knows no bands apart")
    smooth = np.broadcast_to(np.arange(190, dtype=np.uint8), PIXELS.shape)
    lossy = compress in ("jpeg", "webp")
    pixels = smooth if lossy else PIXELS
    layout = {"blockxsize": 32, "blockysize": 32} if tiled else {"blockysize": 16}
    _, rgb, valid = whole(
        draw_scene(pixels, compress=compress, interleave=interleave, tiled=tiled, **layout)
    )
    assert valid.all()
    assert np.abs(rgb.astype(int) - pixels).max() <= (12 if lossy else 0)


@pytest.mark.parametrize("name", ["fünf Straßen 大.tif", "a b'c & d.tif", "a#b?c%20+d.tif"])
def test_names_of_every_tongue(draw_scene: DrawScene, name: str) -> None:
    scene, rgb, _ = whole(draw_scene(PIXELS, name=name))
    np.testing.assert_array_equal(rgb, PIXELS)
    assert scene.name == Path(name).stem


def test_inside_a_zip(draw_scene: DrawScene, tmp_path: Path) -> None:
    path = draw_scene(PIXELS)
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "inner/scene.tif")
    for name in (f"/vsizip/{packed}/inner/scene.tif", f"zip://{packed}!inner/scene.tif"):
        scene, rgb, _ = whole(name)
        np.testing.assert_array_equal(rgb, PIXELS)
        assert scene.name == "scene"
    with pytest.raises(SceneError, match="cannot be read as a raster"):
        open_scene(f"/vsizip/{packed}/missing.tif")


def test_a_mask_beside_the_file(draw_scene: DrawScene) -> None:
    path = draw_scene(PIXELS, tiled=True, blockxsize=32, blockysize=32)
    mask = np.ones(PIXELS.shape[1:], bool)
    mask[20:90, 33:77] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as sink:
        sink.write_mask(mask)
    assert path.with_name(path.name + ".msk").exists()
    _, rgb, valid = whole(path)
    np.testing.assert_array_equal(valid, mask)
    np.testing.assert_array_equal(rgb[:, mask], PIXELS[:, mask])


def test_a_virtual_raster_of_tiles(draw_scene: DrawScene, tmp_path: Path) -> None:
    bands = [""] * 3
    for row in (0, 64, 128):
        for col in (0, 96):
            part = PIXELS[:, row : row + 64, col : col + 96]
            layout = {"tiled": True, "blockxsize": 32, "blockysize": 16}
            draw_scene(part, name=f"{row}-{col}.tif", **layout)
            height, width = part.shape[1:]
            for band in range(3):
                bands[band] += (
                    f'<SimpleSource><SourceFilename relativeToVRT="1">{row}-{col}.tif'
                    f"</SourceFilename><SourceBand>{band + 1}</SourceBand>"
                    f'<SrcRect xOff="0" yOff="0" xSize="{width}" ySize="{height}"/>'
                    f'<DstRect xOff="{col}" yOff="{row}" xSize="{width}" ySize="{height}"/>'
                    "</SimpleSource>"
                )
    inside = "".join(
        f'<VRTRasterBand dataType="Byte" band="{number}">{sources}</VRTRasterBand>'
        for number, sources in enumerate(bands, start=1)
    )
    vrt = tmp_path / "all.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="190" rasterYSize="150"><SRS>EPSG:32632</SRS>'
        f"<GeoTransform>500000,0.5,0,5200000,0,-0.5</GeoTransform>{inside}</VRTDataset>"
    )
    scene, rgb, _ = whole(vrt)
    np.testing.assert_array_equal(rgb, PIXELS)
    assert scene.block == (16, 32)
    (tmp_path / "64-96.tif").unlink()
    assert open_scene(vrt).fingerprint != scene.fingerprint


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32632", Affine(0.5, 0, 5e5, 0, 0.5, 5.2e6)),  # south up
        ("EPSG:32632", Affine.translation(5e5, 5.2e6) @ Affine.rotation(25) @ Affine.scale(1, -1)),
        ("EPSG:32632", Affine(0.5, 0.2, 5e5, 0, -0.5, 5.2e6)),  # sheared
        ("EPSG:4326", Affine(1e-3, 0, 179.9, 0, -1e-3, 60)),  # across the antimeridian
        ("EPSG:3413", Affine(10, 0, -900, 0, -10, 700)),  # over the pole
        ("EPSG:32632", Affine(1e-6, 0, 5e5, 0, -1e-6, 5.2e6)),
        ("EPSG:3857", Affine(1e6, 0, -2e7, 0, -1e6, 2e7)),
    ],
)
def test_places(draw_scene: DrawScene, crs: str, transform: Affine) -> None:
    scene, rgb, _ = whole(draw_scene(PIXELS, transform=transform, crs=crs))
    np.testing.assert_array_equal(rgb, PIXELS)
    assert tuple(scene.grid.transform) == pytest.approx(tuple(transform), rel=1e-12)
    assert scene.native is scene.grid or scene.native == scene.grid


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_ground_control_points_without_a_crs_say_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "old map.tif"
    points = [GroundControlPoint(r, c, 5e5 + c, 5e6 - r) for r in (0, 40) for c in (0, 50)]
    size = {"height": 40, "width": 50, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", **size) as sink:
        sink.gcps = (points, rasterio.CRS())
        sink.write(PIXELS[:1, :40, :50])
    with pytest.raises(SceneError) as caught:
        open_scene(path)
    line = f"gdalwarp -r bilinear -s_srs EPSG:n '{path}' 'old map_placed.tif'"
    assert line in str(caught.value)


def test_a_comma_for_decimals(draw_scene: DrawScene, tmp_path: Path) -> None:
    names = ("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8")
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        for name in names:
            try:
                locale.setlocale(locale.LC_NUMERIC, name)
                break
            except locale.Error:
                continue
        else:
            pytest.skip("no locale with comma decimals is installed")
        folder = tmp_path / "tiles"
        folder.mkdir()
        shutil.move(draw_scene(PIXELS, nodata=7), folder / "a.tif")
        scene, rgb, _ = whole(folder)
        assert tuple(scene.grid.transform) == tuple(NORTH_UP)
        assert scene.nodata == (7.0,) * 3
        held = (PIXELS != 7).any(0)
        np.testing.assert_array_equal(rgb[:, held], PIXELS[:, held])
        assert open_scene(folder, gsd=2.0, nodata=7.5e0 - 0.5).grid.width == 48
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_mutated_headers_end_in_words(draw_scene: DrawScene, tmp_path: Path) -> None:
    """200 files with a few bytes of the header changed: a scene, or a SceneError, at once."""
    layout = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}
    healthy = draw_scene(PIXELS, nodata=3, **layout).read_bytes()
    chance = np.random.default_rng(99)
    refused = []
    for number in range(200):
        data = bytearray(healthy)
        for place in chance.integers(0, 600, chance.integers(1, 6)):
            data[place] = int(chance.integers(0, 256))
        path = tmp_path / f"{number}.tif"
        path.write_bytes(data)
        try:
            scene = open_scene(path)
            rendering = choose_rendering(scene, None, "auto")
            tile = plan_tiles(scene.grid.height, scene.grid.width, window=64, overlap=16)[0]
            with gdal_environment():
                list(read_chips(scene, [tile], rendering))
        except SceneError as error:
            refused.append(str(error))
    assert 20 < len(refused) < 200
    assert not any("\n" in words for words in refused)
