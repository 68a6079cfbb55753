"""No model at all: sentences put together from what is known, drawn by the seed.

It stands in where no model is at hand, and in tests. What it writes is correct but plain; what it
says of a mask without a category is a guess from colour and shape, for reviewers to throw out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.lasers.english import article, at, before, capital, count_words, listed
from training.lasers.llm import Request
from training.lasers.prompts import LONG, SHORT
from training.lasers.replies import OTHER

_PURPOSES: Final = Path(__file__).with_name("purposes.json")

_ORDERS: Final = ("Segment {}.", "Find {}.", "Mark {}.", "Show {}.", "Outline {}.")

_PERSONAS: Final = (
    "A surveyor who prepares a new map of this district goes over the picture field by field and "
    "writes down what has to be drawn.",
    "A volunteer who checks old records against this view from the air wants to know what can "
    "really be found on the ground today.",
    "An inspector who will visit this place tomorrow plans the way ahead and looks at the picture "
    "to see what there is to visit first.",
    "A teacher who explains to a class how to read pictures taken from above asks the children to "
    "point at what belongs to the task.",
    "A planner who compares this view with one from ten years ago needs an exact outline before "
    "any change can be measured at all.",
    "A rescue team that has never been to this place studies the view from above in order to know "
    "where to turn after its arrival.",
)

_REQUESTS: Final = (
    "Please mark {} as exactly as the picture allows.",
    "Show where one sees {} and leave all the rest of the picture out.",
    "Everything now depends on an exact outline: find {}.",
)

_GRAY: Final = 18
"""Between the largest and smallest of a mean colour's channels, up to which it has no colour."""


class TemplateModel:
    """Replies without a model; the same for the same facts and seed."""

    name = "template:1"
    remembered = False

    def reply(self, request: Request) -> str:
        """JSON, as a model is asked to write it."""
        if request.kind == "category":
            return json.dumps({"category": guessed(request.facts)})
        random = np.random.default_rng(request.seed)
        targets: Sequence[Mapping[str, Any]] = request.facts["targets"]
        implicit = request.facts["reasoning"] == "implicit"
        short = request.facts["length"] == "short"
        names = [_purpose(t, short) if implicit else _name(t, short) for t in targets]
        others = request.facts["others"]
        question = _short(names, random) if short else _long(names, others, random)
        answer = _implied(targets) if implicit else _answer(targets)
        return json.dumps({"question": question, "answer": answer}, ensure_ascii=False)


def guessed(facts: Mapping[str, Any]) -> str:
    """A category from the mean colour, texture and shape of a mask; often "other"."""
    red, green, blue = facts["mean_rgb"]
    spread = max(red, green, blue) - min(red, green, blue)
    if facts["within"]:
        whole = facts["share_of_box"] >= 0.3 and facts["share_of_box"] <= 0.95
        return str(facts["within"]) if whole else OTHER
    if green >= max(red, blue) + 4:
        return "tree" if facts["texture"] > 14 else "grass"
    if blue > red + 10 or (green > red + 10 and facts["texture"] < 8):
        return "water" if facts["texture"] < 14 else OTHER
    if spread <= _GRAY and facts["eccentricity"] > 0.95 and facts["share"] > 0.02:
        return "road"
    if min(red, green, blue) > 150 and facts["extent"] > 0.6 and facts["share"] < 0.15:
        return "building"
    if red > blue + 20 and facts["texture"] < 10 and facts["share"] > 0.05:
        return "bare land"
    return OTHER


def _short(names: Sequence[str], random: np.random.Generator) -> str:
    """At most eight words, where the names allow it."""
    orders = [order.format(listed(names)) for order in random.permutation(_ORDERS)]
    bare = capital(", ".join(name.removeprefix("the ") for name in names))
    fit = [text for text in (*orders, bare) if count_words(text) <= SHORT]
    return fit[0] if fit else bare


def _long(names: Sequence[str], others: Sequence[str], random: np.random.Generator) -> str:
    persona = _PERSONAS[random.integers(len(_PERSONAS))]
    request = _REQUESTS[random.integers(len(_REQUESTS))].format(listed(names))
    aside = f"Pay no attention to the {listed(list(others))}." if others else ""
    forms = [
        " ".join(filter(None, parts)) for parts in ((persona, aside, request), (persona, request))
    ]
    return next((text for text in forms if count_words(text) <= LONG[1]), request)


def _name(target: Mapping[str, Any], short: bool) -> str:
    name = target["name"]
    if len(target["masks"]) > 1:
        return f"all {name}"
    if target["every"]:
        return f"the {name}"
    if target["rank"]:
        return f"the {target['rank']} {name}"
    place = target["place"]
    return f"the {before(place)} {name}" if short else f"the {name} {at(place)}"


def _purpose(target: Mapping[str, Any], short: bool) -> str:
    """What it is for, in place of its name."""
    head, clause = _purposes()[target["category"]]
    if len(target["masks"]) > 1:
        return f"every {head} {clause}"
    if target["every"]:
        return f"the {head} {clause}"
    if target["rank"]:
        return f"the {target['rank']} {head} {clause}"
    place = target["place"]
    return f"the {before(place)} {head} {clause}" if short else f"the {head} {at(place)} {clause}"


def _marked(target: Mapping[str, Any]) -> str:
    return f"<p>{target['name']}</p>[SEG]"


def _located(target: Mapping[str, Any]) -> str:
    if len(target["masks"]) > 1:
        return f"all {_marked(target)}"
    if target["every"]:
        return f"the {_marked(target)}"
    if target["rank"]:
        return f"the {target['rank']} {_marked(target)}"
    return f"the {_marked(target)} {at(target['place'])}"


def _answer(targets: Sequence[Mapping[str, Any]]) -> str:
    verb = "Marked is" if len(targets) == 1 and len(targets[0]["masks"]) == 1 else "Marked are"
    return f"{verb} {listed([_located(target) for target in targets])}."


def _implied(targets: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for target in targets:
        head, clause = _purposes()[target["category"]]
        link = "each of which is" if len(target["masks"]) > 1 else "which is"
        parts.append(f"{_located(target)}, {link} {article(head)} {head} {clause}")
    return f"What is asked for: {'; '.join(parts)}."


@cache
def _purposes() -> dict[str, tuple[str, str]]:
    """Category → a noun, and a clause that says what it is for; neither names the category."""
    rows: dict[str, tuple[str, str]] = json.loads(_PURPOSES.read_text("utf-8"))
    return rows
