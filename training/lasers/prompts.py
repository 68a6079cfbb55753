"""What a language model is told. Paper: 7.4; the figures' own wording is not published as text.

Three prompts: a category for a mask without one, a question for one target, one for several. Their
version goes into every row: texts that differ have different versions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from training.data.categories import categories
from training.lasers.facts import Subject
from training.lasers.replies import OTHER

VERSION: Final = 1

SHORT: Final = 8
"""Most words of a short question."""

LONG: Final = (25, 80)
"""Fewest and most words of a long one."""

COLORS: Final = ("red", "blue", "yellow", "magenta")
"""In which the targets are outlined, in their order; their number is the most of a question."""

_FORM: Final = (
    'Reply with one JSON object and nothing else: {"question": "...", "answer": "..."}. The answer '
    "is one or two sentences in which each target, in the order given, is named by its category, "
    "in the singular or plural as given, between <p> and </p>, directly followed by [SEG]: "
    "<p>ship</p>[SEG]. Neither the question nor the answer mentions outlines, colours of outlines, "
    "masks, files or these instructions."
)


@dataclass(frozen=True, slots=True)
class Knobs:
    """What kind of question is asked for."""

    reasoning: Literal["explicit", "implicit"]
    length: Literal["short", "long"]


def question_prompt(subjects: Sequence[Subject], knobs: Knobs) -> str:
    """For one target (the paper's Figure 6) or several (Figure 7)."""
    targets = f"{len(subjects)} targets are" if len(subjects) > 1 else "one target is"
    wanted = "all of these targets together" if len(subjects) > 1 else "this target"
    told = (
        f"{number}. outlined in {color}: {json.dumps(_told(subject))}"
        for number, (subject, color) in enumerate(zip(subjects, COLORS, strict=False), 1)
    )
    lines = (
        f"You see an aerial picture in which {targets} outlined. This is known:",
        *told,
        f"Write one question that asks for {wanted} and for nothing else in the picture.",
        _REASONING[knobs.reasoning],
        _LENGTH[knobs.length],
        _FORM,
    )
    return "\n".join(lines)


def category_prompt() -> str:
    """For a mask without a category (Figure 8)."""
    names = ", ".join(category.name for category in categories())
    return (
        "You see an aerial picture in which one region is outlined in red. Say what the region is. "
        f"Choose one of these categories: {names}. If it is none of them, or no single meaningful "
        f"thing, say {OTHER}. "
        'Reply with one JSON object and nothing else: {"category": "..."}.'
    )


_REASONING: Final = {
    "explicit": (
        "Name the targets in the question by what they are, and lead to them by what can be seen: "
        "place, size, colour, neighbours."
    ),
    "implicit": (
        "Do not name the targets in the question: describe a need, a purpose or a situation from "
        "which a person with common sense finds out what is meant."
    ),
}

_LENGTH: Final = {
    "short": f"The question has at most {SHORT} words.",
    "long": f"The question has {LONG[0]} to {LONG[1]} words, and tells of the surroundings or of "
    "the asker.",
}


def _told(subject: Subject) -> dict[str, object]:
    told: dict[str, object] = {"category": subject.name}
    if len(subject.masks) > 1:
        told["number"] = len(subject.masks)
    if subject.place:
        told["place"] = subject.place
    if subject.rank:
        told["compared with the others of its category"] = subject.rank
    if subject.every:
        told["all of its category in the picture"] = True
    return told
