"""What a tile will be answered, guessed from its neighbours.

Tiles come row by row, and most are answered like the ones before them. A guess that the model
confirms saves a step per token; one that it does not changes nothing.
"""

from __future__ import annotations

from collections import deque

from geoseg.dialogue import Instruction
from geoseg.segearth.generate import Generation

_REMEMBERED = 16
"""Answers per instruction; older ones would weigh a few percent."""

_FADING = 0.8
"""Weight of an answer against the one after it: four that agree outvote the newest."""

_Rows = tuple[int, ...]


class Drafts:
    """Keeps the newest answers to each instruction of a run."""

    def __init__(self) -> None:
        self._heard: dict[Instruction, deque[_Rows]] = {}
        self.tokens = 0
        """Of all answers so far."""

        self.drafted = 0
        """Of these, how many a draft had right."""

    def expected(self, instruction: Instruction) -> _Rows | None:
        """The answer to expect, as answer rows; None before the first."""
        weights: dict[_Rows, float] = {}
        weight = 1.0
        for rows in reversed(self._heard.get(instruction, ())):
            weights[rows] = weights.get(rows, 0.0) + weight
            weight *= _FADING
        return max(weights, key=weights.__getitem__, default=None)

    def hear(self, instruction: Instruction, reply: Generation) -> None:
        """Remember what a tile was answered."""
        newest = self._heard.setdefault(instruction, deque(maxlen=_REMEMBERED))
        newest.append(reply.ids)
        self.tokens += len(reply.ids)
        self.drafted += reply.drafted
