"""No model at all: sentences put together from what is known, drawn by the seed.

It stands in where no model is at hand, and in tests. What it writes is correct but plain; what it
says of a mask without a category is a guess from colour and shape, for reviewers to throw out.
Words and purposes are those of `training.synth.knowledge`, without what that holds out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from training.lasers.english import at, before, capital, count_words, listed
from training.lasers.llm import Request
from training.lasers.prompts import LONG, SHORT
from training.lasers.replies import OTHER
from training.synth.knowledge import FrameKind, frames, headed, load

_GRAY: Final = 18
"""Between the largest and smallest of a mean colour's channels, up to which it has no colour."""

_ALIAS: Final = 0.3
"""Share of the questions that call a thing by another of its names."""

Target = Mapping[str, Any]


class TemplateModel:
    """Replies without a model; the same for the same facts and seed."""

    name = "template:1"
    remembered = False

    def reply(self, request: Request) -> str:
        """JSON, as a model is asked to write it."""
        if request.kind == "category":
            return json.dumps({"category": guessed(request.facts)})
        random = np.random.default_rng(request.seed)
        targets: Sequence[Target] = request.facts["targets"]
        short = request.facts["length"] == "short"
        if request.facts["reasoning"] == "implicit":
            purposes = [_purpose(target, random, short=short) for target in targets]
            names = [
                _placed(target, *headed_as(target, purpose), short=short)
                for target, purpose in zip(targets, purposes, strict=True)
            ]
            answer = _implied(targets, purposes)
        else:
            names = [_placed(target, _called(target, random), short=short) for target in targets]
            answer = _answer(targets)
        question = _framed(names, request.facts, random)
        return json.dumps({"question": question, "answer": answer}, ensure_ascii=False)


def guessed(facts: Mapping[str, Any]) -> str:
    """A category from the mean colour, texture and shape of a mask; often "other"."""
    red, green, blue = facts["mean_rgb"]
    spread = max(red, green, blue) - min(red, green, blue)
    if facts["within"]:
        return str(facts["within"]) if 0.3 <= facts["share_of_box"] <= 0.95 else OTHER
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


def headed_as(target: Target, purpose: str) -> tuple[str, str]:
    """A noun that does not give a target away, and the clause that does: "plant", "that ..."."""
    category = load()[target["category"]]
    return category.noun, (headed(category, purpose) or "").removeprefix(f"{category.noun} ")


def _purpose(target: Target, random: np.random.Generator, *, short: bool) -> str:
    """What a target is for, beginning with "what" or "where"; a short one for a short question."""
    category = load()[target["category"]]
    known = [(p, count_words(told)) for p in category.functions if (told := headed(category, p))]
    # A word more says where it is.
    most = max(SHORT - 1, min(words for _, words in known)) if short else LONG[1]
    fit = [purpose for purpose, words in known if words <= most]
    return fit[random.integers(len(fit))]


def _called(target: Target, random: np.random.Generator) -> str:
    """One of its names."""
    category = load().get(target["category"])
    if category is None:
        return str(target["name"])
    first, *others = category.words(count=len(target["masks"]))
    return others[random.integers(len(others))] if others and random.random() < _ALIAS else first


def _placed(target: Target, noun: str, clause: str = "", *, short: bool) -> str:
    """With the words that lead to it: "the leftmost ship", "the place on the left where ..."."""
    place = target["place"]
    if len(target["masks"]) > 1:
        words = ["every" if clause and _countable(target) else "all", noun, clause]
    elif target["every"]:
        words = ["the", noun, clause]
    elif target["rank"]:
        words = ["the", target["rank"], noun, clause]
    elif short:
        words = ["the", before(place), noun, clause]
    else:
        words = ["the", noun, at(place), clause]
    return " ".join(filter(None, words))


def _countable(target: Target) -> bool:
    return load()[target["category"]].countable


def _framed(names: Sequence[str], facts: Mapping[str, Any], random: np.random.Generator) -> str:
    """As many words as are asked for, where the names allow it."""
    kind: FrameKind = f"{facts['reasoning']}_{facts['length']}"  # type: ignore[assignment]
    fewest, most = (1, SHORT) if facts["length"] == "short" else LONG
    texts = list(
        _texts(names, [str(one) for one in random.permutation(frames()[kind].train)], facts)
    )
    fit = (text for text in texts if fewest <= count_words(text) <= most)
    return next(fit, min(texts, key=count_words))


def _texts(
    names: Sequence[str], patterns: Sequence[str], facts: Mapping[str, Any]
) -> Iterator[str]:
    aside = f" Pay no attention to the {listed(facts['others'])}." if facts["others"] else ""
    for pattern in patterns:
        text = capital(pattern.format(it=listed(names)))
        if facts["length"] == "long":
            yield text + aside
        yield text
    if facts["length"] == "short":
        yield capital(", ".join(name.removeprefix("the ") for name in names))


def _located(target: Target) -> str:
    marked = f"<p>{target['name']}</p>[SEG]"
    return _placed(target, marked, short=False)


def _answer(targets: Sequence[Target]) -> str:
    verb = "Marked is" if len(targets) == 1 and len(targets[0]["masks"]) == 1 else "Marked are"
    return f"{verb} {listed([_located(target) for target in targets])}."


def _implied(targets: Sequence[Target], purposes: Sequence[str]) -> str:
    parts = [
        f"{_located(target)} {'are' if len(target['masks']) > 1 else 'is'} {purpose}"
        for target, purpose in zip(targets, purposes, strict=True)
    ]
    return f"{capital('; '.join(parts))}."
