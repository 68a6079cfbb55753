"""What a command tells its listener, and how a listener ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from geoseg.errors import Cancelled
from geoseg.events import Event, Listener, Log, Progress, Stage, StageName


class Teller:
    """A listener in whose exceptions, like in Ctrl-C, a command ends with Cancelled."""

    def __init__(
        self,
        listener: Listener | None,
        stages: Mapping[StageName, str],
        stopped: Callable[[], Cancelled],
    ) -> None:
        """`stages` are the command's parts in order, and `stopped` says what a stop leaves."""
        self._listener, self._stages, self._stopped = listener, stages, stopped

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception as error:
            raise self._stopped() from error

    def enter(self, name: StageName) -> None:
        """Tell that a part begins."""
        self(Stage(name, self._stages[name], list(self._stages).index(name), len(self._stages)))

    def aside(self, text: str) -> Teller:
        """Of something done on the way: its progress is a debug line, and may cancel; the rest is
        not told."""

        def pass_on(event: Event) -> None:
            if isinstance(event, Progress):
                self(Log("debug", text))

        return Teller(pass_on, self._stages, self._stopped)

    @contextmanager
    def cancellable(self) -> Iterator[None]:
        """Ctrl-C ends the block with Cancelled."""
        try:
            yield
        except KeyboardInterrupt as stop:
            raise self._stopped() from stop
