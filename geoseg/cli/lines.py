"""The process protocol on the standard streams: event lines out, cancel lines in."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from geoseg.errors import Cancelled
from geoseg.events import Event, to_line

GRACE_S = 5.0
"""Seconds a run has to end by itself after the other side has gone."""


class EventLines:
    """Standard output, kept for event lines alone.

    What Python or C libraries print to standard output lands on standard error from then on.
    """

    def __init__(self) -> None:
        own = os.dup(1)
        os.dup2(2, 1)
        self._file = os.fdopen(own, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
        self._lock = threading.Lock()

    def send(self, event: Event, job: str | None = None) -> None:
        """Write one event as one line, at once; of a server's job, with its id.

        Raises Cancelled when nobody reads any more.
        """
        with self._lock:
            try:
                self._file.write(to_line(event, job) + "\n")
                self._file.flush()
            except (OSError, ValueError) as error:
                raise Cancelled("The program that reads the progress lines has gone.") from error


class Stopper:
    """Asks the main thread to stop; the run ends as after Ctrl-C, with its ledger kept."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._over = threading.Event()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Interrupt the main thread, once."""
        if self._asked.is_set() or self._over.is_set():
            return
        self._asked.set()
        if hasattr(signal, "pthread_kill"):
            # A signal also wakes a main thread that waits in a system call.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        else:
            import _thread

            _thread.interrupt_main(signal.SIGTERM)

    def force(self) -> None:
        """End the process, and the group it leads, without any more words."""
        if self._over.is_set():
            return
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(Cancelled.exit_status)

    def disarm(self) -> None:
        """The run is over: nothing is left to stop."""
        self._over.set()


class Rest:
    """A run that was asked to pause waits here, between two commits, until it may go on."""

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a pause."""
        return not self._going.is_set()

    def ask(self) -> None:
        """Pause with the next commit."""
        self._going.clear()

    def end(self) -> None:
        """Go on."""
        self._going.set()

    def wait(self) -> None:
        """Until somebody ends it; a signal interrupts."""
        self._going.wait()


def watch_commands(stopper: Stopper, rest: Rest) -> None:
    """Read standard input in a thread of its own until it ends.

    `{"cmd":"cancel"}` stops the run, `pause` and `resume` let it rest and go on. The end of the
    stream stops it too, which is also how a process learns that the program which started it died.
    The thread never writes: writing to a pipe that nobody reads would end it before it has stopped
    the run.
    """

    def obey(command: dict[str, object]) -> None:
        match command.get("cmd"):
            case "cancel":
                stopper.ask()
                rest.end()
            case "pause":
                rest.ask()
            case "resume":
                rest.end()

    def hung_up() -> None:
        stopper.ask()
        rest.end()
        time.sleep(GRACE_S)
        stopper.force()

    listen(obey, hung_up)


def listen(obey: Callable[[dict[str, object]], None], hung_up: Callable[[], None]) -> None:
    """Hand each command on standard input on, in a thread of its own, and tell of its end."""

    def read() -> None:
        # Unbuffered: an interpreter that ends cannot wait for the lock of a buffer that this
        # thread holds while it waits for a line.
        with suppress(OSError, Cancelled), open(0, "rb", buffering=0, closefd=False) as stdin:
            for line in stdin:
                command = command_of(line)
                if command is not None:
                    obey(command)
        hung_up()

    threading.Thread(target=read, name="geoseg-stdin", daemon=True).start()


def command_of(line: bytes) -> dict[str, object] | None:
    """The JSON object of a line with a `cmd`; None for other lines, which are ignored."""
    try:
        body = json.loads(line)
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("cmd"), str) else None
