"""Tasks in children that share what is imported already, so that thousands take minutes."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_TICK = 0.002


@dataclass(frozen=True)
class Ended:
    """How a child ended."""

    status: int | None
    """What it returned; None when a signal ended it."""

    signal: int | None
    seconds: float
    processor_seconds: float
    peak_bytes: int
    """Most memory, what it shares with its parent included."""


def tell_progress(done: int, total: int, wrong: int) -> None:
    """A line on standard error at every twentieth part."""
    if done * 20 // total != (done - 1) * 20 // total:
        sys.stderr.write(f"{done} of {total}, {wrong} wrong\n")


@dataclass(frozen=True)
class Bounds:
    """What a child may take before it is ended, so that a wild one takes nobody else down."""

    address_space: int
    """Bytes."""

    processor_seconds: int


def in_child(task: Callable[[], int], *, kill_after: float, bounds: Bounds | None = None) -> Ended:
    """Run a task in a child, and kill it with SIGKILL when it takes longer, in seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    child = os.fork()
    if not child:
        _run(task, bounds)
    ended = 0
    while not ended:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if not ended:
            if time.monotonic() - began > kill_after:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(_TICK)
    code = os.waitstatus_to_exitcode(status)
    return Ended(
        status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        seconds=time.monotonic() - began,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _run(task: Callable[[], int], bounds: Bounds | None) -> None:
    """The child's whole life: nothing of the parent's is closed, flushed or reported again."""
    status = 99
    try:
        if bounds is not None:
            resource.setrlimit(resource.RLIMIT_AS, (bounds.address_space,) * 2)
            resource.setrlimit(resource.RLIMIT_CPU, (bounds.processor_seconds,) * 2)
        status = task()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)
