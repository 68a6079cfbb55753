"""Laws of a plan, for any scene, window and overlap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geoseg.tiling import plan_tiles

STRIDE = 4
lengths = st.integers(1, 400)
plans = st.tuples(lengths, lengths, st.integers(1, 30), st.integers(0, 119)).map(
    lambda drawn: (drawn[0], drawn[1], drawn[2] * STRIDE, drawn[3] % (drawn[2] * STRIDE))
)


@given(plans)
def test_cores_partition_the_grid_and_lie_in_their_windows(plan: tuple[int, int, int, int]) -> None:
    height, width, window, overlap = plan
    owners = np.zeros((height, width), int)
    for tile in plan_tiles(height, width, window=window, overlap=overlap, stride=STRIDE):
        assert tile.window.contains(tile.core)
        core = tile.core
        owners[core.row_off : core.row_end, core.col_off : core.col_end] += 1
    assert (owners == 1).all()


@given(plans)
def test_every_pixel_is_seen_by_windows_inside_the_scene(plan: tuple[int, int, int, int]) -> None:
    height, width, window, overlap = plan
    seen = np.zeros((height, width), int)
    for tile in plan_tiles(height, width, window=window, overlap=overlap, stride=STRIDE):
        place = tile.window
        assert place.row_off >= 0
        assert place.col_off >= 0
        assert place.row_end <= height
        assert place.col_end <= width
        seen[place.row_off : place.row_end, place.col_off : place.col_end] += 1
    assert (seen >= 1).all()


@given(plans)
def test_starts_sit_on_the_stride_and_the_last_window_is_flush(
    plan: tuple[int, int, int, int],
) -> None:
    height, width, window, overlap = plan
    tiles = plan_tiles(height, width, window=window, overlap=overlap, stride=STRIDE)
    for tile in tiles:
        assert tile.window.col_off % STRIDE == 0
        assert tile.window.row_off % STRIDE == 0
        assert tile.window.width > min(window, width) - STRIDE
        assert tile.window.height > min(window, height) - STRIDE
    assert max(tile.window.col_end for tile in tiles) == width
    assert max(tile.window.row_end for tile in tiles) == height


@given(plans)
def test_neighbours_share_the_asked_overlap_and_are_evenly_spread(
    plan: tuple[int, int, int, int],
) -> None:
    height, width, window, overlap = plan
    tiles = plan_tiles(height, width, window=window, overlap=overlap, stride=STRIDE)
    starts = sorted({tile.window.col_off for tile in tiles})
    steps = np.diff(starts)
    # Steps cannot be smaller than the stride, however large the overlap.
    assert (steps <= max(window - overlap, STRIDE)).all()
    assert steps.size == 0 or np.ptp(steps) <= STRIDE


@given(plans)
def test_no_plan_with_fewer_windows_keeps_the_overlap(plan: tuple[int, int, int, int]) -> None:
    height, width, window, overlap = plan
    tiles = plan_tiles(height, width, window=window, overlap=overlap, stride=STRIDE)
    columns = len({tile.window.col_off for tile in tiles})
    step = max((window - overlap) // STRIDE * STRIDE, STRIDE)
    # One window fewer, each a full step apart, would end before the scene does.
    assert columns == 1 or (columns - 2) * step + window < width
