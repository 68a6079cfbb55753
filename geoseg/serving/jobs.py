"""Jobs, one after the other in the main thread, while others speak to them."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from typing import Literal

from geoseg.errors import Cancelled, InstructionError
from geoseg.events import Bye, Event, Failure, Listener, Log, Preview, Progress, Result

Send = Callable[[Event, str | None], None]
"""Tells an event of the job with that id, or of the server itself."""


class Job:
    """Something to be done: `work` gets a listener, whose exceptions end it."""

    def __init__(self, key: str, work: Callable[[Listener], object]) -> None:
        self.key, self._work = key, work
        self._going = threading.Event()
        self._going.set()
        self._cancelled = False

    def pause(self) -> None:
        """Rest with the next sign of progress."""
        self._going.clear()

    def resume(self) -> None:
        """Go on."""
        self._going.set()

    def cancel(self) -> None:
        """End with the next sign of life; what is finished is kept."""
        self._cancelled = True
        self._going.set()

    def do(self, send: Send) -> None:
        """Work; the last event is a result, a preview or an error, whatever happens."""

        def listen(event: Event) -> None:
            send(event, self.key)
            if isinstance(event, Progress) and not self._going.is_set():
                send(Log("info", "Paused."), self.key)
                self._going.wait()
            if self._cancelled and not isinstance(event, Result | Preview):
                raise Cancelled("Stopped by the program that asked.")

        try:
            if self._cancelled:
                raise Cancelled("Stopped before it began.")
            self._work(listen)
        except Exception as error:
            detail = "".join(traceback.format_exception(error))
            send(Failure.of(error, detail), self.key)
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise  # a signal is for the whole process


class Server:
    """A queue of jobs; all methods but `serve` may be called from other threads."""

    def __init__(self, send: Send, idle_s: float) -> None:
        """After `idle_s` seconds without a job the server ends."""
        self._send, self._idle_s = send, idle_s
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._known: dict[str, Job] = {}

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue."""
        if job.key in self._known:
            text = f"A job {job.key!r} is there already."
            # Without its id: the job of that name is not over.
            self._send(Failure(InstructionError.code, text, "Give each job its own id."), None)
            return
        self._known[job.key] = job
        self._queue.put(job)

    def tell(self, key: str, what: Literal["pause", "resume", "cancel"]) -> None:
        """Speak to a job, at work or waiting; one that is over hears nothing."""
        job = self._known.get(key)
        if job is not None:
            getattr(job, what)()

    def close(self) -> None:
        """End after the job at hand, which is cancelled, as are those that wait."""
        for job in tuple(self._known.values()):
            job.cancel()
        self._queue.put(None)

    def serve(self) -> None:
        """Work until the server is closed or nobody has asked for a while."""
        while True:
            try:
                job = self._queue.get(timeout=self._idle_s)
            except queue.Empty:
                self._send(Bye("idle"), None)
                return
            if job is None:
                self._send(Bye("quit"), None)
                return
            try:
                job.do(self._send)
            finally:
                del self._known[job.key]
