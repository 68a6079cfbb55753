"""Fuse: the answers of overlapping tiles become one field per target.

Two walks over strips of the mask grid. The first joins the foreground of all answers into regions
and notes which tiles saw and which found each; the second takes the weighted mean of the answers
that count. A place is seen where a finished tile looked: a failed tile is a hole, not an absence.
Memory grows with the scene's width, not with its height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import get_args

from geoseg.dialogue import Instruction
from geoseg.errors import InstructionError
from geoseg.fuse.blend import Rule, blended
from geoseg.fuse.field import Field, Strip, level_of
from geoseg.fuse.instances import apart, told_apart
from geoseg.fuse.looks import AnswerSource, TileLogits
from geoseg.fuse.regions import Labeller, Register
from geoseg.fuse.walk import Walk
from geoseg.grid import Grid
from geoseg.tiling import STRIDE, Tile

__all__ = ["AnswerSource", "Field", "Rule", "Strip", "TileLogits", "fuse"]

STRIP_ROWS = 128
"""Most rows of cells per strip."""

STRIP_CELLS = 2**20
"""Most cells per strip of a wide field, and of one of 16 rows as many as it takes."""


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
    strip_rows: int | None = None,
) -> Iterator[Field]:
    """One field per target of an instruction, in the order the targets first appear.

    `grid` is the scene's. `threshold` is the probability where foreground begins. Regions that at
    least three tiles saw are dropped when less than the share `min_agreement` found them. Nothing
    depends on `strip_rows` but memory; None makes strips as tall as the width allows.

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
    if strip_rows is None:
        strip_rows = max(16, min(STRIP_ROWS, STRIP_CELLS * stride // grid.width))
    for target in source.targets(instruction):
        walk = Walk(source, (instruction, target), tiles, grid, stride, strip_rows, level)
        if rule == "instances" and told_apart(walk):
            yield apart(walk, min_agreement)
            continue
        register = _registered(walk)
        strips = partial(_strips, walk, register, rule, min_agreement)
        yield Field(target, grid, stride, level, strips)


def _registered(walk: Walk) -> Register:
    labeller, register = Labeller(), Register()
    for band in walk.bands():
        register.note(labeller.push(band.row_off, band.union), band.looks, walk.marked)
    register.judge()
    return register


def _strips(walk: Walk, register: Register, rule: Rule, min_agreement: float) -> Iterator[Strip]:
    return blended(walk.bands(), register, rule, walk.level, min_agreement)
