import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from geoseg.errors import TilingError
from geoseg.grid import Grid, Window

windows = st.builds(
    Window, st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50)
)


def cells(window: Window) -> set[tuple[int, int]]:
    return {
        (row, col)
        for row in range(window.row_off, window.row_end)
        for col in range(window.col_off, window.col_end)
    }


@given(windows, windows)
def test_an_intersection_holds_the_pixels_of_both(one: Window, other: Window) -> None:
    both = one.intersection(other)
    assert (cells(both) if both else set()) == cells(one) & cells(other)
    assert one.contains(other) == (cells(other) <= cells(one))


def test_a_window_without_pixels_is_refused() -> None:
    with pytest.raises(TilingError, match="at least one pixel"):
        Window(0, 0, 0, 5)
    with pytest.raises(TilingError, match="0 × 5"):
        Grid("EPSG:32632", Affine.identity(), 5, 0)


def test_a_crop_keeps_every_pixel_where_it_was() -> None:
    rotated = Affine.translation(500, 900) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5)
    grid = Grid("EPSG:32632", rotated, 100, 80)
    crop = grid.crop(Window(7, 11, 20, 30))
    assert (crop.width, crop.height) == (20, 30)
    assert crop.transform @ (3, 4) == pytest.approx(grid.transform @ (10, 15))


def test_bounds_of_a_rotated_grid_hold_all_corners() -> None:
    quarter = Affine.translation(10, 20) @ Affine.rotation(90)
    assert Grid("EPSG:32632", quarter, 2, 5).bounds == pytest.approx((8, 20, 10, 25))


def test_cells_of_a_scaled_grid_cover_the_last_pixels() -> None:
    grid = Grid("EPSG:32632", Affine(0.5, 0, 100, 0, -0.5, 200), 1022, 1025)
    scaled = grid.scaled(4)
    assert (scaled.height, scaled.width) == (256, 257)
    assert scaled.transform @ (1, 1) == pytest.approx(grid.transform @ (4, 4))
