"""Requests are taken apart by their wording: every way to read one.

Nothing of what wrote a text is used here but its vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from training.synth import knowledge
from training.synth.asking.vocabulary import (
    ASIDES,
    BETWEEN,
    HALVES,
    NEAREST,
    ORDINALS,
    REGIONS,
    RULES,
    SIDES,
    SUPERLATIVES,
)

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
    ends: tuple[frozenset[str], ...] = ()
    """What it lies between."""

    owner: Reading | None = None
    rule: tuple[str, int] | None = None
    """Name and metres of what singles out a piece of the ground."""


FACT: Final = re.compile(r"the picture shows (?P<count>\w+) (?P<noun>[^.]+)\. ")
"""A sentence about the picture that a long request may begin with."""

ASIDE: Final = re.compile(
    "|".join(
        f"(?<=[.?!]) {re.escape(before.lower())}(?P<noun{place}>[^.?!]+){re.escape(behind)}$"
        for place, (before, _, behind) in enumerate(each.partition("{it}") for each in ASIDES)
    )
)
"""A sentence that sets something aside, with which a long request may end."""


def readings_of(text: str) -> Iterator[list[Reading]]:
    """Every way to read a request: the readings of its targets, in their order."""
    plain = american(text.lower())
    if found := FACT.match(plain):
        plain = plain[found.end() :]
    if found := ASIDE.search(plain):
        plain = plain[: found.start()]
    for before, behind in _frames():
        end = len(plain) - len(behind)
        if plain.startswith(before) and plain.endswith(behind) and end > len(before):
            yield from _targets(plain[len(before) : end])


def american(text: str) -> str:
    """The same in American spelling."""
    return text.replace("centre", "center").replace("grey", "gray")


@cache
def _frames() -> tuple[tuple[str, str], ...]:
    """What stands before and behind what is asked for, with and without a full stop."""
    pairs = set()
    for frames in knowledge.frames().values():
        for frame in (*frames.train, *frames.held_out):
            before, _, behind = american(frame.lower()).partition("{it}")
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
    return [*_functional(text), *_named(text), *_ruled(text)]


def _ruled(text: str) -> Iterator[Reading]:
    """ "the grass that ..., 15 m from the water"."""
    for name, pattern in _rules():
        if found := pattern.fullmatch(text):
            for kinds, count in nouns_of().get(found["noun"], ()):
                if count == 2:
                    yield Reading(kinds, one=False, rule=(name, int(found["m"])))


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (
            name,
            re.compile(
                "the (?P<noun>.+?) " + re.escape(wording).replace(r"\{m\}", "(?P<m>[0-9]+)")
            ),
        )
        for name, words in RULES.items()
        for wording in words.wordings
    )


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
        yield from (Reading(kinds, one=True, color=color, ends=ends) for ends in _ends(place))
        for word in NEAREST:
            if place.startswith(f"{word} the "):
                for near, count in nouns_of().get(place[len(word) + 5 :], ()):
                    if count == 1:
                        yield Reading(kinds, one=True, color=color, near=near)


def _ends(place: str) -> Iterator[tuple[frozenset[str], ...]]:
    """ "between the house and the pool"."""
    for word in BETWEEN:
        if place.startswith(f"{word} the "):
            body = place[len(word) + 5 :]
            for cut in re.finditer(" and the ", body):
                for first, one in nouns_of().get(body[: cut.start()], ()):
                    for second, other in nouns_of().get(body[cut.end() :], ()):
                        if one == other == 1:
                            yield first, second


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
        for kinds, count in nouns_of().get(noun, ()):
            if count == 1 and start == "the":
                yield from _with_place(kinds, color, first, place)
            if (count == 2 or start == "every") and first == ("", 0):
                if not place:
                    yield Reading(kinds, one=False, color=color)
                elif place in _halves():
                    yield Reading(kinds, one=False, color=color, half=_halves()[place])


@cache
def nouns_of() -> Mapping[str, tuple[tuple[frozenset[str], int], ...]]:
    """What each noun means, and whether it speaks of one (1) or of all (2)."""
    table: dict[str, list[tuple[frozenset[str], int]]] = {}
    for category in knowledge.load().values():
        kinds = knowledge.kinds_of(category.name)
        for count in (1, 2):
            for word in category.words(count=count):
                entry = (kinds, count if category.countable else 2)
                row = table.setdefault(american(word.lower()), [])
                if entry not in row:
                    row.append(entry)
    return {word: tuple(row) for word, row in table.items()}


@cache
def _functions() -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for category in knowledge.load().values():
        for function in (*category.functions, *category.held_out):
            key = american(function.lower())
            kinds = knowledge.kinds_of(category.name, by_function=True)
            table[key] = table.get(key, frozenset()) | kinds
    return table


@cache
def _heads() -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for category in knowledge.load().values():
        for function in (*category.functions, *category.held_out):
            if head := knowledge.headed(category, function):
                table[american(head.lower())] = _functions()[american(function.lower())]
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
