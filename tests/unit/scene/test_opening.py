"""Scenes that cannot be read, placed or shown: each error says what, where, and the way out."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from geoseg.errors import InstructionError, SceneError
from geoseg.scene import choose_rendering, open_scene
from tests.conftest import DrawScene

GREY = np.full((40, 50), 7, np.uint8)


def refused(path: Path | str, **options: str) -> SceneError:
    with pytest.raises(SceneError) as caught:
        open_scene(path, **options)
    assert caught.value.exit_status == 3
    assert str(path) in str(caught.value) or not str(path)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_file(tmp_path: Path) -> None:
    assert "There is no file" in str(refused(tmp_path / "nowhere.tif"))


def test_a_folder_without_rasters(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none here")
    assert "holds no rasters" in str(refused(tmp_path))


def test_an_empty_path_and_an_empty_file(tmp_path: Path) -> None:
    assert "path is empty" in str(refused(""))
    (tmp_path / "empty.tif").touch()
    assert "0 bytes" in str(refused(tmp_path / "empty.tif"))


def test_a_text_named_tif(tmp_path: Path) -> None:
    path = tmp_path / "notes.tif"
    path.write_text("not a picture")
    assert "cannot be read as a raster" in str(refused(path))


@pytest.mark.parametrize("compress", [None, "deflate", "lzw", "jpeg"])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_truncated_file_is_found_at_once(
    draw_scene: DrawScene, compress: str | None, share: float
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3, 600, 500)).astype(np.uint8)
    layout = {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "pixel"}
    path = draw_scene(noise, compress=compress, **layout)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refused(path)
    assert "columns" in str(error)
    assert "truncated or damaged" in str(error)


def test_a_container_without_bands(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    place = {"crs": "EPSG:32632", "transform": Affine(1, 0, 5e5, 0, -1, 5e6)}
    for name in ("a", "b"):
        options = {"RASTER_TABLE": name, "APPEND_SUBDATASET": "YES" if name == "b" else "NO"}
        with rasterio.open(
            path,
            "w",
            driver="GPKG",
            height=40,
            width=50,
            count=1,
            dtype="uint8",
            **place,
            **options,
        ) as sink:
            sink.write(GREY, 1)
    error = refused(path)
    assert "zero bands" in str(error)
    assert f"GPKG:{path}:a" in str(error)


def test_more_bands_than_any_sensor_has(tmp_path: Path) -> None:
    path = tmp_path / "claims.tif"
    place = {"crs": "EPSG:32632", "transform": Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6)}
    profile = {"driver": "GTiff", "dtype": "uint8", "height": 1, "width": 1, **place}
    with rasterio.open(path, "w", count=10_001, sparse_ok=True, **profile):
        pass
    error = refused(path)
    assert "claims 10001 bands" in str(error)
    assert "gdal_translate -b 1 -b 2 -b 3" in error.hint
    assert error.code == "image_too_big"


def test_no_crs_names_both_ways_out(draw_scene: DrawScene) -> None:
    path = draw_scene(GREY, crs=None)
    error = refused(path)
    assert error.code == "no_crs"
    assert "--assume-crs EPSG:n" in str(error)
    assert f"gdal_edit.py -a_srs EPSG:n {path}" in str(error)
    assert open_scene(path, assume_crs="EPSG:32645").grid.crs.startswith("PROJCS")


def test_an_assumed_crs_must_be_one_and_not_contradict(draw_scene: DrawScene) -> None:
    path = draw_scene(GREY)
    assert open_scene(path, assume_crs="EPSG:32632") == open_scene(path)
    with pytest.raises(InstructionError, match="contradicts"):
        open_scene(path, assume_crs="EPSG:4326")
    with pytest.raises(InstructionError, match="'nonsense' is not a coordinate"):
        open_scene(path, assume_crs="nonsense")


def test_no_georeference_at_all(draw_scene: DrawScene) -> None:
    for crs in (None, "EPSG:32632"):
        error = refused(draw_scene(GREY, transform=None, crs=crs), assume_crs="EPSG:32632")
        assert error.code == "no_crs"
        assert "gdal_translate -a_srs" in str(error)


def test_ground_control_points_alone(tmp_path: Path) -> None:
    path = tmp_path / "gcps.tif"
    points = [
        GroundControlPoint(row, col, 5e5 + col, 5e6 - row) for row in (0, 40) for col in (0, 50)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", height=40, width=50, count=1, dtype="uint8"
        ) as sink:
            sink.gcps = (points, rasterio.CRS.from_epsg(32632))
            sink.write(GREY, 1)
    error = refused(path)
    assert "4 ground control points" in str(error)
    assert f"gdalwarp -r bilinear {path}" in str(error)


def test_a_crs_without_a_place_on_earth(draw_scene: DrawScene) -> None:
    local = 'LOCAL_CS["building site",UNIT["metre",1]]'
    assert refused(draw_scene(GREY, crs=local)).code == "no_crs"


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers(draw_scene: DrawScene, dtype: str) -> None:
    assert dtype in str(refused(draw_scene(GREY.astype(dtype))))


@pytest.mark.parametrize("stretch", ["auto", "none", "p2-98", "0,9"])
@pytest.mark.parametrize(
    ("array", "nodata"),
    [
        (np.zeros((3, 40, 50), np.uint8), 0),
        (np.full((40, 50), -9999, np.float32), -9999),
        (np.full((1, 40, 50), np.nan, np.float32), None),
        (np.full((3, 40, 50), np.nan, np.float64), np.nan),
    ],
)
def test_a_scene_of_nothing(
    draw_scene: DrawScene, stretch: str, array: np.ndarray, nodata: float | None
) -> None:
    scene = open_scene(draw_scene(array, nodata=nodata))
    with pytest.raises(SceneError, match="holds no data: all 50 × 40 pixels") as caught:
        choose_rendering(scene, None, stretch)
    assert caught.value.exit_status == 3


def test_one_band_of_nan_among_others_is_named(draw_scene: DrawScene) -> None:
    pixels = np.ones((3, 40, 50), np.float32)
    pixels[1] = np.nan
    scene = open_scene(draw_scene(pixels))
    with pytest.raises(SceneError, match=r"Band 2 of .* NaN or infinite"):
        choose_rendering(scene, None, "auto")
    assert choose_rendering(scene, (1,), "auto").bands == (1,)


def test_a_single_valid_pixel_is_found_however_large_the_scene(
    draw_scene: DrawScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoseg.scene.stretching._WHOLE", 1)
    pixels = np.zeros((2600, 3000), np.uint16)
    pixels[1777, 2222] = 40
    layout = {"tiled": True, "compress": "deflate", "overviews": (4,)}
    scene = open_scene(draw_scene(pixels, nodata=0, **layout))
    assert choose_rendering(scene, None, "auto").lows == (40.0,)
