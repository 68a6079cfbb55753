"""Cells without a valid pixel: known from the chips, marked in the answers.

An engine is not asked to know what it could not see; whatever it says there, nobody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import UNSEEN, Instruction, TileAnswer
from geoseg.engines import Question
from geoseg.tiling import STRIDE, Tile


@dataclass(slots=True)
class _Veil:
    """The cells of a tile that nobody can see, until all its answers have come."""

    cells: NDArray[np.bool_]
    """(h, w) at the mask stride: no pixel of the cell is valid."""

    awaited: int


class Veils:
    """Stands between the questions and the answers of one scene."""

    def __init__(self) -> None:
        self._veils: dict[Tile, _Veil] = {}

    def noted(self, questions: Iterable[Question]) -> Iterator[Question]:
        """The same questions; what their chips lack is remembered."""
        for question in questions:
            cells = _blind(question.chip.valid)
            if cells.any():
                self._veils[question.chip.tile] = _Veil(cells, len(question.instructions))
            yield question

    def marked(
        self, answers: Iterable[tuple[Instruction, TileAnswer]]
    ) -> Iterator[tuple[Instruction, TileAnswer]]:
        """The same answers, with `UNSEEN` where there was nothing to be seen."""
        for instruction, answer in answers:
            veil = self._veils.get(answer.tile)
            if veil is not None:
                veil.awaited -= 1
                if not veil.awaited:
                    del self._veils[answer.tile]
                answer = _veiled(answer, veil.cells)
            yield instruction, answer


def _blind(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h, w) cells of (H, W) pixels of which none is valid."""
    if valid.all():
        return np.zeros((1, 1), np.bool_)
    height, width = valid.shape
    padded = np.pad(valid, ((0, -height % STRIDE), (0, -width % STRIDE)))
    cells = padded.reshape(padded.shape[0] // STRIDE, STRIDE, -1, STRIDE)
    return np.asarray(~cells.any((1, 3)))


def _veiled(answer: TileAnswer, cells: NDArray[np.bool_]) -> TileAnswer:
    def veiled(drawn: Any) -> Any:
        if drawn.logits.shape != cells.shape:  # for the ledger to refuse
            return drawn
        return replace(drawn, logits=np.where(cells, np.float16(UNSEEN), drawn.logits))

    targets = tuple(
        replace(veiled(found), instances=tuple(map(veiled, found.instances)))
        for found in answer.targets
    )
    return replace(answer, targets=targets)
