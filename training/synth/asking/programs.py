"""What a description selects: a program over what the picture shows.

A program is evaluated to items or to nothing where it is not clear to everybody which are meant:
the runner-up of a superlative must be well behind, no centre may lie on the border of a region, and
slivers that a person would overlook must not change the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from training.synth import knowledge
from training.synth.asking.facts import Seen, View
from training.synth.asking.vocabulary import Quality

CLEAR_STEP: Final = 0.06
"""Of the picture's side: how far the runner-up of a place must lie behind."""

CLEAR_AREA: Final = 1.25
"""How many times larger the largest must be than the next."""

APART: Final = 0.2
"""Of the picture's side: how far what something lies between must be apart."""

SLIVER: Final = 24
"""Pixels below which something may be overlooked."""

_ALIKE: Final = (
    {"white", "silver", "beige"},
    {"silver", "gray", "dark"},
    {"black", "dark"},
    {"brown", "red", "beige"},
)
"""Colours that people take for one another in a picture from the air."""


@dataclass(frozen=True, slots=True)
class Superlative:
    """The one that is first by a quality, or the nth from a side."""

    quality: Quality
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """The one in one of nine fields."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Half:
    """All that lie in one half of the picture."""

    side: Quality


@dataclass(frozen=True, slots=True)
class Nearest:
    """The one closest to something that there is only one of."""

    anchor: str
    """Its category."""


@dataclass(frozen=True, slots=True)
class Between:
    """The one that lies between two things, of each of which there is only one."""

    anchors: tuple[str, str]
    """Their categories."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Not items, but the piece of their ground that something near it singles out."""

    name: str
    """Key of `vocabulary.RULES`."""

    metres: int


Filter = Superlative | Region | Half | Nearest | Between


@dataclass(frozen=True, slots=True)
class Program:
    """Items of a category, sorted out by colour, place and whole."""

    category: str
    single: bool
    """Exactly one is meant; otherwise all that fit."""

    color: str = ""
    filter: Filter | None = None
    whole: Program | None = None
    """Parts: the thing that they belong to."""

    function: str = ""
    """The description that stands for the category's name; "" where it is named."""

    rule: Rule | None = None
    """Leaves a piece of the ground instead of items; `asking.rules` finds it."""

    @property
    def kinds(self) -> frozenset[str]:
        """Categories of what is meant."""
        if not self.function:
            return knowledge.kinds_of(self.category)
        known = knowledge.load().values()
        fitting = [c.name for c in known if self.function in (*c.functions, *c.held_out)]
        return frozenset().union(*(knowledge.kinds_of(c, by_function=True) for c in fitting))


def select(program: Program, view: View) -> tuple[Seen, ...]:
    """What the program means, or () where there is nothing or it is not clear what."""
    every = view.of(program.kinds)
    strict = _narrow(program, every, view)
    plain = _narrow(program, [each for each in every if each.area >= SLIVER], view)
    if program.single:
        return strict if len(strict) == 1 and strict == plain else ()
    return strict if plain else ()


def _narrow(program: Program, every: Sequence[Seen], view: View) -> tuple[Seen, ...]:
    found = list(every)
    if program.whole is not None:
        wholes = select(program.whole, view)
        numbers = {each.item.number for each in wholes}
        found = [each for each in found if each.item.whole in numbers]
    if program.color:
        if not all(each.item.color for each in found):
            return ()
        alike = {c for group in _ALIKE if program.color in group for c in group} - {program.color}
        if any(each.item.color in alike for each in found):
            return ()
        found = [each for each in found if each.item.color == program.color]
    if program.filter is not None:
        return tuple(_FILTERS[type(program.filter)](program.filter, found, view))
    return tuple(found)


def _superlative(wish: Superlative, found: Sequence[Seen], view: View) -> Sequence[Seen]:
    rank, quality = wish.rank, wish.quality
    if len(found) < max(2, rank + 1):
        return ()
    key = _KEYS[quality]
    order = sorted(found, key=lambda each: (key(each), each.item.number))
    around = order[max(0, rank - 1) : rank + 2]
    for first, second in pairwise(around):
        if quality in ("large", "small"):
            low, high = sorted((first.area, second.area))
            if high < low * CLEAR_AREA:
                return ()
        else:
            side = view.width if quality in ("left", "right") else view.height
            if key(second) - key(first) < CLEAR_STEP * side:
                return ()
    return [order[rank]]


_KEYS: Final[dict[Quality, Callable[[Seen], float]]] = {
    "left": lambda each: each.x,
    "right": lambda each: -each.x,
    "top": lambda each: each.y,
    "bottom": lambda each: -each.y,
    "large": lambda each: -each.area,
    "small": lambda each: each.area,
}


def _region(wish: Region, found: Sequence[Seen], view: View) -> Sequence[Seen]:
    if any(_by_border(each, view, 3) for each in found):
        return ()
    return [
        each
        for each in found
        if (int(3 * each.y / view.height), int(3 * each.x / view.width)) == (wish.row, wish.column)
    ]


def _half(wish: Half, found: Sequence[Seen], view: View) -> Sequence[Seen]:
    across = wish.side in ("left", "right")
    middle = (view.width if across else view.height) / 2
    first = wish.side in ("left", "top")
    chosen = []
    for each in found:
        top, left, bottom, right = each.touches
        low, high = (left, right) if across else (top, bottom)
        if low < middle < high:
            return ()
        if (high <= middle) == first:
            chosen.append(each)
    return chosen


def _nearest(wish: Nearest, found: Sequence[Seen], view: View) -> Sequence[Seen]:
    anchors = view.of(knowledge.kinds_of(wish.anchor))
    if len(anchors) != 1 or len(found) < 2:
        return ()
    anchor = anchors[0]
    order = sorted(found, key=lambda each: (_away(each, anchor), each.item.number))
    near, next_near = (_away(each, anchor) for each in order[:2])
    clear = next_near - near >= CLEAR_STEP * min(view.height, view.width)
    return order[:1] if clear and next_near >= near * CLEAR_AREA else ()


def _between(wish: Between, found: Sequence[Seen], view: View) -> Sequence[Seen]:
    first, second = (view.of(knowledge.kinds_of(anchor)) for anchor in wish.anchors)
    if len(first) != 1 or len(second) != 1 or first == second:
        return ()
    a, b = first[0], second[0]
    if _away(a, b) < APART * min(view.height, view.width):
        return ()
    chosen = []
    for each in found:
        if each in (a, b):
            return ()
        along, aside = _on_the_way(each, a, b)
        if 0.15 <= along <= 0.85 and aside <= 0.18:
            chosen.append(each)
        elif -0.1 < along < 1.1 and aside < 0.4:
            return ()
    return chosen


def _on_the_way(each: Seen, a: Seen, b: Seen) -> tuple[float, float]:
    """How far from a to b, and how far off the line, both as shares of its length."""
    x, y = b.x - a.x, b.y - a.y
    square = x * x + y * y
    dx, dy = each.x - a.x, each.y - a.y
    return (dx * x + dy * y) / square, abs(dx * y - dy * x) / square


def _away(each: Seen, anchor: Seen) -> float:
    return math.hypot(each.x - anchor.x, each.y - anchor.y)


def _by_border(each: Seen, view: View, fields: int) -> bool:
    places = (each.x / view.width, each.y / view.height)
    return any(
        abs(place - line / fields) < CLEAR_STEP / 2 for place in places for line in range(1, fields)
    )


_FILTERS: Final[dict[type, Callable[..., Sequence[Seen]]]] = {
    Superlative: _superlative,
    Region: _region,
    Half: _half,
    Nearest: _nearest,
    Between: _between,
}
