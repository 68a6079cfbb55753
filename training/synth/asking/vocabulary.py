"""Words for places, orders and sizes, and their mirror images.

Who asks and who checks read the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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

NEAREST: Final = ("closest to", "nearest to")

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
