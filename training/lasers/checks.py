"""What a machine can see of a question before a person looks. Each check flags, none drops.

::

    markers     [SEG], <p> and </p> are as many as there are targets
    tags        one tag of each dimension, and the right one for the number of targets
    phrase      a phrase of the answer is its target's category
    number      a phrase is in the plural for several things, in the singular for one
    place       "top left", "on the right", "in the center" are true of a target
    rank        "leftmost", "largest" ... are true of a target among what is known
    area        each target's mask has pixels
    length      as many words as the tag says
    named       an implicit question does not name its target
    grammar     articles, "all" and "each" agree with what follows; no word stands twice
    duplicate   the same words do not ask for two things in one picture
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.data.categories import categories, find_category
from training.data.records import DIMENSIONS, SEG, phrases_of
from training.lasers.english import article, count_words, counted
from training.lasers.facts import Extent, Known, leads
from training.lasers.prompts import LONG, SHORT
from training.lasers.rows import QuestionRow

_MIDDLE: Final = (0.25, 0.75)
"""Where the center is, as shares of the picture's sides."""

_PLACE: Final = re.compile(
    r"\b(?P<row>top|upper|bottom|lower)[- ](?P<column>left|right)\b"
    r"|\b(?:on|to|at|in) the (?:far )?(?P<side>top|bottom|left|right|center|centre|middle)"
    r"(?: side| edge| half| part| corner)?"
    # Not "to the right of the pier", "in the middle rows".
    r"(?= of the (?:picture|image|scene|frame)|\W*$|\s*[^\w\s]"
    r"|\s(?:and|or|that|which|where|is|are)\b)",
    re.IGNORECASE,
)

_RANK: Final = re.compile(
    r"\b(leftmost|rightmost|topmost|uppermost|bottommost|lowermost|largest|biggest|smallest)\b",
    re.IGNORECASE,
)
_SAME_RANK: Final = {"uppermost": "topmost", "lowermost": "bottommost", "biggest": "largest"}

_ARTICLE: Final = re.compile(r"\b(an?) (?:<p>)?([A-Za-z][\w'-]*)")
_TWICE: Final = re.compile(r"\b([A-Za-z]+) \1\b", re.IGNORECASE)
_ONE: Final = r"\b(?:an?|one|each|every|another) "
_MANY: Final = r"\b(?:all|several|many|these|those|both) (?:the )?"


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A question with what is known of its targets."""

    row: QuestionRow
    targets: tuple[tuple[Known, ...], ...]
    """Masks that each target unites; those that there are not are missing."""

    rivals: tuple[tuple[Extent, ...], ...]
    """Of each target: the other known things of its category in the picture."""


def look(row: QuestionRow, known: Mapping[str, Known], picture: Iterable[Known]) -> Looked:
    """A question with its targets, by the known masks, and those of its picture."""
    targets = tuple(tuple(known[name] for name in ids if name in known) for ids in row.targets)
    others = list(picture)
    rivals = tuple(
        tuple(o.extent for o in others if o.category == category and o.row.id not in ids)
        for category, ids in zip(row.categories, row.targets, strict=True)
    )
    return Looked(row, targets, rivals)


def flags_of(looked: Looked) -> tuple[str, ...]:
    """Everything that is odd about a question, as "check: what"."""
    return tuple(f"{name}: {what}" for name, check in _CHECKS.items() for what in check(looked))


def duplicates(rows: Sequence[QuestionRow]) -> frozenset[str]:
    """Ids of the questions whose words ask for something else in the same picture, or again."""
    words = {row.id: (row.picture, *re.findall(r"\w+", row.question.lower())) for row in rows}
    counts = Counter(words.values())
    return frozenset(name for name, said in words.items() if counts[said] > 1)


def _markers(looked: Looked) -> Iterator[str]:
    answer, targets = looked.row.answer, len(looked.row.targets)
    for marker in (SEG, "<p>", "</p>"):
        if answer.count(marker) != targets:
            yield f"{answer.count(marker)} {marker} for {targets} targets"


def _tags(looked: Looked) -> Iterator[str]:
    tags = set(looked.row.tags)
    for name, known in DIMENSIONS.items():
        found = [tag for tag in known if tag in tags]
        if not found or (len(found) > 1 and name != "granularity"):
            yield f"{' and '.join(found) or 'nothing'} of {', '.join(known)}"
    if ("multiple" in tags) != (len(looked.row.targets) > 1):
        yield f"multiplicity of {len(looked.row.targets)} targets"


def _phrase(looked: Looked) -> Iterator[str]:
    for phrase, category in zip(phrases_of(looked.row.answer), looked.row.categories, strict=False):
        found = find_category(phrase)
        if found is None:
            yield f"{phrase!r} is no category"
        elif found.name != category:
            yield f"{phrase!r} for {category}"


def _number(looked: Looked) -> Iterator[str]:
    for phrase, ids in zip(phrases_of(looked.row.answer), looked.row.targets, strict=False):
        found = find_category(phrase)
        if found is None or not counted(found.name) or found.name == found.plural:
            continue
        if (phrase.lower() == found.plural.lower()) != (len(ids) > 1):
            yield f"{phrase!r} for {len(ids)}"


def _place(looked: Looked) -> Iterator[str]:
    centres = [_centre(target) for target in looked.targets if target]
    for match in _PLACE.finditer(f"{looked.row.question} {looked.row.answer}"):
        if not any(_lies(match, x, y) for x, y in centres):
            yield match[0]


def _lies(match: re.Match[str], x: float, y: float) -> bool:
    words = {(match[name] or "").lower() for name in ("row", "column", "side")}
    low, high = _MIDDLE
    if words & {"center", "centre", "middle"}:
        return low <= x <= high and low <= y <= high
    return not (
        (words & {"left"} and x > 0.5)
        or (words & {"right"} and x < 0.5)
        or (words & {"top", "upper"} and y > 0.5)
        or (words & {"bottom", "lower"} and y < 0.5)
    )


def _rank(looked: Looked) -> Iterator[str]:
    for match in _RANK.finditer(f"{looked.row.question} {looked.row.answer}"):
        word = _SAME_RANK.get(match[0].lower(), match[0].lower())
        if not any(
            len(target) == 1 and leads(word, target[0].extent, rivals)
            for target, rivals in zip(looked.targets, looked.rivals, strict=True)
        ):
            yield match[0]


def _area(looked: Looked) -> Iterator[str]:
    for number, (target, ids) in enumerate(zip(looked.targets, looked.row.targets, strict=True), 1):
        if len(target) != len(ids) or not sum(one.extent.pixels for one in target):
            yield f"target {number} has a mask that is missing or empty"


def _length(looked: Looked) -> Iterator[str]:
    words, tags = count_words(looked.row.question), looked.row.tags
    if "short" in tags and words > SHORT:
        yield f"{words} words, at most {SHORT}"
    if "long" in tags and not LONG[0] <= words <= LONG[1]:
        yield f"{words} words, {LONG[0]} to {LONG[1]}"


def _named(looked: Looked) -> Iterator[str]:
    if "implicit" in looked.row.tags:
        for name in dict.fromkeys(looked.row.categories):
            found = find_category(name)
            forms = (found.name, found.plural, *found.aliases) if found else (name,)
            if any(re.search(rf"\b{re.escape(f)}\b", looked.row.question, re.I) for f in forms):
                yield f"{name} in an implicit question"


def _grammar(looked: Looked) -> Iterator[str]:
    text = f"{looked.row.question} | {looked.row.answer}"
    for match in _ARTICLE.finditer(text):
        if match[1] != article(match[2]):
            yield match[0].replace("<p>", "")
    plain = re.sub(r"</?p>", "", text)
    for match in _TWICE.finditer(plain):
        yield match[0]
    for category in categories():
        if category.name in plain and counted(category.name) and category.name != category.plural:
            one, many = re.escape(category.name), re.escape(category.plural)
            for pattern in (rf"{_ONE}{many}\b", rf"{_MANY}{one}\b(?! \w*s\b)"):
                yield from (match[0] for match in re.finditer(pattern, plain, re.IGNORECASE))


_CHECKS: Final[Mapping[str, Callable[[Looked], Iterator[str]]]] = {
    "markers": _markers,
    "tags": _tags,
    "phrase": _phrase,
    "number": _number,
    "place": _place,
    "rank": _rank,
    "area": _area,
    "length": _length,
    "named": _named,
    "grammar": _grammar,
}


def _centre(target: Sequence[Known]) -> tuple[float, float]:
    total = sum(one.extent.pixels for one in target)
    x = sum(one.extent.x * one.extent.pixels for one in target) / total
    return x, sum(one.extent.y * one.extent.pixels for one in target) / total
