"""Examples: a picture, a sentence about it, an answer, and one mask per ``[SEG]`` of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training.data.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One question about one picture."""

    picture: Tensor
    """(3, H, W) uint8."""

    instruction: str
    answer: str
    masks: NDArray[np.bool_]
    """(N, H, W), in the order of the answer's ``[SEG]``."""

    name: str = ""
    """Where it comes from, for errors."""

    def __post_init__(self) -> None:
        named, shape = self.answer.count("[SEG]"), self.masks.shape
        if named != shape[0] or shape[1:] != tuple(self.picture.shape[1:]):
            raise DataError(
                self.name,
                f"it has {named} [SEG] in its answer, masks of shape {shape} and a picture of "
                f"{self.picture.shape[2]} x {self.picture.shape[1]} pixels; each [SEG] needs one "
                "mask of the picture's size.",
            )


class Examples(Protocol):
    """Examples by number. Asking twice gives the same one; asking happens in worker processes."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, index: int) -> Example:
        """Decode one."""

    def instructions(self) -> Sequence[str]:
        """All of them: words that a fresh model is to know."""

    def answers(self) -> Sequence[str]:
        """All of them: words that a model is to say."""
