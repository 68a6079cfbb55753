"""A small run and answers to it, for the tests of this room."""

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.grid import Grid
from geoseg.ledger import Plan, RunKey
from geoseg.rendering import Rendering
from geoseg.tiling import Tile, plan_tiles

GRID = Grid("EPSG:32632", Affine(1, 0, 0, 0, -1, 0), 150, 230)
KEY = RunKey("scene-1", GRID, Rendering((1, 2, 3)), "weights-1", {"max_tokens": 512})
TILES = plan_tiles(GRID.height, GRID.width, window=64, overlap=16)
SHIPS = Instruction("the ships at the pier")
PLAN = Plan("scenes/harbour.tif", GRID, TILES, len(TILES), None, (SHIPS,), {"overlap": 16})


def drawn(tile: Tile, seed: int = 0) -> NDArray[np.float16]:
    shape = (-(-tile.window.height // 4), -(-tile.window.width // 4))
    return (np.random.default_rng(seed).normal(size=shape) * 4).astype(np.float16)


def answer(tile: Tile, *phrases: str) -> TileAnswer:
    found = tuple(
        TargetAnswer(Target(phrase), 0.25 + place / 8, drawn(tile, tile.index + place))
        for place, phrase in enumerate(phrases)
    )
    return TileAnswer(tile, " ".join(f"<p>{phrase}</p>" for phrase in phrases), "stop", found)


def expected(logits: NDArray[np.float16]) -> NDArray[np.float32]:
    """What the ledger keeps of logits."""
    steps = np.clip(np.rint(logits.astype(np.float32) * 16), -127, 127)
    return np.where(steps <= -96, -127, steps).astype(np.float32) / 16
