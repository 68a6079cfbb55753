"""What is asked and what is answered: instructions, targets, and the answer about one tile."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geoseg.errors import InstructionError
from geoseg.tiling import Tile

Finish = Literal["stop", "length", "failed"]
"""Why an answer ended: said all, cut off at the token limit, or the tile could not be answered."""

UNSEEN = -60000.0
"""Logit of a cell without a valid pixel, a number that float16 holds: nobody looked there."""

_DETERMINERS = re.compile(r"^(?:(?:the|a|an|all|every|each|any|some|of)\s+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the user says."""

    text: str
    """Not blank, any language."""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InstructionError(
                f"The instruction is empty ({self.text!r}).",
                hint='Say what to look for, for example "safe open areas".',
            )


@dataclass(frozen=True, slots=True)
class Target:
    """One thing the instruction asks for; equal targets of different tiles are one target."""

    phrase: str
    """As `normalize_phrase` leaves it."""

    @classmethod
    def named(cls, phrase: str) -> Target:
        """The target that a phrase of an answer names."""
        return cls(normalize_phrase(phrase))


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One of several things of a target that a tile's answer kept apart, a [SEG] of its own."""

    score: float
    """Mean foreground probability × [SEG] probability, 0 to 1."""

    logits: NDArray[np.float16]
    """(h, w) at the mask stride over the tile's window; > 0 is foreground."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetAnswer:
    """One target found in one tile."""

    target: Target

    score: float
    """Mean foreground probability × [SEG] probability, 0 to 1."""

    logits: NDArray[np.float16]
    """(h, w) at the mask stride over the tile's window; > 0 is foreground, `UNSEEN` was not looked
    at. Of several [SEG] the larger one."""

    instances: tuple[Instance, ...] = ()
    """The things that were told apart, two or more; empty when the target was drawn as one."""


@dataclass(frozen=True, slots=True, eq=False)
class TileAnswer:
    """What the model said about one tile. No targets is an answer too: nothing here."""

    tile: Tile
    text: str
    """The model's sentence, or for a failed tile the reason."""

    finish: Finish
    targets: tuple[TargetAnswer, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the tile was not looked at: a hole, never an absence."""
        return self.finish == "failed"


def normalize_phrase(phrase: str) -> str:
    """Bring the words of different tiles for one thing to one form.

    Case, blanks, punctuation at the ends, determiners and an English plural of the last word are
    dropped: "The Tennis Courts." and "tennis court" are one target.
    """
    text = unicodedata.normalize("NFKC", phrase).casefold()
    text = re.sub(r"\s+", " ", text).strip(" \t\n.,;:!?\"'()[]")
    text = _DETERMINERS.sub("", text) or text
    *head, last = text.split(" ")
    return " ".join([*head, _singular(last)])


def _singular(word: str) -> str:
    if not word.isascii() or len(word) < 4:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    # "glasses", "boxes", "benches" and "campuses" lose "es", "houses" and "courses" only "s".
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("uses") and not word.endswith(("ouses", "auses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
