"""Descriptions become requests in many forms, and answers in the form of LaSeRS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from training.data.categories import categories
from training.synth import knowledge
from training.synth.asking.facts import Seen, View
from training.synth.asking.programs import Program
from training.synth.asking.vocabulary import ASIDES, COUNTS

Reasoning = Literal["explicit", "implicit"]
Length = Literal["short", "long"]

SHORT: Final = 8
"""Words at most in a short request."""

LONG: Final = (25, 80)
"""Words at least and at most in a long one."""

_SPELLINGS: Final = (("center", "centre"), ("gray", "grey"))
"""American and British."""

_PLURALS: Final = {each.name: each.plural for each in categories()}


def request(
    descriptions: Sequence[str],
    reasoning: Reasoning,
    length: Length,
    random: np.random.Generator,
    *,
    held_out: bool,
    around: str = "",
    aside: str = "",
) -> str:
    """A whole request for one or more descriptions; "" if it does not come out at its length.

    `around` is a sentence about the picture that long requests begin with, `aside` one about what
    is not meant, which they end with.
    """
    frames = knowledge.frames()[f"{reasoning}_{length}"]  # type: ignore[index]
    frame = str(random.choice(frames.held_out if held_out else frames.train))
    text = frame.replace("{it}", joined(descriptions))
    if length == "long" and around:
        text = f"{around} {text}"
    text = text[0].upper() + text[1:]
    text = text if text.endswith((".", "?", "!")) else f"{text}."
    if length == "long" and aside:
        text = f"{text} {aside}"
    words = len(text.split())
    fits = words <= SHORT if length == "short" else LONG[0] <= words <= LONG[1]
    return text if fits else ""


def joined(descriptions: Sequence[str]) -> str:
    """ "a, b and c"."""
    *most, last = descriptions
    return f"{', '.join(most)} and {last}" if most else last


def british(text: str) -> str:
    """The same in British spelling."""
    for american, other in _SPELLINGS:
        text = text.replace(american, other)
    return text


def mistyped(text: str, random: np.random.Generator) -> str:
    """Two neighbouring letters of one of the first words changed places, as hasty fingers do."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words[:2]) if len(word) > 4 and word.isalpha()]
    if not long:
        return text
    place = long[int(random.integers(len(long)))]
    word, at = words[place], int(random.integers(1, len(words[place]) - 2))
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def fact(view: View, random: np.random.Generator, shy: frozenset[str]) -> str:
    """A true sentence about the picture that names nothing of the categories in `shy`."""
    known = knowledge.load()
    names = sorted(
        name
        for name in view.by_category
        if known[name].countable
        and known[name].granularity != "part"
        and 1 <= len(view.of(knowledge.kinds_of(name))) < len(COUNTS)
        and not (knowledge.kinds_of(name) & shy)
    )
    if not names:
        return ""
    name = str(random.choice(names))
    count = len(view.of(knowledge.kinds_of(name)))
    noun = known[name].words(count=count)[0]
    return f"The picture shows {COUNTS[count]} {noun}."


def distraction(view: View, random: np.random.Generator, shy: frozenset[str]) -> str:
    """A sentence that sets aside something that is there, but nothing of what is in `shy`."""
    known = knowledge.load()
    names = sorted(
        name
        for name in view.by_category
        if known[name].granularity != "part" and not (knowledge.kinds_of(name) & shy)
    )
    if not names:
        return ""
    noun = known[str(random.choice(names))].words(count=2)[0]
    return str(random.choice(ASIDES)).replace("{it}", noun)


def phrase_of(program: Program, found: Sequence[Seen]) -> str:
    """What the answer calls the target, as Table 7 spells it in lower case."""
    category = knowledge.load()[program.category]
    many = len(found) > 1 and category.countable
    return (_PLURALS[category.name] if many else category.name).lower()


def answer(
    programs: Sequence[Program], found: Sequence[Sequence[Seen]], random: np.random.Generator
) -> str:
    """A sentence with ``<p>phrase</p>[SEG]`` for each target, in their order."""
    marks = [
        f"the <p>{phrase_of(program, seen)}</p>[SEG]"
        for program, seen in zip(programs, found, strict=True)
    ]
    many = len(marks) > 1 or len(found[0]) > 1
    function = programs[0].function
    if len(programs) == 1 and function:
        if function.startswith(("where ", "what ")):
            return f"This is {function}: {marks[0]}."
        return f"The description fits {marks[0]}."
    verb = "are" if many else "is"
    forms = (
        f"Here {verb} {joined(marks)}.",
        f"{joined(marks)} {verb} marked.",
        f"It is {marks[0]}.",
    )
    chosen = forms[int(random.integers(2 if many else 3))]
    return chosen[0].upper() + chosen[1:]


def refusal(program: Program) -> str:
    """The answer where there is no target."""
    category = knowledge.load()[program.category]
    noun = f"{program.color} {category.singular}".strip()
    return f"There is no {noun} in this picture."
