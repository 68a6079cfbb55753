"""The process protocol on the standard streams: event lines out, cancel lines in."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
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

    def send(self, event: Event) -> None:
        """Write one event as one line, at once.

        Raises Cancelled when nobody reads any more.
        """
        with self._lock:
            try:
                self._file.write(to_line(event) + "\n")
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


def watch_commands(stopper: Stopper) -> None:
    """Read standard input in a thread of its own until it ends.

    `{"cmd":"cancel"}` stops the run; so does the end of the stream, which is also how a process
    learns that the program which started it died. The thread never writes: writing to a pipe that
    nobody reads would end it before it has stopped the run.
    """
    threading.Thread(target=_watch, args=(stopper,), name="geoseg-stdin", daemon=True).start()


def _watch(stopper: Stopper) -> None:
    # Unbuffered: an interpreter that ends cannot wait for the lock of a buffer that this thread
    # holds while it waits for a line.
    with suppress(OSError), open(0, "rb", buffering=0, closefd=False) as stdin:
        for line in stdin:
            if is_cancel(line):
                stopper.ask()
    stopper.ask()
    time.sleep(GRACE_S)
    stopper.force()


def is_cancel(line: bytes) -> bool:
    """Whether a line of standard input asks for the end; other lines are ignored."""
    try:
        body = json.loads(line)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("cmd") == "cancel"
