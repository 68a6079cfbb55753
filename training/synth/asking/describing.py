"""Programs become words."""

from __future__ import annotations

from typing import Final

import numpy as np

from training.synth import knowledge
from training.synth.asking.programs import Between, Half, Nearest, Program, Region, Superlative
from training.synth.asking.vocabulary import (
    BETWEEN,
    HALVES,
    NEAREST,
    ORDINALS,
    REGIONS,
    SIDES,
    SUPERLATIVES,
)

_ALL: Final = ("all", "all the", "the", "every")


def describe(program: Program, random: np.random.Generator, *, alone: bool = False) -> str:
    """A noun phrase that means what the program selects.

    `alone`: the picture shows just one of what is meant, so that "the" and the singular will do.
    """
    category = knowledge.load()[program.category]
    if program.function:
        return _by_function(program, category, random)
    if program.whole is not None:
        owner = describe(program.whole, random, alone=program.whole.filter is None)
        if program.single:
            return f"{_named(program, category, random)} of {owner}"
        return f"the {_noun(category, 1 if alone else 2, random)} of {owner}"
    if program.single:
        return _named(program, category, random)
    if alone:
        return " ".join(filter(None, ["the", program.color, _noun(category, 1, random)]))
    start = str(random.choice(_ALL))
    count = 2
    if start == "every":
        start, count = ("every", 1) if category.countable else ("all", 2)
    words = [start, program.color, _noun(category, count, random)]
    if isinstance(program.filter, Half):
        words.append(HALVES[program.filter.side])
    return " ".join(filter(None, words))


def _named(program: Program, category: knowledge.Category, random: np.random.Generator) -> str:
    """One of them, by name: "the second gray car from the left"."""
    before, behind = _placed(program, random)
    words = ["the", before, program.color, _noun(category, 1, random), behind]
    return " ".join(filter(None, words))


def _by_function(
    program: Program, category: knowledge.Category, random: np.random.Generator
) -> str:
    """By what it is for; the name is never said."""
    if program.whole is not None:
        owner = describe(program.whole, random, alone=program.whole.filter is None)
        return f"on {owner}, {program.function}"
    if not program.single:
        if isinstance(program.filter, Half):
            return f"{HALVES[program.filter.side]}, {program.function}"
        return program.function
    before, behind = _placed(program, random)
    headed = knowledge.headed(category, program.function)
    phrase = " ".join(filter(None, ["the", before, headed]))
    return f"{behind}, {phrase}" if behind else phrase


def _placed(program: Program, random: np.random.Generator) -> tuple[str, str]:
    """What stands before the noun and what behind it."""
    wish = program.filter
    if isinstance(wish, Superlative):
        if wish.rank:
            return ORDINALS[wish.rank - 1], SIDES[wish.quality]
        return str(random.choice(SUPERLATIVES[wish.quality])), ""
    if isinstance(wish, Region):
        return "", str(random.choice(REGIONS[wish.row, wish.column]))
    if isinstance(wish, Nearest):
        anchor = _noun(knowledge.load()[wish.anchor], 1, random)
        return "", f"{random.choice(NEAREST)} the {anchor}"
    if isinstance(wish, Between):
        first, second = (_noun(knowledge.load()[each], 1, random) for each in wish.anchors)
        return "", f"{random.choice(BETWEEN)} the {first} and the {second}"
    return "", ""


def _noun(category: knowledge.Category, count: int, random: np.random.Generator) -> str:
    """Its own name mostly, one of its other names otherwise."""
    words = category.words(count=count)
    return words[0] if random.random() < 0.6 else str(random.choice(words))
