"""The 122 categories of LaSeRS (Table 7), and which of them a phrase names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_FILE = Path(__file__).with_name("categories.json")

_ARTICLES = re.compile(r"^(the|a|an|all|all the)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Category:
    """One row of Table 7."""

    name: str
    """As the table spells it."""

    plural: str
    granularity: Literal["general", "fine", "part"]
    """General and fine-grained concepts, and parts of things."""

    aliases: tuple[str, ...] = ()
    """Other spellings, here and in other data sets; in the singular."""


@cache
def categories() -> tuple[Category, ...]:
    """All of them, in the order of the table."""
    rows = json.loads(_FILE.read_text("utf-8"))
    return tuple(Category(**(row | {"aliases": tuple(row["aliases"])})) for row in rows)


def find_category(phrase: str) -> Category | None:
    """The category that a phrase names, in the singular or plural, whatever its case and hyphens.

    None for one that names none: a phrase is never guessed at.
    """
    known = _by_key()
    key = _key(_ARTICLES.sub("", phrase.strip()))
    for ending in ("", "s", "es"):
        if key.endswith(ending) and (found := known.get(key.removesuffix(ending))):
            return found
    return None


@cache
def _by_key() -> dict[str, Category]:
    return {
        _key(form): category
        for category in categories()
        for form in (category.name, category.plural, *category.aliases)
    }


def _key(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())
