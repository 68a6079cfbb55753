"""The lines that geoseg speaks (its process protocol, version 1), read with care.

What is no JSON object is log text; events and fields that are not known are ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

VERSION = 1

NAMES = {
    "hello",
    "stage",
    "progress",
    "log",
    "layer",
    "partial",
    "preview",
    "result",
    "error",
    "bye",
}
LAST = ("result", "error", "preview")
"""Events that end a job."""


@dataclass(frozen=True)
class Event:
    """One line of the child."""

    name: str
    """One of NAMES, or `text` for what was not an event (a print, a traceback, a bar)."""

    fields: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """A field, or the default when it is not there or null."""
        value = self.fields.get(key)
        return default if value is None else value

    @property
    def last(self) -> bool:
        """Whether the job is over with it."""
        return self.name in LAST


def parse(line: str) -> Event | None:
    """The event of a line; None for one that this version does not know, or an empty line."""
    if not line.strip():
        return None
    try:
        body = json.loads(line)
    except ValueError:
        return Event("text", {"message": line.rstrip()})
    if not isinstance(body, dict) or not isinstance(body.get("event"), str):
        return Event("text", {"message": line.rstrip()})
    if body["event"] not in NAMES:
        return None
    return Event(body["event"], {key: body[key] for key in body if key not in ("v", "event")})


def failure(code: str, message: str = "", hint: str = "", detail: str = "") -> Event:
    """An `error` event that the plugin itself says, where the child could not."""
    return Event("error", {"code": code, "message": message, "hint": hint, "detail": detail})


def understood(hello: Event) -> bool:
    """Whether the child speaks this version."""
    return hello.get("protocol") == VERSION


class Progress:
    """How far a run is as a whole: the sum over the newest line of each instruction."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[int, int | None]] = {}
        self.eta: float | None = None

    def take(self, event: Event) -> None:
        """Remember a `progress` event."""
        self._newest[event.get("instruction", 0)] = (event.get("done", 0), event.get("total"))
        self.eta = event.get("eta_s")

    def clear(self) -> None:
        """Another stage begins."""
        self._newest.clear()
        self.eta = None

    @property
    def percent(self) -> float | None:
        """0 to 100, or None when it cannot be known."""
        totals = [total for _, total in self._newest.values()]
        if not totals or None in totals or not sum(totals):
            return None
        return 100.0 * sum(done for done, _ in self._newest.values()) / sum(totals)
