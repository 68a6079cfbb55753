"""What is known of a target without looking: what it is, where it lies, how it compares.

Superlatives are only said where all things of the category have masks, and where the next best is
clearly behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from training.data.categories import find_category
from training.lasers.rows import MaskRow, PixelBox

CLEAR_PLACE: Final = 0.06
"""Share of the picture's side by which the leftmost and its like lead."""

CLEAR_SIZE: Final = 0.25
"""Share of the area by which the largest and the smallest lead."""

_ROWS: Final = ("top", "", "bottom")
_COLUMNS: Final = ("left", "", "right")


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a mask lies, and how much it covers."""

    pixels: int
    x: float
    """Of the centre, as a share of the picture's width."""

    y: float
    height: int
    """Of the picture."""

    width: int
    box: PixelBox


@dataclass(frozen=True, slots=True)
class Known:
    """A mask with its category and extent."""

    row: MaskRow
    category: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Subject:
    """A target as it is told to whoever writes a question."""

    category: str
    plural: str
    concept: str
    """"general", "fine" or "part"."""

    masks: tuple[str, ...]
    """Ids of what it unites."""

    every: bool
    """All things of its category in the picture."""

    place: str
    """One of nine: "top left", "center" ...; "" for several things."""

    only_there: bool
    """No other known thing of its category has its centre at that place."""

    rank: str
    """"leftmost", "largest" ... of its category, or ""."""

    share: float
    """Of the picture that it covers."""

    @property
    def name(self) -> str:
        """In the number that it has."""
        return self.plural if self.every and len(self.masks) > 1 else self.category

    @property
    def told_apart(self) -> bool:
        """Whether words can lead to it alone, as far as is known."""
        return self.every or bool(self.rank) or self.only_there


def extent_of(row: MaskRow) -> Extent:
    """Of a mask. DataError where it is none."""
    mask = row.decode()
    rows, columns = mask.nonzero()
    height, width = mask.shape
    x, y = (float(columns.mean()) + 0.5) / width, (float(rows.mean()) + 0.5) / height
    return Extent(len(rows), x, y, height, width, row.box)


def place_of(extent: Extent) -> str:
    """Which of nine fields of the picture holds the centre."""
    words = (_ROWS[min(2, int(extent.y * 3))], _COLUMNS[min(2, int(extent.x * 3))])
    return " ".join(word for word in words if word) or "center"


def subject_of(one: Known, alike: Sequence[Known]) -> Subject:
    """One thing among all known ones `alike` of its category in its picture, itself included."""
    exhaustive = all(other.row.exhaustive for other in alike)
    there = [other for other in alike if place_of(other.extent) == place_of(one.extent)]
    return _subject(
        [one],
        every=exhaustive and len(alike) == 1,
        place=place_of(one.extent),
        only_there=len(there) == 1,
        rank=rank_of(one.extent, [o.extent for o in alike if o is not one]) if exhaustive else "",
    )


def union_of(alike: Sequence[Known]) -> Subject:
    """All things of a category in a picture together."""
    return _subject(alike, every=True, place="", only_there=False, rank="")


def rank_of(one: Extent, others: Sequence[Extent]) -> str:
    """The superlative that tells one from others, where one clearly does."""
    if not others:
        return ""
    for word in ("leftmost", "rightmost", "topmost", "bottommost", "largest", "smallest"):
        if leads(word, one, others, clearly=True):
            return word
    return ""


def leads(word: str, one: Extent, others: Sequence[Extent], *, clearly: bool = False) -> bool:
    """Whether a superlative is true of one among others; `clearly` where no eye would doubt it."""
    place, size = (CLEAR_PLACE, 1 + CLEAR_SIZE) if clearly else (0.0, 1.0)
    return {
        "leftmost": all(o.x - one.x >= place for o in others),
        "rightmost": all(one.x - o.x >= place for o in others),
        "topmost": all(o.y - one.y >= place for o in others),
        "bottommost": all(one.y - o.y >= place for o in others),
        "largest": all(one.pixels >= size * o.pixels for o in others),
        "smallest": all(o.pixels >= size * one.pixels for o in others),
    }[word]


def _subject(
    things: Sequence[Known], *, every: bool, place: str, only_there: bool, rank: str
) -> Subject:
    first = things[0]
    category = find_category(first.category)
    return Subject(
        category=category.name if category else first.category,
        plural=category.plural if category else f"{first.category}s",
        concept=category.granularity if category else "general",
        masks=tuple(thing.row.id for thing in things),
        every=every,
        place=place,
        only_there=only_there,
        rank=rank,
        share=sum(t.extent.pixels for t in things) / (first.extent.height * first.extent.width),
    )
