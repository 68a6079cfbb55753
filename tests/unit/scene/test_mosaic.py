"""A folder of adjoining files is one scene. The truth is the picture they were cut from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from geoseg.errors import SceneError
from geoseg.scene import choose_rendering, open_scene, read_chips, read_valid
from geoseg.tiling import plan_tiles
from tests.conftest import NORTH_UP

PIXELS = np.random.default_rng(2).integers(1, 255, (3, 120, 160), np.uint8)

Cut = Callable[..., Path]


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    """Write a part of an array, with its place, into the folder of tiles."""
    folder = tmp_path / "kacheln ü"
    folder.mkdir()

    def write(
        pixels: NDArray[Any],
        name: str,
        row: int,
        col: int,
        *,
        transform: Affine = NORTH_UP,
        mask: NDArray[np.bool_] | None = None,
        **profile: Any,
    ) -> Path:
        count, height, width = pixels.shape
        options = {"driver": "GTiff", "crs": "EPSG:32632", "dtype": pixels.dtype, **profile}
        options["transform"] = transform @ Affine.translation(col, row)
        size = {"height": height, "width": width, "count": count}
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(folder / name, "w", **options, **size) as sink,
        ):
            sink.write(pixels)
            if mask is not None:
                sink.write_mask(mask)
        return folder

    return write


def quarters(cut: Cut, rows: int = 70, cols: int = 90, skip: tuple[int, ...] = (), **profile: Any):
    folder = Path()
    for number, (top, left) in enumerate([(0, 0), (0, cols), (rows, 0), (rows, cols)]):
        if number not in skip:
            part = PIXELS[:, top : rows or None, left:] if top == 0 else PIXELS[:, top:, left:]
            part = part[:, :, : cols - left] if left == 0 else part
            folder = cut(part, f"{number}.tif", top, left, **profile)
    return folder


def whole(folder: Path):
    scene = open_scene(folder)
    rgb = np.zeros((3, scene.grid.height, scene.grid.width), np.uint8)
    tiles = plan_tiles(*rgb.shape[1:], window=64, overlap=16)
    for chip in read_chips(scene, tiles, choose_rendering(scene, None, "none")):
        place = chip.tile.window
        rgb[:, place.row_off : place.row_end, place.col_off : place.col_end] = chip.rgb
    return scene, rgb, read_valid(scene, scene.grid.window)


@pytest.mark.parametrize(
    "transform",
    [
        NORTH_UP,
        Affine(0.5, 0, 5e5, 0, 0.5, 5.2e6),
        Affine.translation(5e5, 5.2e6) @ Affine.rotation(25) @ Affine.scale(0.5, -0.5),
    ],
)
def test_tiles_side_by_side(cut: Cut, transform: Affine) -> None:
    folder = quarters(cut, transform=transform, tiled=True, blockxsize=16, blockysize=16)
    (folder / "notes.txt").write_text("no raster")
    scene, rgb, valid = whole(folder)
    np.testing.assert_array_equal(rgb, PIXELS)
    assert valid.all()
    assert scene.always_valid
    assert tuple(scene.grid.transform) == pytest.approx(tuple(transform))
    assert (scene.name, scene.path) == ("kacheln ü", str(folder))
    assert scene.block == (16, 16)


@pytest.mark.parametrize("profile", [{}, {"nodata": 0}])
def test_a_missing_tile_holds_no_data(cut: Cut, profile: dict[str, Any]) -> None:
    _, rgb, valid = whole(quarters(cut, skip=(2,), **profile))
    expected = np.ones((120, 160), bool)
    expected[70:, :90] = False
    np.testing.assert_array_equal(valid, expected)
    np.testing.assert_array_equal(rgb[:, valid], PIXELS[:, expected])
    assert (rgb[:, ~valid] == 128).all()


@pytest.mark.parametrize("kind", ["plain", "nodata", "mask", "alpha"])
def test_the_last_wins_and_its_empty_pixels_hide_nothing(cut: Cut, kind: str) -> None:
    under, over = PIXELS[:, :, :100].copy(), 255 - PIXELS[:, :, 60:]
    hole = np.zeros((120, 100), bool)
    hole[30:50, :60] = kind != "plain"
    options: dict[str, Any] = {"nodata": 0} if kind == "nodata" else {}
    if kind == "nodata":
        over[:, hole] = 0
    if kind == "alpha":
        under = np.concatenate([under, np.full((1, 120, 100), 255, np.uint8)])
        over = np.concatenate([over, np.where(hole, 0, 255)[np.newaxis].astype(np.uint8)])
        options |= {"photometric": "rgb", "alpha": "yes"}
    folder = cut(under, "a.tif", 0, 0, **options)
    cut(over, "b.tif", 0, 60, mask=~hole if kind == "mask" else None, **options)
    _, rgb, valid = whole(folder)
    expected = PIXELS.copy()
    expected[:, :, 60:] = 255 - PIXELS[:, :, 60:]
    nothing = np.zeros((120, 160), bool)
    nothing[:, 60:] = hole
    shows_under = nothing & (np.arange(160) < 100)
    expected[:, shows_under] = PIXELS[:, shows_under]
    nothing &= ~shows_under
    expected[:, nothing] = 128
    np.testing.assert_array_equal(valid, ~nothing)
    # 255 − 255 is the nodata value by chance.
    sure = np.ones_like(nothing) if kind != "nodata" else (expected > 0).all(0)
    np.testing.assert_array_equal(rgb[:, sure], expected[:, sure])


def test_one_scene_whatever_the_folder_is_called(cut: Cut) -> None:
    folder = quarters(cut)
    before = open_scene(folder).fingerprint
    moved = folder.rename(folder.with_name("elsewhere"))
    assert open_scene(moved).fingerprint == before
    changed = rasterio.open(moved / "3.tif", "r+")
    changed.write(np.zeros((3, 50, 70), np.uint8))
    changed.close()
    assert open_scene(moved).fingerprint != before


def test_means_at_a_coarser_resolution_know_the_users_nodata(cut: Cut) -> None:
    scene = open_scene(quarters(cut, skip=(0,)), gsd=2.0, nodata=0)
    valid = read_valid(scene, scene.grid.window)
    assert valid.shape == (30, 40)
    expected = np.ones((120, 160), bool)
    expected[:70, :90] = False
    np.testing.assert_array_equal(valid, expected.reshape(30, 4, 40, 4).any((1, 3)))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("CRS", {"crs": "EPSG:32633"}),
        ("pixel size", {"transform": Affine(0.6, 0, 5e5, 0, -0.5, 5.2e6)}),
        ("number of bands", {"pixels": PIXELS[:1]}),
        ("type", {"pixels": PIXELS.astype(np.uint16)}),
        ("nodata value", {"nodata": 3}),
    ],
)
def test_a_file_that_differs_is_named(cut: Cut, what: str, change: dict[str, Any]) -> None:
    folder = cut(PIXELS, "a.tif", 0, 0)
    cut(**{"pixels": PIXELS, "name": "b.tif", "row": 0, "col": 160, **change})
    with pytest.raises(SceneError, match=f"the {what} of .*b.tif is .* that of .*a.tif is"):
        open_scene(folder)


def test_a_file_between_the_pixels_is_named(cut: Cut) -> None:
    folder = cut(PIXELS, "a.tif", 0, 0)
    cut(PIXELS, "b.tif", 0, 160.5)
    with pytest.raises(SceneError, match=r"b\.tif lies beside the pixels .* column 160\.50"):
        open_scene(folder)


def test_a_file_that_cannot_be_read_is_named(cut: Cut) -> None:
    folder = cut(PIXELS, "a.tif", 0, 0)
    (folder / "b.tif").write_text("not a picture")
    with pytest.raises(SceneError, match=r"b\.tif cannot be read"):
        open_scene(folder)
