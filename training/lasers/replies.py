"""What a language model said, read strictly: what is not exactly what was asked for is no reply."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from training.data.categories import find_category
from training.data.records import SEG

OTHER: Final = "other"
"""Said of a mask that is none of the categories."""

_MARKED = re.compile(r"<p>([^<>]*)</p>\s*\[SEG\]")
_FENCE = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)


class ReplyError(ValueError):
    """A reply that cannot be used. Its text says why."""


def parse_question(reply: str, targets: int) -> tuple[str, str]:
    """Question and answer of a reply; ReplyError unless each target has its ``<p>…</p>[SEG]``."""
    value = _object(reply, {"question", "answer"})
    question, answer = (_text(value, name) for name in ("question", "answer"))
    if re.search(r"</?p>|\[SEG\]", question):
        raise ReplyError("the question holds markers of an answer")
    found = _MARKED.findall(answer)
    if answer.count(SEG) != targets:
        raise ReplyError(f"the answer has {answer.count(SEG)} {SEG} for {targets} targets")
    if not len(found) == answer.count("<p>") == answer.count("</p>") == targets:
        raise ReplyError(f"not every {SEG} follows a <p>phrase</p>, or there are more of these")
    if not all(phrase.strip() for phrase in found):
        raise ReplyError("a phrase is blank")
    return question, answer


def parse_category(reply: str) -> str | None:
    """The category of a reply; None for "other". ReplyError for one that there is not."""
    name = _text(_object(reply, {"category"}), "category")
    if name.lower() == OTHER:
        return None
    known = find_category(name)
    if known is None:
        raise ReplyError(f"{name!r} is no category")
    return known.name


def _object(reply: str, names: set[str]) -> dict[str, Any]:
    """The JSON object after any thoughts, in a fence or not."""
    text = reply.rpartition("</think>")[2].strip()
    if match := _FENCE.match(text):
        text = match[1].strip()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ReplyError(f"it is no JSON ({error})") from error
    if not isinstance(value, dict) or set(value) != names:
        raise ReplyError(f"it is no object of {' and '.join(sorted(names))} alone")
    return value


def _text(value: dict[str, Any], name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not text.strip():
        raise ReplyError(f"its {name} is no text")
    return text.strip()
