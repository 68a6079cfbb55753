"""A one-line progress bar with the time that is left, for a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from geoseg.events import Progress

_CELLS = 24


class Bar:
    """Draws progress over and over on one line of a stream."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._unit: str | None = None
        self._latest: dict[int, Progress] = {}
        self._began = (0.0, 0)
        self._drawn = 0

    def draw(self, progress: Progress) -> None:
        """Show how far the present part is, all of its instructions together."""
        if progress.unit != self._unit:
            self._unit, self._latest = progress.unit, {}
        whole = self._together(progress)
        left = whole.eta_s if whole.eta_s is not None else self._seconds_left(whole)
        text = bar_text(whole, left)
        self._stream.write("\r" + text.ljust(self._drawn))
        self._stream.flush()
        self._drawn = len(text)

    def clear(self) -> None:
        """Take the bar off the line, so that other text can stand there."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0

    def _together(self, progress: Progress) -> Progress:
        """The newest of each instruction as one; those that are not known yet are left out."""
        new = progress.instruction not in self._latest
        self._latest[progress.instruction] = progress
        if progress.total is None:
            return progress
        done = sum(one.done for one in self._latest.values())
        total = sum(one.total or 0 for one in self._latest.values())
        if new:
            self._began = (self._clock(), done)
        return replace(progress, done=done, total=total)

    def _seconds_left(self, progress: Progress) -> float | None:
        """At the pace since this part began; what was done before it (a resumed run) is no pace."""
        since, done_then = self._began
        fresh = progress.done - done_then
        if progress.total is None or fresh <= 0:
            return None
        return (self._clock() - since) / fresh * (progress.total - progress.done)


def bar_text(progress: Progress, seconds_left: float | None) -> str:
    """The bar in characters, for example `[████····] 12/24 tiles, about 2 min left`."""
    if progress.total is None:
        return f"{progress.done} {progress.unit} …"
    share = progress.done / progress.total if progress.total else 1.0
    full = round(min(share, 1.0) * _CELLS)
    text = f"[{'█' * full}{'·' * (_CELLS - full)}] {progress.done}/{progress.total} {progress.unit}"
    if seconds_left is None or progress.done >= progress.total:
        return text
    return f"{text}, about {duration_text(seconds_left)} left"


def duration_text(seconds: float) -> str:
    """A duration as people say it: `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
