"""What is known of the 122 categories: words, kinds, sizes, parts and what each is for.

`knowledge.json` holds it; the names are those of Table 7, in its order. A *function* describes a
category without naming it, for implicit requests. Each reads after "show me": most begin with
"where" or "what" and say nothing of number, so that one phrase serves a single target and all
targets of a kind ("where planes can land"); `headed` puts a noun before it where a single target
needs one ("strip where planes can land"). A quarter of the functions and frames is held out:
training never draws them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from training.data.categories import categories

_FILE: Final = Path(__file__).with_name("knowledge.json")

Tier = Literal["A", "B", "C", "part"]
"""How well a drawing shows it: convincingly, recognisably, by its proportions only; or a part."""

FrameKind = Literal["explicit_short", "explicit_long", "implicit_short", "implicit_long"]
"""What stands for ``{it}``, a name or a function, and how long the request becomes."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category of Table 7, as a generator of scenes and questions needs it."""

    name: str
    """As the table spells it; answers use this."""

    singular: str
    """As people write it: "Boeing 737" for ``boeing737``, "bush" for ``bushes``."""

    plural: str
    """The singular itself where `countable` is False."""

    aliases: tuple[str, ...]
    """What else people call it, in the singular; none belongs to another category."""

    granularity: Literal["general", "fine", "part"]
    parent: str | None
    """The wider category that it is a kind of."""

    serves_parent: bool
    """Whether its parent's functions fit it too: a bomber is an airplane without travellers."""

    same_as: str | None
    """A category that means the same thing under another name; the link runs one way."""

    tier: Tier
    size_m: tuple[float, float]
    """Length along its axis and width across it, of a typical one, in metres."""

    parts: tuple[str, ...]
    """Categories of granularity "part" that it can show from above."""

    noun: str
    """A general word for one of them that does not give it away: "machine", "strip"."""

    countable: bool
    functions: tuple[str, ...]
    """Descriptions that never name it, for training and for tests."""

    held_out: tuple[str, ...]
    """Descriptions for tests alone."""

    ambiguous: tuple[str, ...]
    """Descriptions that fit other categories too: every category they fit lists them."""

    def words(self, *, count: int) -> tuple[str, ...]:
        """Its own name and then its aliases, in the singular or plural by the count."""
        if count == 1 or not self.countable:
            return (self.singular, *self.aliases)
        return (self.plural, *map(plural_of, self.aliases))


@dataclass(frozen=True, slots=True)
class Frames:
    """Whole requests around ``{it}``."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


@cache
def load() -> Mapping[str, Category]:
    """All categories by name, in the order of the table."""
    rows = _document()["categories"]
    return MappingProxyType(
        {c.name: _category(c.name, c.plural, c.granularity, rows[c.name]) for c in categories()}
    )


@cache
def frames() -> Mapping[FrameKind, Frames]:
    """Request patterns by kind."""
    return MappingProxyType(
        {
            kind: Frames(tuple(row["train"]), tuple(row["held_out"]))
            for kind, row in _document()["frames"].items()
        }
    )


@cache
def kinds_of(name: str, *, by_function: bool = False) -> frozenset[str]:
    """Every category whose objects a request for this one means: itself, its synonyms and kinds.

    A request by function leaves out the kinds that the functions do not fit.
    """
    known = load()
    meant = {name, *filter(None, [known[name].same_as])}
    while True:
        wider = meant | {
            each.name
            for each in known.values()
            if each.same_as in meant
            or (each.parent in meant and (each.serves_parent or not by_function))
        }
        if wider == meant:
            return frozenset(meant)
        meant = wider


@cache
def wholes_of(part: str) -> frozenset[str]:
    """The categories that a part belongs to."""
    return frozenset(c.name for c in load().values() if part in c.parts)


def headed(category: Category, function: str) -> str | None:
    """The function as a noun phrase in the singular, without article; None if it cannot be one."""
    first, _, rest = function.partition(" ")
    link = {"where": "where", "what": "that"}.get(first)
    return f"{category.noun} {link} {rest}" if link else None


def plural_of(noun: str) -> str:
    """The plural of an English noun phrase as `aliases` spells them: "backs of a ship"."""
    head, link, rest = re.split(r"( (?:of|for|on) |$)", noun, maxsplit=1)
    if head.endswith("craft"):
        return noun
    if head.endswith(("s", "x", "z", "ch", "sh")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = f"{head[:-1]}ies"
    else:
        head += "s"
    return head + link + rest


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return document


def _category(name: str, plural: str, granularity: Any, row: Mapping[str, Any]) -> Category:
    countable = row.get("countable", True)
    length, width = row["size_m"]
    return Category(
        name=name,
        singular=row.get("singular", name),
        plural=row.get("plural", plural) if countable else name,
        aliases=tuple(row["aliases"]),
        granularity=granularity,
        parent=row.get("parent"),
        serves_parent=row.get("serves_parent", True),
        same_as=row.get("same_as"),
        tier=row["tier"],
        size_m=(float(length), float(width)),
        parts=tuple(row.get("parts", ())),
        noun=row["noun"],
        countable=countable,
        functions=tuple(row["functions"]),
        held_out=tuple(row["held_out"]),
        ambiguous=tuple(row.get("ambiguous", ())),
    )
