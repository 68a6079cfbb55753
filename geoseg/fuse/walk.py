"""How the rows of one target's field are met, the same way each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import Instruction, Target
from geoseg.fuse.blend import Band
from geoseg.fuse.field import STEPS
from geoseg.fuse.looks import AnswerSource, Looks, TileLogits, above
from geoseg.grid import Grid, Window
from geoseg.tiling import Tile


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """One target, asked of all tiles, strip by strip."""

    source: AnswerSource
    question: tuple[Instruction, Target]
    tiles: Sequence[Tile]
    scene: Grid

    stride: int
    """Pixels a side per cell."""

    strip_rows: int
    """Rows of cells per strip."""

    level: int
    """Where foreground begins, in the unit of samples."""

    @property
    def cut(self) -> np.float32:
        """The logit where foreground begins."""
        return np.float32(self.level / (2 * STEPS))

    def marked(self, answer: TileLogits, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """(h, w) the foreground of an answer, or of some of its rows."""
        return above(answer.steps[rows], float(self.cut) / answer.step)

    @property
    def field(self) -> Window:
        """The field's cells."""
        return self.scene.scaled(self.stride).window

    def spans(self) -> Iterator[tuple[int, int]]:
        """The first row of each strip, and one past its last."""
        height = self.field.height
        for begin in range(0, height, self.strip_rows):
            yield begin, min(begin + self.strip_rows, height)

    def bands(self) -> Iterator[Band]:
        """The strips before blending."""
        looks = Looks(self.source, self.question, self.tiles, self.field, self.stride)
        for begin, end in self.spans():
            union = np.zeros((end - begin, self.field.width), np.bool_)
            met = list(looks.meeting(begin, end))
            for look in met:
                if look.answer is not None:
                    rows, own = look.rows(begin, end)
                    union[rows, look.columns] |= self.marked(look.answer, own)
            yield Band(begin, met, union)
