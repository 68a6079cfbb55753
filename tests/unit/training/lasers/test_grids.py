"""Where proposers are prompted: section 7.2 to the letter."""

import numpy as np
import pytest

from training.lasers.grids import global_points, local_grid, local_points


def test_sixteen_points_at_the_centres_of_cells():
    points = global_points(1024, 1024)
    centres = [128, 384, 640, 896]
    assert points.tolist() == [[x, y] for y in centres for x in centres]


@pytest.mark.parametrize(
    ("height", "width", "grid"),
    [
        (100, 100, (4, 4)),
        (249, 100, (4, 4)),
        (250, 100, (4, 1)),
        (300, 100, (4, 1)),
        (301, 100, (5, 1)),
        (100, 249, (4, 4)),
        (100, 250, (1, 4)),
        (100, 301, (1, 5)),
        (0.3, 0.1, (4, 1)),
    ],
)
def test_points_follow_the_long_side_of_a_box(height, width, grid):
    assert local_grid(height, width) == grid


def test_points_lie_in_the_box_and_turn_with_it():
    tall = local_points((10, 20, 20, 60))
    assert tall.tolist() == [[15, 24], [15, 32], [15, 40], [15, 48], [15, 56]]
    wide = local_points((20, 10, 60, 20))
    assert np.array_equal(wide, tall[:, ::-1])
    assert local_points((8, 8, 24, 24))[0].tolist() == [10, 10]


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 9, 5), (9, 9, 5, 5)])
def test_a_box_without_area_has_no_points(box):
    with pytest.raises(ValueError, match="has no place for points"):
        local_points(box)
