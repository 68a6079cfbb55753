"""How far tiles agree is counted in the rectangles that they share, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoseg.dialogue import Target, TargetAnswer, TileAnswer
from geoseg.ledger import Shared, open_ledger, shared_cells
from geoseg.tiling import Tile, plan_tiles
from tests.unit.ledger.answers import KEY, PLAN, SHIPS

PAIR = plan_tiles(64, 112, window=64, overlap=16)
"""Two tiles of 16 × 16 cells that share 16 rows of 4 columns."""

PLAN_OF_TWO = replace(PLAN, tiles=PAIR)


def marked(tile: Tile, *columns: int, phrase: str = "ship") -> TileAnswer:
    """Marks whole columns of cells, counted from the scene's edge."""
    logits = np.full((16, 16), -4, np.float16)
    logits[:, [column - tile.window.col_off // 4 for column in columns]] = 4
    return TileAnswer(tile, "", "stop", (TargetAnswer(Target(phrase), 0.5, logits),))


def test_two_tiles(tmp_path: Path) -> None:
    left, right = PAIR
    assert (right.window.col_off, right.window.width) == (48, 64)
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.record(SHIPS, [marked(left, 0, 12, 13), marked(right, 13, 14, 27)])
        (shared,) = shared_cells(ledger, SHIPS, PLAN_OF_TWO).values()
        assert shared == Shared(cells=64, both=16, one=32)
        assert shared.agreement == 0.5
        assert shared.overlap == pytest.approx(1 / 3)
        ledger.record(SHIPS, [marked(right, 27, phrase="crane")])
        told = shared_cells(ledger, SHIPS, PLAN_OF_TWO)
        assert told[Target("ship")] == Shared(64, 0, 32)
        assert told[Target("crane")] == Shared(64, 0, 0)
        assert told[Target("crane")].overlap is None
        ledger.record(SHIPS, [TileAnswer(left, "", "failed")])
        assert shared_cells(ledger, SHIPS, PLAN_OF_TWO)[Target("crane")].agreement is None


def test_every_pair_counts_once_and_equal_answers_agree(tmp_path: Path) -> None:
    tiles = plan_tiles(150, 230, window=64, overlap=24)
    world = np.random.default_rng(5).normal(size=(40, 60)) * 3
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        for tile in tiles:
            top, left = tile.window.row_off // 4, tile.window.col_off // 4
            height, width = -(-tile.window.height // 4), -(-tile.window.width // 4)
            part = world[top : top + height, left : left + width].astype(np.float16)
            found = (TargetAnswer(Target("ship"), 0.5, part),)
            ledger.record(SHIPS, [TileAnswer(tile, "", "stop", found)])
        plan = replace(PLAN, tiles=tiles)
        (shared,) = shared_cells(ledger, SHIPS, plan).values()
    pairs = [
        one.window.intersection(two.window)
        for place, one in enumerate(tiles)
        for two in tiles[place + 1 :]
    ]
    cells = sum(-(-p.height // 4) * -(-p.width // 4) for p in pairs if p is not None)
    assert (shared.cells, shared.agreement, shared.overlap) == (cells, 1, 1)
