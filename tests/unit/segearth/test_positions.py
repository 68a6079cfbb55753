import math

import torch

from geoseg.segearth.positions import sine_positions


def test_rows_come_first_then_columns() -> None:
    places = sine_positions(3, 5, 8)
    assert places.shape == (15, 8)
    grid = places.view(3, 5, 8)
    assert torch.equal(grid[:, 0, :4], grid[:, 4, :4])  # the row half ignores the column
    assert torch.equal(grid[0, :, 4:], grid[2, :, 4:])
    # Row 1 of 3, counted from 1, at the fastest wave: 2/3 of a turn.
    torch.testing.assert_close(grid[1, 0, 0], torch.tensor(math.sin(4 * math.pi / 3)))
    torch.testing.assert_close(grid[1, 0, 1], torch.tensor(math.cos(4 * math.pi / 3)))


def test_no_two_cells_share_a_place() -> None:
    places = sine_positions(32, 48, 64)
    assert torch.unique(places, dim=0).shape[0] == 32 * 48
