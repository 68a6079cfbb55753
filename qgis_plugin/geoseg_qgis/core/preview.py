"""`geoseg serve`: a child that stays, for questions about one window. No Qt, no QGIS.

The model is loaded once; the child leaves by itself after idle minutes and is started anew with the
next question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .faults import of_exit
from .process import Child
from .protocol import Event, failure, parse, understood


class Server:
    """Asks, and is polled for answers; never blocks."""

    def __init__(self, command: Sequence[str], env: dict[str, str], cwd: str | None = None) -> None:
        self._command, self._env, self._cwd = list(command), env, cwd
        self._child: Child | None = None
        self._waiting: str | None = None
        self._count = 0

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._waiting is not None

    @property
    def pid(self) -> int | None:
        """Of the child, while there is one."""
        return self._child.pid if self._child else None

    def ask(self, cmd: str, **fields: object) -> str:
        """Send a request; an earlier one that was not answered is cancelled. Gives its id.

        Raises OSError when the child cannot be started.
        """
        if self._child is None or not self._child.running:
            self.stop()
            self._child = Child(self._command, self._env, self._cwd)
        elif self._waiting:
            self._child.say(cmd="cancel", id=self._waiting)
        self._count += 1
        self._waiting = f"{cmd}-{self._count}"
        self._child.say(cmd=cmd, id=self._waiting, **fields)
        return self._waiting

    def poll(self) -> Iterator[Event]:
        """What came for the newest request since the last call."""
        while self._child is not None:
            try:
                line = self._child.line(seconds=0.001)
            except EOFError:
                yield from self._gone()
                return
            if line is None:
                return
            event = parse(line)
            if event is not None and event.name == "hello" and not understood(event):
                self.stop()
                yield failure("protocol", f"geoseg {event.get('geoseg', '?')}")
                return
            if event is None or event.get("id", self._waiting) != self._waiting:
                continue
            if event.last:
                self._waiting = None
            yield event

    def cancel(self) -> None:
        """Forget the question at hand."""
        if self._child is not None and self._waiting:
            self._child.say(cmd="cancel", id=self._waiting)
        self._waiting = None

    def stop(self) -> None:
        """End the child, at once."""
        child, self._child, self._waiting = self._child, None, None
        if child is not None:
            child.hang_up()
            child.kill()
            child.close()

    def _gone(self) -> Iterator[Event]:
        """The child ended: a question at hand gets an error, else nobody minds."""
        child, waiting = self._child, self._waiting
        self._child = self._waiting = None
        status, words = child.close(), "\n".join(child.stderr)
        if waiting:
            yield failure(of_exit(status, words), f"exit status {status}", detail=words)
