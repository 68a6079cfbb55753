"""What nano can be asked and what it may answer.

The words live in `phrases.toml`; here they become instructions and answers. A request is a noun in
a form ("find all {things}"), or a whole sentence that never names the category. An answer names a
target by one fixed phrase per category, so that tiles agree: ``<p>buildings</p>[SEG]``. What is
absent is said in words, without a ``[SEG]``.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import combinations
from typing import Any, Final, TypeVar

import numpy as np

T = TypeVar("T")

IMPLICIT_SHARE: Final = 0.35
"""Share of requests that describe the target without naming it."""

PLAIN_SHARE: Final = 0.08
TYPO_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Noun:
    """A name for things: "house, houses", plural only, or a mass noun ("water")."""

    many: str
    one: str | None
    mass: bool


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of thing that nano knows, and the ways to speak of it."""

    name: str
    answer: str
    plain: str
    nouns: tuple[Noun, ...]
    implicit: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forms:
    """Sentence patterns around a noun, or around two of them."""

    any: tuple[str, ...]
    count: tuple[str, ...]
    mass: tuple[str, ...]
    described: tuple[str, ...]
    pair: tuple[str, ...]


def _noun(text: str) -> Noun:
    if "/" not in text:
        return Noun(many=text, one=None, mass=True)
    one, many = text.split("/")
    return Noun(many=many, one=one or None, mass=False)


def _category(name: str, entry: dict[str, Any]) -> Category:
    return Category(
        name=name,
        answer=entry["answer"],
        plain=entry["plain"],
        nouns=tuple(map(_noun, entry["nouns"])),
        implicit=tuple(entry["implicit"]),
        held_out=tuple(entry["held_out"]),
    )


_PHRASES: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    resources.files(__package__).joinpath("phrases.toml").read_text("utf-8")
)
_ABSENT: Final = _PHRASES.pop("absent")
FORMS: Final = Forms(**{key: tuple(value) for key, value in _PHRASES.pop("forms").items()})
CATEGORIES: Final = {name: _category(name, entry) for name, entry in _PHRASES.items()}

NEVER_SEEN: Final[str] = _ABSENT["answer"]
"""The answer to a request for something that no training image shows."""

HELD_OUT: Final = tuple((c.name, text) for c in CATEGORIES.values() for text in c.held_out)
"""(category, request) pairs that training never samples."""

_COMMANDS: Final = frozenset({"segment", "show", "find", "outline", "trace"})
_NEVER_NOUNS: Final = tuple(map(_noun, _ABSENT["nouns"]))
_NEVER_IMPLICIT: Final[tuple[str, ...]] = tuple(_ABSENT["implicit"])


def normalized(text: str) -> str:
    """Lower case, letters and digits only, single spaces: equal if the words are the same."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def requests(category: str) -> Iterator[str]:
    """Every request for one category that training can produce, before case and typing errors."""
    known = CATEGORIES[category]
    yield known.plain
    for text in known.implicit:
        yield from _said(text)
    for noun in known.nouns:
        for form in _forms_of(noun):
            yield form.format(thing=noun.one, things=noun.many)


def ask(category: str, rng: np.random.Generator) -> str:
    """A request for one category in random words."""
    known = CATEGORIES[category]
    draw = rng.random()
    if draw < PLAIN_SHARE:
        text = known.plain
    elif draw < PLAIN_SHARE + IMPLICIT_SHARE and known.implicit:
        text = _describe(known.implicit, rng)
    else:
        text = _name_it(known.nouns, rng)
    return _as_typed(text, rng)


def ask_several(names: Sequence[str], rng: np.random.Generator) -> str:
    """A request for two or more categories at once, in this order."""
    *earlier, last = (_favourite(CATEGORIES[name].nouns, rng).many for name in names)
    return _as_typed(_pick(FORMS.pair, rng).format(a=", ".join(earlier), b=last), rng)


def ask_never_seen(rng: np.random.Generator) -> str:
    """A request for something that no training image shows; its answer is `NEVER_SEEN`."""
    implicit = rng.random() < IMPLICIT_SHARE
    text = _describe(_NEVER_IMPLICIT, rng) if implicit else _name_it(_NEVER_NOUNS, rng)
    return _as_typed(text, rng)


def answer(present: Sequence[str], absent: Sequence[str] = ()) -> str:
    """What to say when some asked categories are there, with a ``[SEG]`` each, and others not."""
    if present:
        return " and ".join(f"<p>{CATEGORIES[name].answer}</p>[SEG]" for name in present)
    verb = "are" if CATEGORIES[absent[0]].nouns[0].one else "is"
    things = " and ".join(f"no {CATEGORIES[name].answer}" for name in absent)
    return f"There {verb} {things} here."


def answer_sentences() -> tuple[str, ...]:
    """Every answer the grammar can give: the answer vocabulary is computed from these."""
    singles = [answer([name]) for name in CATEGORIES] + [answer([], [name]) for name in CATEGORIES]
    pairs = [answer(pair) for pair in combinations(CATEGORIES, 2)]
    none = [answer([], pair) for pair in combinations(CATEGORIES, 2)]
    return (*singles, *pairs, *none, NEVER_SEEN)


def _forms_of(noun: Noun) -> tuple[str, ...]:
    if noun.mass:
        return FORMS.any + FORMS.mass
    if noun.one is None:
        return FORMS.any
    return FORMS.any + FORMS.count


def _said(description: str) -> tuple[str, ...]:
    """A description in every form that suits it; questions and commands stay as they are."""
    if description.endswith("?") or description.split(maxsplit=1)[0] in _COMMANDS:
        return (description,)
    return tuple(form.format(it=description) for form in FORMS.described)


def _describe(descriptions: Sequence[str], rng: np.random.Generator) -> str:
    text = _pick(descriptions, rng)
    return text if rng.random() < 0.5 else _pick(_said(text), rng)


def _pick(options: Sequence[T], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]


def _favourite(nouns: Sequence[Noun], rng: np.random.Generator) -> Noun:
    # The first noun is the category's own name: people use it more than any synonym.
    return nouns[0] if rng.random() < 0.25 else _pick(nouns, rng)


def _name_it(nouns: Sequence[Noun], rng: np.random.Generator) -> str:
    noun = _favourite(nouns, rng)
    return _pick(_forms_of(noun), rng).format(thing=noun.one, things=noun.many)


def _as_typed(text: str, rng: np.random.Generator) -> str:
    """The text in the case, punctuation and, rarely, with the slips of a person at a keyboard."""
    if rng.random() < TYPO_SHARE:
        text = _slip(text, rng)
    case = rng.random()
    if case < 0.3:
        text = text[0].upper() + text[1:]
    elif case < 0.32:
        text = text.upper()
    ending = rng.random()
    if text.endswith("?"):
        return text[:-1] if ending < 0.3 else text
    return text + "." if ending < 0.15 else text


def _slip(text: str, rng: np.random.Generator) -> str:
    """One letter inside the text swapped with its neighbour, or left out."""
    if len(text) < 6:
        return text
    at = int(rng.integers(1, len(text) - 2))
    if rng.random() < 0.5:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
