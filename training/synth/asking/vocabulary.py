"""Words for places, orders and sizes, and their mirror images.

Who asks and who checks read the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from training.synth import knowledge

Quality = Literal["left", "right", "top", "bottom", "large", "small"]

SUPERLATIVES: Final[Mapping[Quality, tuple[str, ...]]] = {
    "left": ("leftmost",),
    "right": ("rightmost",),
    "top": ("topmost", "uppermost"),
    "bottom": ("bottommost", "lowest"),
    "large": ("largest", "biggest"),
    "small": ("smallest",),
}
"""What singles one out, before its noun."""

ORDINALS: Final = ("second", "third", "fourth")
SIDES: Final[Mapping[Quality, str]] = {
    "left": "from the left",
    "right": "from the right",
    "top": "from the top",
    "bottom": "from the bottom",
}

REGIONS: Final[Mapping[tuple[int, int], tuple[str, ...]]] = {
    (0, 0): ("in the upper left", "in the top left corner"),
    (0, 1): ("at the top center", "in the upper middle"),
    (0, 2): ("in the upper right", "in the top right corner"),
    (1, 0): ("at the left in the middle", "halfway up at the left edge"),
    (1, 1): ("in the center", "in the middle of the picture"),
    (1, 2): ("at the right in the middle", "halfway up at the right edge"),
    (2, 0): ("in the lower left", "in the bottom left corner"),
    (2, 1): ("at the bottom center", "in the lower middle"),
    (2, 2): ("in the lower right", "in the bottom right corner"),
}
"""Row and column of nine equal fields."""

HALVES: Final[Mapping[Quality, str]] = {
    "left": "in the left half",
    "right": "in the right half",
    "top": "in the upper half",
    "bottom": "in the lower half",
}

BETWEEN: Final = ("between", "in between")
"""Before "the house and the pool"."""

NEAREST: Final = ("closest to", "nearest to")


@dataclass(frozen=True, slots=True)
class RuleWords:
    """How a piece of ground is told by what is near it."""

    grounds: tuple[str, ...]
    """Categories that it is a piece of."""

    source: str
    """Category that distances are measured to; "" where there is none."""

    wordings: tuple[str, ...]
    """What stands behind "the grass", with metres for ``{m}``; the last is for tests alone."""


RULES: Final[Mapping[str, RuleWords]] = {
    "refuge": RuleWords(
        ("grass", "bare land", "parking lot", "paved square", "farmland"),
        "building",
        (
            "where no wall falls on people in an earthquake, {m} m or more from any building",
            "to gather on after an earthquake, no closer than {m} m to a building",
            "that stays clear of collapsing houses by at least {m} m",
            "that no facade could fall on, at least {m} m away from every building",
        ),
    ),
    "flood": RuleWords(
        ("grass", "bare land", "farmland", "beach", "road", "building"),
        "water",
        (
            "that would go under first in a flood, up to {m} m from the water",
            "so near the water, within {m} m, that a flood gets there first",
            "to put sandbags around before the water rises, no more than {m} m away from it",
            "that rising water would reach soonest, within {m} m of it",
        ),
    ),
    "fire": RuleWords(
        ("tree", "grass", "bushes", "building", "bare land"),
        "storage tank",
        (
            "that burning fuel would set alight first, up to {m} m from a storage tank",
            "to be cooled with water if a storage tank burns, within {m} m of it",
            "that must be evacuated for {m} m around each storage tank",
            "in danger for {m} m around the storage tanks if one of them explodes",
        ),
    ),
    "landing": RuleWords(
        ("grass", "bare land", "farmland", "paved square", "beach"),
        "",
        (
            "where a helicopter that needs a free circle of {m} m across could come down",
            "that offers a rescue helicopter an open circle {m} m wide",
            "with room for circles of {m} m in which a helicopter can be put down",
            "on which a pilot finds a clear circle {m} m wide to set the helicopter down",
        ),
    ),
}

ASIDES: Final = ("Ignore the {it}.", "Leave the {it} out of it.", "Pay no attention to the {it}.")
"""What is there but not meant, behind a long request."""

COUNTS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)


def mirrored(text: str) -> str:
    """The same request about the picture seen in a mirror: left becomes right.

    Descriptions by function speak of the thing itself and stay as they are.
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    for phrase in _sided_functions():
        text = re.sub(re.escape(phrase), keep, text, flags=re.IGNORECASE)
    text = re.sub("left|right", lambda side: "right" if side[0] == "left" else "left", text)
    return re.sub("\0([0-9]+)\0", lambda mark: kept[int(mark[1])], text)


@cache
def _sided_functions() -> tuple[str, ...]:
    """Fixed wording that has left or right in it, longest first."""
    phrases = {
        phrase
        for category in knowledge.load().values()
        for function in (*category.functions, *category.held_out)
        for phrase in (function, knowledge.headed(category, function))
        if phrase and re.search("left|right", phrase)
    }
    for frames in knowledge.frames().values():
        for frame in (*frames.train, *frames.held_out):
            phrases.update(part for part in frame.split("{it}") if re.search("left|right", part))
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
