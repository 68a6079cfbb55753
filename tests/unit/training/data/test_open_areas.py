import numpy as np
import pytest

from training.data.open_areas import away_from


@pytest.mark.parametrize("shape", [(40, 60), (41, 61)])
def test_far_enough_is_open_and_near_is_not(shape: tuple[int, int]):
    obstacles = np.zeros(shape, bool)
    obstacles[:, 20] = True
    far = away_from(obstacles, 5.0, 0.5)
    gap = np.abs(np.arange(shape[1]) - 20)
    assert not far[:, gap < 10].any()
    assert far[:, gap > 14].all()


def test_no_obstacle_leaves_all_open():
    assert away_from(np.zeros((6, 7), bool), 100.0, 1.0).all()
