import pytest

from geoseg.errors import TilingError
from geoseg.grid import Window
from geoseg.tiling import Tile, plan_tiles


def test_a_small_scene_gets_one_window_of_its_own_size() -> None:
    (tile,) = plan_tiles(300, 1024)
    assert tile == Tile(0, Window(0, 0, 1024, 300), Window(0, 0, 1024, 300))


def test_windows_of_a_scene_one_pixel_too_wide() -> None:
    left, right = plan_tiles(100, 1025)
    assert left.window == Window(0, 0, 1024, 100)
    # Starts are multiples of 4, so the flush window is 3 px short.
    assert right.window == Window(4, 0, 1021, 100)
    assert right.core.col_end == 1025


def test_tiles_are_numbered_row_by_row_and_spread_evenly() -> None:
    tiles = plan_tiles(2000, 2560)
    assert [t.window.col_off for t in tiles[:3]] == [0, 768, 1536]
    assert [t.window.row_off for t in tiles[::3]] == [0, 488, 976]
    assert [t.index for t in tiles] == list(range(9))
    assert tiles[0].core.col_end == 896


@pytest.mark.parametrize(
    ("window", "overlap", "words"),
    [
        (1024, 1024, "between 0 and 1020 px, got 1024 px"),
        (1024, -1, "got -1 px"),
        (1023, 256, "multiple of 4 px, got 1023 px"),
        (0, 0, "got 0 px"),
    ],
)
def test_windows_that_do_not_fit_are_refused(window: int, overlap: int, words: str) -> None:
    with pytest.raises(TilingError, match=words):
        plan_tiles(4000, 4000, window=window, overlap=overlap)


def test_a_core_outside_its_window_is_refused() -> None:
    with pytest.raises(TilingError, match="inside its window"):
        Tile(0, Window(0, 0, 10, 10), Window(5, 5, 10, 10))
