"""Programs that make sense for a picture: what is there, told in one way or another."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from training.synth import knowledge
from training.synth.asking.facts import View
from training.synth.asking.programs import (
    Between,
    Filter,
    Half,
    Nearest,
    Program,
    Region,
    Superlative,
)
from training.synth.asking.vocabulary import HALVES, ORDINALS, SIDES, SUPERLATIVES, Quality

Granularity = Literal["semantic", "instance", "part"]

_HELD_OUT_OF: Final = 8
"""One composition of a relation and a category in so many is kept for tests."""

_MOST_FOR_ORDINAL: Final = 7
"""Nobody counts to the third of more than so many."""


def propose(
    view: View, random: np.random.Generator, granularity: Granularity, *, count: int
) -> Iterator[Program]:
    """Some programs, named by category; what they select, if anything, is still to be seen."""
    present = [
        category
        for category in knowledge.load().values()
        if (category.granularity == "part") == (granularity == "part")
        and (granularity != "instance" or category.countable)
        and any(kind in view.by_category for kind in knowledge.kinds_of(category.name))
    ]
    if not present:
        return
    for index in random.integers(len(present), size=count):
        category = present[index]
        if granularity == "semantic":
            yield _every(category.name, view, random)
        elif granularity == "instance":
            yield _one(category.name, view, random)
        else:
            yield _part(category.name, view, random)


def composition_held_out(program: Program) -> bool:
    """Whether its relation is never combined with its category in training."""
    if program.filter is None:
        return False
    pair = f"{type(program.filter).__name__}/{program.category}"
    return zlib.crc32(pair.encode()) % _HELD_OUT_OF == 0


def by_function(
    program: Program, random: np.random.Generator, *, held_out: bool, single: bool, longest: int
) -> Program | None:
    """The same, told by what it is for, in at most `longest` words; None if that cannot be."""
    category = knowledge.load()[program.category]
    functions = [
        function
        for function in (category.held_out if held_out else category.functions)
        if len(function.split()) <= longest
        # "the ring where ..." speaks of one thing.
        and (single or not function.startswith(("the ", "somewhere ")))
    ]
    if program.single:
        functions = [each for each in functions if knowledge.headed(category, each)]
    if not functions or program.color or (program.single and program.whole is not None):
        return None
    return replace(program, function=str(random.choice(functions)))


def _every(name: str, view: View, random: np.random.Generator) -> Program:
    found = view.of(knowledge.kinds_of(name))
    colors = sorted({each.item.color for each in found})
    if "" not in colors and len(colors) > 1 and random.random() < 0.35:
        return Program(name, single=False, color=str(random.choice(colors)))
    if len(found) > 3 and random.random() < 0.25:
        return Program(name, single=False, filter=Half(_pick(random, tuple(HALVES))))
    return Program(name, single=False)


def _one(name: str, view: View, random: np.random.Generator) -> Program:
    found = view.of(knowledge.kinds_of(name))
    if len(found) == 1:
        return Program(name, single=True)
    colors = [each.item.color for each in found]
    color = ""
    if "" not in colors and random.random() < 0.35:
        color = str(random.choice(sorted(set(colors))))
        if colors.count(color) == 1:
            return Program(name, single=True, color=color)
    return Program(name, single=True, color=color, filter=_filter(len(found), view, random))


def _filter(found: int, view: View, random: np.random.Generator) -> Filter:
    sort = random.integers(5)
    if sort == 0:
        return Region(int(random.integers(3)), int(random.integers(3)))
    if sort in (1, 2):
        alone = _alone(view)
        if sort == 1 and alone:
            return Nearest(str(random.choice(alone)))
        if sort == 2 and len(alone) > 1:
            first, second = random.permutation(alone)[:2]
            return Between((str(first), str(second)))
    if sort == 3 and 2 < found <= _MOST_FOR_ORDINAL:
        rank = int(random.integers(1, min(found - 1, len(ORDINALS) + 1)))
        return Superlative(_pick(random, tuple(SIDES)), rank)
    return Superlative(_pick(random, tuple(SUPERLATIVES)))


def _alone(view: View) -> list[str]:
    """Categories of which there is one thing, that others can be told by."""
    return sorted(
        name
        for name in view.by_category
        if len(view.of(knowledge.kinds_of(name))) == 1
        and knowledge.load()[name].granularity != "part"
        and knowledge.load()[name].countable
    )


def _part(name: str, view: View, random: np.random.Generator) -> Program:
    found = view.of(knowledge.kinds_of(name))
    countable = knowledge.load()[name].countable
    owners = sorted({each.item.whole for each in found} & set(view.seen))
    if owners and random.random() < 0.65:
        owner = view.seen[int(random.choice(owners))].item
        whole = _one(owner.category, view, random)
        mine = [each for each in found if each.item.whole == owner.number]
        if countable and len(mine) > 1 and random.random() < 0.4:
            wish = Superlative(_pick(random, tuple(SUPERLATIVES)))
            return Program(name, single=True, filter=wish, whole=whole)
        return Program(name, single=False, whole=whole)
    if countable and random.random() < 0.5:
        return _one(name, view, random)
    return _every(name, view, random)


def _pick(random: np.random.Generator, options: tuple[Quality, ...]) -> Quality:
    return options[int(random.integers(len(options)))]
