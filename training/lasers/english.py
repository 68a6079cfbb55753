"""The little English that questions, answers and their checks need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from training.synth.knowledge import load

_VOWEL: Final = re.compile(r"^(?:[AEIOUaeiou]|[Hh](?:our|onest|eir)|[AEFHILMNORSX](?:[A-Z]|$))")
_SOUNDS_OTHERWISE: Final = re.compile(r"^(?:uni(?!m|n)|use|us[ai]|one|eu|u-|u$)", re.IGNORECASE)


def counted(category: str) -> bool:
    """Whether people say a category in the plural: ships, but not waters."""
    known = load().get(category)
    return known is None or known.countable


def article(words: str) -> str:
    """ "a" or "an", by the sound that the words begin with."""
    return "an" if _VOWEL.match(words) and not _SOUNDS_OTHERWISE.match(words) else "a"


def listed(parts: Sequence[str]) -> str:
    """Parts with commas and "and"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def at(place: str) -> str:
    """ "at the top left", "on the right", "in the center"."""
    word = {"center": "in", "left": "on", "right": "on"}.get(place, "at")
    return f"{word} the {place}"


def before(place: str) -> str:
    """As it stands before a noun: "top-left", "central"."""
    return {"center": "central"}.get(place, place.replace(" ", "-"))


def capital(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def count_words(text: str) -> int:
    """Words between spaces."""
    return len(text.split())
