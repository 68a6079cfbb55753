"""A set of questions about one picture, spread over all dimensions and over sizes of targets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.synth import knowledge
from training.synth.asking.describing import describe
from training.synth.asking.facts import Seen, View
from training.synth.asking.programs import Half, Program, select
from training.synth.asking.proposing import (
    Granularity,
    by_function,
    composition_held_out,
    propose,
)
from training.synth.asking.requests import (
    Length,
    Reasoning,
    answer,
    british,
    distraction,
    fact,
    mistyped,
    phrase_of,
    refusal,
    request,
)
from training.synth.asking.rules import describe_rule, propose_rule, region

_SMALLEST: Final = 16
"""Pixels that a target has at least; parts may have fewer, `_SMALLEST_PART`."""

_SMALLEST_PART: Final = 6

_GRANULARITIES: Final[tuple[Granularity, ...]] = ("semantic", "instance", "part")
_TRIES: Final = 14
_NEGATIVE: Final = 0.026
_BY_RULE: Final = 0.05
_MISTYPED: Final = 0.02
_BRITISH: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A request, its answer, and a mask for each target."""

    text: str
    answer: str
    programs: tuple[Program, ...]
    masks: tuple[NDArray[np.bool_], ...]
    """(H, W) each; none where the answer is that there is no such thing."""

    targets: tuple[tuple[int, ...], ...]
    """Numbers of the items that each mask is made of."""

    phrases: tuple[str, ...]
    tags: frozenset[str]
    held_out: bool
    """Whether it combines a relation and a category that training never combines."""

    as_meant: str
    """The text before a slip of the fingers."""


@dataclass(frozen=True, slots=True)
class _Wish:
    granularity: Granularity
    reasoning: Reasoning
    length: Length
    targets: int
    log_area: float


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    program: Program
    found: tuple[Seen, ...]
    area: int
    description: str


def ask(
    view: View, random: np.random.Generator, count: int, *, test: bool, whole: bool = True
) -> list[Question]:
    """Up to `count` different questions; tests draw from what training never sees.

    Unless the view is the `whole` truth, nothing is said of what there is not, or how many.
    """
    questions: list[Question] = []
    asked: set[tuple[Program, ...]] = set()
    texts: set[str] = set()
    for _ in range(count * 4):
        if len(questions) == count:
            break
        sort = random.random() if whole else 1.0
        if sort < _NEGATIVE:
            made = _negative(view, random, test=test)
        elif sort < _NEGATIVE + _BY_RULE:
            made = _by_rule(view, random, test=test)
        else:
            made = _question(view, random, _wish(view, random), test=test, told=whole)
        if made is None or made.text in texts:
            continue
        plain = tuple(replace(program, function="") for program in made.programs)
        if plain not in asked:
            questions.append(made)
            asked.add(plain)
            texts.add(made.text)
    return questions


def _wish(view: View, random: np.random.Generator) -> _Wish:
    most = math.log(0.8 * view.height * view.width)
    which = int(random.choice(3, p=[0.34, 0.40, 0.26]))
    return _Wish(
        granularity=_GRANULARITIES[which],
        reasoning="implicit" if random.random() < 0.45 else "explicit",
        length="long" if random.random() < 0.5 else "short",
        targets=int(random.integers(2, 4)) if random.random() < 0.24 else 1,
        log_area=float(random.uniform(math.log(_SMALLEST), most)),
    )


def _question(
    view: View, random: np.random.Generator, wish: _Wish, *, test: bool, told: bool
) -> Question | None:
    candidates = list(_targets(view, random, wish, test=test))
    if len(candidates) < wish.targets:
        return None
    candidates.sort(key=lambda each: abs(math.log(each.area) - wish.log_area))
    chosen: list[_Target] = []
    for each in candidates:
        numbers = {seen.item.number for seen in each.found}
        taken = {seen.item.number for other in chosen for seen in other.found}
        if len(chosen) < wish.targets and not numbers & taken:
            chosen.append(each)
    if len(chosen) < wish.targets:
        return None
    return _put(view, random, wish, chosen, test=test, told=told)


def _targets(
    view: View, random: np.random.Generator, wish: _Wish, *, test: bool
) -> Iterator[_Target]:
    seen_already: set[Program] = set()
    least = _SMALLEST_PART if wish.granularity == "part" else _SMALLEST
    for proposed in propose(view, random, wish.granularity, count=_TRIES):
        if not test and (
            composition_held_out(proposed)
            or (proposed.whole is not None and composition_held_out(proposed.whole))
        ):
            continue
        program: Program | None = proposed
        if wish.reasoning == "implicit":
            whole = len(view.of(knowledge.kinds_of(proposed.category))) == 1
            longest = 7 if wish.length == "short" else 20
            program = by_function(proposed, random, held_out=test, single=whole, longest=longest)
        if program is None or program in seen_already:
            continue
        seen_already.add(program)
        found = select(program, view)
        area = sum(each.area for each in found)
        if isinstance(program.filter, Half) and len(found) == 1:
            continue
        if area < least or (program.single and view.cut(found[0]) and area < 4 * least):
            continue
        alone = len(found) == 1
        yield _Target(program, found, area, describe(program, random, alone=alone))


def _put(
    view: View,
    random: np.random.Generator,
    wish: _Wish,
    chosen: list[_Target],
    *,
    test: bool,
    told: bool,
) -> Question | None:
    """Words for what was chosen; `told`: with a fact about the picture now and then."""
    programs = tuple(each.program for each in chosen)
    shy = frozenset().union(*(program.kinds for program in programs))
    around = fact(view, random, shy) if told and random.random() < 0.5 else ""
    aside = distraction(view, random, shy) if random.random() < 0.2 else ""
    text = request(
        [each.description for each in chosen],
        wish.reasoning,
        wish.length,
        random,
        held_out=test,
        around=around,
        aside=aside,
    )
    if not text:
        return None
    if random.random() < _BRITISH:
        text = british(text)
    slipped = mistyped(text, random) if random.random() < _MISTYPED else text
    return Question(
        text=slipped,
        answer=answer(programs, [each.found for each in chosen], random),
        programs=programs,
        masks=tuple(view.mask(each.found) for each in chosen),
        targets=tuple(tuple(seen.item.number for seen in each.found) for each in chosen),
        phrases=tuple(phrase_of(each.program, each.found) for each in chosen),
        tags=_tags(wish, programs),
        held_out=any(composition_held_out(program) for program in programs),
        as_meant=text,
    )


def _tags(wish: _Wish, programs: tuple[Program, ...]) -> frozenset[str]:
    known = knowledge.load()
    fine = any(known[program.category].granularity == "fine" for program in programs)
    return frozenset(
        {
            wish.granularity,
            "fine" if fine else "general",
            "multiple" if len(programs) > 1 else "single",
            wish.reasoning,
            wish.length,
        }
    )


def _by_rule(view: View, random: np.random.Generator, *, test: bool) -> Question | None:
    """A piece of ground that is told by what lies near it."""
    program = propose_rule(view, random)
    if program is None:
        return None
    description = describe_rule(program, random, held_out=test)
    text = request([description], "explicit", "long", random, held_out=test)
    if not text:
        return None
    wish = _Wish("semantic", "implicit", "long", 1, 0.0)
    found = view.of(program.kinds)
    return Question(
        text=text,
        answer=f"This piece fits: the <p>{phrase_of(program, found)}</p>[SEG].",
        programs=(program,),
        masks=(region(program, view),),
        targets=(tuple(seen.item.number for seen in found),),
        phrases=(phrase_of(program, found),),
        tags=_tags(wish, (program,)),
        held_out=False,
        as_meant=text,
    )


def _negative(view: View, random: np.random.Generator, *, test: bool) -> Question | None:
    """Something that is not there, or is not there in that colour."""
    known = list(knowledge.load().values())
    category = known[int(random.integers(len(known)))]
    found = view.of(knowledge.kinds_of(category.name))
    color = ""
    if found and all(each.item.color for each in found):
        color = "red" if all(each.item.color not in ("red", "brown") for each in found) else ""
    if (found and not color) or category.granularity == "part":
        return None
    length: Length = "long" if random.random() < 0.5 else "short"
    program = Program(category.name, single=False, color=color)
    text = request([describe(program, random)], "explicit", length, random, held_out=test)
    if not text:
        return None
    fine = "fine" if category.granularity == "fine" else "general"
    tags = frozenset({"semantic", fine, "single", "explicit", length})
    return Question(text, refusal(program), (program,), (), (), (), tags, False, text)
