"""Sentences that ask for things, and answers to them, in the manner of LaSeRS."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoseg.errors import InstructionError

SENTENCES = (
    "Segment the {phrase}.",
    "Where are the {phrase} in this image?",
    "Find all {phrase}.",
    "Mark the {phrase} that can be seen here.",
    "{phrase}",
)
"""Asked in turn where no other sentences are given."""

_LONG = 25
"""Words from which on a sentence is long."""


def checked(sentences: Sequence[str]) -> tuple[str, ...]:
    """Sentences in which {phrase} stands for what is asked for; SENTENCES if there are none.

    Raises InstructionError for one without it.
    """
    for sentence in sentences:
        if "{phrase}" not in sentence:
            raise InstructionError(
                f"The sentence {sentence!r} asks for nothing: it must hold {{phrase}}.",
                hint='For example "Where are the {phrase}?".',
            )
    return tuple(sentences) or SENTENCES


def asked(sentence: str, phrases: Sequence[str]) -> str:
    """The sentence for these things."""
    text = sentence.replace("{phrase}", _listed(phrases))
    return text[0].upper() + text[1:] if text.endswith((".", "?")) else text


def answered(phrases: Sequence[str]) -> str:
    """The answer that marks these things, in their order."""
    marked = _listed([f"<p>{clean(phrase)}</p>[SEG]" for phrase in phrases])
    return f"Here are the {marked}."


def denied(phrase: str) -> str:
    """The answer where there are none."""
    return f"There are no {clean(phrase)} in this image."


def clean(phrase: str) -> str:
    """A phrase without what would be read as a marker."""
    return re.sub(r"\s+", " ", re.sub(r"</?p>|\[SEG\]|[<>]", " ", phrase)).strip()


def length_tag(sentence: str) -> str:
    """Whether a sentence is short or long."""
    return "long" if len(sentence.split()) >= _LONG else "short"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
