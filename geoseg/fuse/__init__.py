"""Fuse: the answers of overlapping tiles become one field per target.

Two walks over strips of the mask grid. The first joins the foreground of all answers into regions
and notes which tiles saw and which found each; the second takes the weighted mean of the answers
that count. A place is seen where a finished tile looked: a failed tile is a hole, not an absence.
Memory grows with the scene's width, not with its height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np

from geoseg.dialogue import Instruction, Target
from geoseg.errors import InstructionError
from geoseg.fuse.blend import Band, Rule, blended
from geoseg.fuse.field import STEPS, Field, Strip, level_of
from geoseg.fuse.looks import AnswerSource, Looks, TileLogits
from geoseg.fuse.regions import Labeller, Register
from geoseg.grid import Grid
from geoseg.tiling import STRIDE, Tile

__all__ = ["AnswerSource", "Field", "Rule", "Strip", "TileLogits", "fuse"]

STRIP_ROWS = 128
"""Rows of cells per strip."""


def fuse(
    source: AnswerSource,
    instruction: Instruction,
    tiles: Sequence[Tile],
    grid: Grid,
    *,
    rule: Rule = "found",
    threshold: float = 0.5,
    min_agreement: float = 0.0,
    stride: int = STRIDE,
    strip_rows: int = STRIP_ROWS,
) -> Iterator[Field]:
    """One field per target of an instruction, in the order the targets first appear.

    `grid` is the scene's. `threshold` is the probability where foreground begins. Regions that at
    least three tiles saw are dropped when less than the share `min_agreement` found them.

    Raises InstructionError for an unknown rule, or a probability or share out of range.
    """
    if rule not in get_args(Rule):
        raise InstructionError(
            f"There is no way to fuse called {rule!r}.",
            hint=f"Choose one of {', '.join(get_args(Rule))}.",
        )
    if not 0.0 <= min_agreement <= 1.0:
        raise InstructionError(
            f"The least agreement is a share between 0 and 1, got {min_agreement}.",
            hint="0 keeps everything, 0.5 asks half of the tiles that saw a thing to find it.",
        )
    level = level_of(threshold)
    for target in source.targets(instruction):
        walk = _Walk(source, (instruction, target), tiles, grid, stride, strip_rows, level)
        register = _registered(walk)
        strips = partial(_strips, walk, register, rule, min_agreement)
        yield Field(target, grid, stride, level, strips)


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """How the bands of one target are met, the same way each time."""

    source: AnswerSource
    question: tuple[Instruction, Target]
    tiles: Sequence[Tile]
    grid: Grid
    stride: int
    strip_rows: int
    level: int

    @property
    def cut(self) -> float:
        """The logit where foreground begins."""
        return self.level / (2 * STEPS)

    def bands(self) -> Iterator[Band]:
        cells = self.grid.scaled(self.stride)
        looks = Looks(self.source, self.question, self.tiles, cells.window, self.stride)
        for begin in range(0, cells.height, self.strip_rows):
            end = min(begin + self.strip_rows, cells.height)
            union = np.zeros((end - begin, cells.width), np.bool_)
            met = list(looks.meeting(begin, end))
            for look in met:
                if look.logits is not None:
                    rows, own = look.rows(begin, end)
                    union[rows, look.columns] |= look.logits[own] > self.cut
            yield Band(begin, met, union)


def _registered(walk: _Walk) -> Register:
    labeller, register = Labeller(), Register()
    for band in walk.bands():
        register.note(labeller.push(band.row_off, band.union), band.looks, walk.cut)
    register.judge()
    return register


def _strips(walk: _Walk, register: Register, rule: Rule, min_agreement: float) -> Iterator[Strip]:
    return blended(walk.bands(), register, rule, walk.level, min_agreement)
