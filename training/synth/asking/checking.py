"""Texts are read again and must select exactly their masks.

Nothing of what wrote a text is used here but its vocabulary: requests are taken apart by their
wording, and what they mean is worked out from the rasters anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.synth import knowledge
from training.synth.asking.vocabulary import (
    COUNTS,
    HALVES,
    NEAREST,
    ORDINALS,
    REGIONS,
    SIDES,
    SUPERLATIVES,
)
from training.synth.rendering import Picture
from training.synth.world import Item

_COLORS: Final = [
    "white",
    "black",
    "gray",
    "silver",
    "red",
    "blue",
    "green",
    "brown",
    "yellow",
    "dark",
    "beige",
    "orange",
    "purple",
    "clay",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a description was understood to mean."""

    kinds: frozenset[str]
    one: bool
    color: str = ""
    first: tuple[str, int] = ("", 0)
    """Quality and rank of the one that comes first."""

    cell: tuple[int, int] | None = None
    half: str = ""
    near: frozenset[str] = frozenset()
    owner: Reading | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Checker:
    """Reads requests about one picture."""

    picture: Picture
    items: Sequence[Item]
    _where: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    """x, y and area of the items that were measured."""

    def __post_init__(self) -> None:
        for raster in self._rasters():
            numbers = np.unique(raster)
            numbers = numbers[numbers > 0]
            if numbers.size:
                ones = np.ones(raster.shape, np.uint8)
                areas = ndimage.sum_labels(ones, raster, numbers)
                centers = ndimage.center_of_mass(ones, raster, numbers)
                for number, (y, x), area in zip(numbers, centers, areas, strict=True):
                    self._where[int(number)] = (x + 0.5, y + 0.5, int(area))

    def masks(self, text: str) -> list[NDArray[np.bool_]] | None:
        """The masks that a request asks for, (H, W) each; None if it is not clear what it means."""
        outcomes: list[list[tuple[int, ...]]] = []
        for readings in readings_of(text):
            chosen = [self._chosen(reading) for reading in readings]
            if all(chosen) and chosen not in outcomes:
                outcomes.append(chosen)
        if len(outcomes) != 1:
            return None
        return [self._mask(numbers) for numbers in outcomes[0]]

    def finds_nothing(self, text: str) -> bool:
        """Whether nothing in the picture answers to any way of reading the request."""
        every = list(readings_of(text))
        return bool(every) and not any(self._chosen(each) for row in every for each in row)

    def _rasters(self) -> tuple[NDArray[np.uint32], ...]:
        return self.picture.things, self.picture.parts, self.picture.sites

    def _mask(self, numbers: tuple[int, ...]) -> NDArray[np.bool_]:
        plane = np.zeros(self.picture.things.shape, bool)
        for raster in self._rasters():
            plane |= np.isin(raster, np.array(numbers, np.uint32))
        return plane

    def _visible(self, kinds: frozenset[str]) -> list[int]:
        return [n for n in self._where if self.items[n - 1].category in kinds]

    def _chosen(self, reading: Reading) -> tuple[int, ...]:
        found = self._visible(reading.kinds)
        if reading.owner is not None:
            owners = self._chosen(reading.owner)
            found = [n for n in found if self.items[n - 1].whole in owners]
        if reading.color:
            found = [n for n in found if self.items[n - 1].color == reading.color]
        found = self._placed(reading, found)
        if reading.one and len(found) != 1:
            return ()
        return tuple(sorted(found))

    def _placed(self, reading: Reading, found: list[int]) -> list[int]:
        height, width = self.picture.things.shape
        quality, rank = reading.first
        if quality:
            if len(found) < 2:
                return []
            return [sorted(found, key=lambda n: self._key(n, quality))[rank]][: len(found)]
        if reading.cell is not None:
            row, column = reading.cell
            return [
                n
                for n in found
                if row <= 3 * self._where[n][1] / height < row + 1
                and column <= 3 * self._where[n][0] / width < column + 1
            ]
        if reading.half:
            limit = (width if reading.half in ("left", "right") else height) / 2
            axis = 0 if reading.half in ("left", "right") else 1
            low = reading.half in ("left", "top")
            return [n for n in found if (self._where[n][axis] < limit) == low]
        if reading.near:
            anchors = self._visible(reading.near)
            if len(anchors) != 1:
                return []
            x, y, _ = self._where[anchors[0]]
            away = {n: np.hypot(self._where[n][0] - x, self._where[n][1] - y) for n in found}
            return sorted(found, key=lambda n: away[n])[:1]
        return found

    def _key(self, number: int, quality: str) -> float:
        x, y, area = self._where[number]
        keys = {"left": x, "right": -x, "top": y, "bottom": -y, "large": -area, "small": area}
        return float(keys[quality])

    def fact_holds(self, text: str) -> bool:
        """Whether a sentence about the picture at the head of a request is true, or missing."""
        found = _FACT.match(text.lower())
        if not found:
            return True
        counts = {word: number for number, word in enumerate(COUNTS)}
        kinds = [k for k, _ in _nouns().get(_american(found["noun"]), ())]
        return any(len(self._visible(each)) == counts[found["count"]] for each in kinds)


_FACT: Final = re.compile(r"the picture shows (?P<count>\w+) (?P<noun>[^.]+)\. ")


def readings_of(text: str) -> Iterator[list[Reading]]:
    """Every way to read a request: the readings of its targets, in their order."""
    plain = _american(text.lower())
    if found := _FACT.match(plain):
        plain = plain[found.end() :]
    for before, behind in _frames():
        end = len(plain) - len(behind)
        if plain.startswith(before) and plain.endswith(behind) and end > len(before):
            yield from _targets(plain[len(before) : end])


def _american(text: str) -> str:
    return text.replace("centre", "center").replace("grey", "gray")


@cache
def _frames() -> tuple[tuple[str, str], ...]:
    """What stands before and behind what is asked for, with and without a full stop."""
    pairs = set()
    for frames in knowledge.frames().values():
        for frame in (*frames.train, *frames.held_out):
            before, _, behind = _american(frame.lower()).partition("{it}")
            pairs.add((before, behind if behind.endswith((".", "?", "!")) else f"{behind}."))
    return tuple(sorted(pairs))


def _targets(text: str) -> Iterator[list[Reading]]:
    """Every way to take a list apart into descriptions."""
    for reading in _descriptions(text):
        yield [reading]
    for cut in re.finditer(", | and ", text):
        for first in _descriptions(text[: cut.start()]):
            for rest in _targets(text[cut.end() :]):
                yield [first, *rest]


def _descriptions(text: str) -> list[Reading]:
    return [*_functional(text), *_named(text)]


def _functional(text: str) -> Iterator[Reading]:
    if text in _functions():
        yield Reading(_functions()[text], one=False)
    for cut in re.finditer(", ", text):
        place, rest = text[: cut.start()], text[cut.end() :]
        if place.startswith("on ") and rest in _functions():
            for owner in _descriptions(place[3:]):
                yield Reading(_functions()[rest], one=False, owner=owner)
        if place in _halves() and rest in _functions():
            yield Reading(_functions()[rest], one=False, half=_halves()[place])
        yield from _headed(rest, place)
    yield from _headed(text, "")


def _headed(text: str, place: str) -> Iterator[Reading]:
    """ "the [leftmost] strip where planes can land", the place before it."""
    if not text.startswith("the "):
        return
    body = text[4:]
    for word, first in (("", ("", 0)), *_before().items()):
        if body.startswith(word) and (kinds := _heads().get(body[len(word) :].strip())):
            yield from _with_place(kinds, "", first, place)


def _with_place(
    kinds: frozenset[str], color: str, first: tuple[str, int], place: str
) -> Iterator[Reading]:
    """Readings of one thing whose place is told behind or before it."""
    if not place:
        if first[1] == 0:
            yield Reading(kinds, one=True, color=color, first=first)
    elif place in _cells():
        yield Reading(kinds, one=True, color=color, cell=_cells()[place])
    elif place in _sides():
        yield Reading(kinds, one=True, color=color, first=(_sides()[place], first[1]))
    else:
        for word in NEAREST:
            if place.startswith(f"{word} the "):
                for near, count in _nouns().get(place[len(word) + 5 :], ()):
                    if count == 1:
                        yield Reading(kinds, one=True, color=color, near=near)


def _named(text: str) -> Iterator[Reading]:
    start = re.match("(all the|all|every|the) ", text)
    if not start:
        return
    body = text[start.end() :]
    for cut in re.finditer(" of ", text):
        for part in _named(text[: cut.start()]):
            if part.owner is None:
                for owner in _descriptions(text[cut.end() :]):
                    one = part.one and (part.first[0] != "" or part.cell is not None)
                    yield Reading(part.kinds, one, part.color, part.first, part.cell, owner=owner)
    for word, first in (("", ("", 0)), *_before().items()):
        if word and not body.startswith(f"{word} "):
            continue
        rest = body[len(word) :].strip()
        for color in ("", *_COLORS):
            if color and not rest.startswith(f"{color} "):
                continue
            yield from _noun_and_place(rest[len(color) :].strip(), color, first, start[1])


def _noun_and_place(text: str, color: str, first: tuple[str, int], start: str) -> Iterator[Reading]:
    words = text.split(" ")
    for length in range(1, len(words) + 1):
        noun, place = " ".join(words[:length]), " ".join(words[length:])
        for kinds, count in _nouns().get(noun, ()):
            if count == 1 and start == "the":
                yield from _with_place(kinds, color, first, place)
            if (count == 2 or start == "every") and first == ("", 0):
                if not place:
                    yield Reading(kinds, one=False, color=color)
                elif place in _halves():
                    yield Reading(kinds, one=False, color=color, half=_halves()[place])


@cache
def _nouns() -> Mapping[str, tuple[tuple[frozenset[str], int], ...]]:
    """What each noun means, and whether it speaks of one (1) or of all (2)."""
    table: dict[str, list[tuple[frozenset[str], int]]] = {}
    for category in knowledge.load().values():
        kinds = knowledge.kinds_of(category.name)
        for count in (1, 2):
            for word in category.words(count=count):
                entry = (kinds, count if category.countable else 2)
                row = table.setdefault(_american(word.lower()), [])
                if entry not in row:
                    row.append(entry)
    return {word: tuple(row) for word, row in table.items()}


@cache
def _functions() -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for category in knowledge.load().values():
        for function in (*category.functions, *category.held_out):
            key = _american(function.lower())
            kinds = knowledge.kinds_of(category.name, by_function=True)
            table[key] = table.get(key, frozenset()) | kinds
    return table


@cache
def _heads() -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for category in knowledge.load().values():
        for function in (*category.functions, *category.held_out):
            if head := knowledge.headed(category, function):
                table[_american(head.lower())] = _functions()[_american(function.lower())]
    return table


@cache
def _before() -> Mapping[str, tuple[str, int]]:
    """Words before a noun, and what they put first."""
    table: dict[str, tuple[str, int]] = {
        word: (quality, 0) for quality, words in SUPERLATIVES.items() for word in words
    }
    table.update({word: ("", rank) for rank, word in enumerate(ORDINALS, 1)})
    return table


@cache
def _cells() -> Mapping[str, tuple[int, int]]:
    return {word: cell for cell, words in REGIONS.items() for word in words}


@cache
def _sides() -> Mapping[str, str]:
    return {words: side for side, words in SIDES.items()}


@cache
def _halves() -> Mapping[str, str]:
    return {words: side for side, words in HALVES.items()}
