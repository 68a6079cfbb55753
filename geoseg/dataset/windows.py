"""Where pictures of a data set are cut from a scene, and which of them are kept for testing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from geoseg.errors import InstructionError
from geoseg.grid import Grid, Window
from geoseg.tiling import Tile


def cut_windows(grid: Grid, side: int) -> tuple[Tile, ...]:
    """Windows of nearly equal size, at most `side` pixels a side, that partition the grid.

    No pixel is in two pictures, so none can be in training and in testing. Raises InstructionError
    for a side of less than 32 pixels.
    """
    if side < 32:
        raise InstructionError(
            f"Pictures of {side} pixels a side show too little.",
            hint="Give --window 32 or more; 1024 is what models see.",
        )
    rows, cols = _edges(grid.height, side), _edges(grid.width, side)
    windows = [
        Window(left, top, right - left, bottom - top)
        for top, bottom in rows
        for left, right in cols
    ]
    return tuple(Tile(number, window, window) for number, window in enumerate(windows))


def _edges(length: int, side: int) -> list[tuple[int, int]]:
    parts = math.ceil(length / side)
    edges = [length * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def held_out(tiles: tuple[Tile, ...], share: float, seed: int) -> frozenset[int]:
    """Indices of the tiles kept for testing: one side of the scene, drawn by `seed`.

    Neighbours are alike, so the test pictures lie together, and touch the others along one line.
    At least one is held out if there are two, unless the share is 0. Raises InstructionError for a
    share outside 0 to 1.
    """
    if not 0 <= share < 1:
        raise InstructionError(
            f"The share of pictures for testing is {share}; it must be at least 0 and less than 1."
        )
    if share == 0 or len(tiles) < 2:
        return frozenset()
    count = min(len(tiles) - 1, max(1, round(share * len(tiles))))
    angle = np.random.default_rng(seed).uniform(0, 2 * math.pi)
    centres = np.array(
        [
            (t.window.col_off + t.window.width / 2, t.window.row_off + t.window.height / 2)
            for t in tiles
        ]
    )
    along = centres @ (math.cos(angle), math.sin(angle))
    return frozenset(tiles[place].index for place in np.argsort(-along, kind="stable")[:count])
