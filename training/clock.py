"""When a run saves, looks up and stops: by the clock, or because it is asked to."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType


class Clock:
    """Minutes since the start and since each kind of event."""

    def __init__(self, every: Mapping[str, float], most: float) -> None:
        self._start = time.monotonic()
        self._every, self._most = every, most
        self._last = dict.fromkeys(every, self._start)
        self._mark = (self._start, -1)
        self._lap = self._start

    def over(self) -> bool:
        """Whether the longest time has passed."""
        return time.monotonic() - self._start > 60 * self._most

    def due(self, kind: str) -> bool:
        """Whether a kind of event is due; if so, its next one is counted from now."""
        now = time.monotonic()
        if now - self._last[kind] < 60 * self._every[kind]:
            return False
        self._last[kind] = now
        return True

    def lap(self) -> float:
        """Seconds since the last call, or since the start; never 0."""
        before, self._lap = self._lap, time.monotonic()
        return max(1e-9, self._lap - before)

    def rate(self, samples: int) -> float:
        """Samples per second since the last call; 0 at the first."""
        (before, seen), now = self._mark, time.monotonic()
        self._mark = (now, samples)
        return 0.0 if seen < 0 else (samples - seen) / max(1e-9, now - before)


@contextmanager
def stopped_by_sigterm() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether SIGTERM has come; inside the block it kills no more."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGTERM, before)
