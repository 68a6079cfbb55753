"""An engine without weights: it finds what the words red, green and blue name.

For tests, documentation and work on the plugin: as fast as reading, the same everywhere, and its
truth can be drawn.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.engines import Question
from geoseg.scene import Chip
from geoseg.tiling import STRIDE

_CHANNELS = {"red": 0, "green": 1, "blue": 2}
_WORD = re.compile(r"\b(red|green|blue)\b", re.IGNORECASE)

_FAINT, _FULL = 24, 72
"""Dominance in grey levels at which a pixel begins to have a colour, and has it fully."""

_STEEPNESS = 16.0
"""Logits between a cell without the colour and a cell full of it."""


class ColorEngine:
    """Answers with the places where one of the three colours outweighs both others."""

    checkpoint_hash = "color-1"
    device = "cpu"

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Answer each question as it comes; an instruction without a colour word finds nothing."""
        for question in questions:
            for instruction in question.instructions:
                yield instruction, _answer(question.chip, instruction)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _answer(chip: Chip, instruction: Instruction) -> TileAnswer:
    words = tuple(dict.fromkeys(_WORD.findall(instruction.text.lower())))
    try:
        found = tuple(answer for word in words if (answer := _find(chip, word)))
    except (ValueError, IndexError) as error:
        return TileAnswer(chip.tile, f"The chip cannot be read: {error}", "failed")
    return TileAnswer(chip.tile, _sentence(found), "stop", found)


def _find(chip: Chip, word: str) -> TargetAnswer | None:
    """The answer about one colour, or None when no cell is mostly of it."""
    logits = (_share(chip, _CHANNELS[word]) - 0.5) * _STEEPNESS
    foreground = logits[logits > 0]
    if not foreground.size:
        return None
    score = float(np.mean(1.0 / (1.0 + np.exp(-foreground))))
    return TargetAnswer(Target.named(word), score, logits.astype(np.float16))


def _share(chip: Chip, channel: int) -> NDArray[np.float32]:
    """(h, w) share of each cell that has the colour, 0 to 1; invalid pixels have none."""
    rgb = chip.rgb.astype(np.int16)
    others = np.maximum(rgb[channel - 1], rgb[channel - 2])
    colour = np.clip(rgb[channel] - others - _FAINT, 0, _FULL - _FAINT) * chip.valid
    # The last cells may stick out of the window: they are averaged over the pixels they have.
    tall, wide = (_cells(np.ones((size, 1), np.int16)) for size in colour.shape)
    most = (_FULL - _FAINT) * tall * wide.T
    return (_cells(_cells(colour).T).T / most).astype(np.float32)


def _cells(rows: NDArray[np.int16]) -> NDArray[np.int16]:
    """(h, W) sums of each four of (H, W) rows; short of a multiple, zeros follow."""
    padded = np.pad(rows, ((0, -len(rows) % STRIDE), (0, 0)))
    sums: NDArray[np.int16] = padded[::STRIDE].copy()
    for offset in range(1, STRIDE):
        sums += padded[offset::STRIDE]
    return sums


def _sentence(found: tuple[TargetAnswer, ...]) -> str:
    if not found:
        return "Nothing here has a colour that was asked for."
    return f"Here is something {' and something '.join(a.target.phrase for a in found)}."
