"""geoseg as a child process: started, listened to, asked to stop, and ended when it is deaf.

Neither Qt nor QGIS is imported. Two threads read the child's streams into a queue that is polled,
so that stopping works while the child is silent.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .faults import of_exit
from .protocol import Event, failure, parse, understood

POLL_S = 0.05
GRACE_S = 3.0
"""Seconds a child has to end after it was asked to; then its process group is killed."""

KEPT_LINES = 200
_UNWANTED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONEXECUTABLE",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
    "QGIS_PREFIX_PATH",
    "QGIS_PLUGINPATH",
    "QT_PLUGIN_PATH",
    "PROJ_LIB",
    "PROJ_DATA",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
)
"""Variables that QGIS sets for itself and that break another Python."""


def clean_env(environ: dict[str, str], proxy: str = "") -> dict[str, str]:
    """The child's environment: what QGIS set for itself left out, UTF-8 and the proxy put in."""
    kept = {
        key: value
        for key, value in environ.items()
        if key not in _UNWANTED and not key.startswith("DYLD_")
    }
    inside = environ.get("QGIS_PREFIX_PATH", "")
    if inside and "PATH" in kept:
        folders = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(f for f in folders if not f.startswith(inside))
    for certificates in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        if inside and kept.get(certificates, "").startswith(inside):
            del kept[certificates]
    kept.update(PYTHONUTF8="1", PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1", PYTHONSAFEPATH="1")
    if proxy:
        kept.update(HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
    return kept


class Child:
    """A started process whose lines arrive in a queue.

    Raises OSError when it cannot be started.
    """

    def __init__(
        self, command: Sequence[str], env: dict[str, str] | None = None, cwd: str | None = None
    ) -> None:
        apart = (
            {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(  # a list, never a shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            **apart,
        )
        self.stderr: deque[str] = deque(maxlen=KEPT_LINES)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read_out, self._read_err)
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Of the child, which leads its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def say(self, **body: object) -> None:
        """Send a command line; a child that is gone hears nothing."""
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(body).encode() + b"\n")
            self._process.stdin.flush()

    def line(self, seconds: float = POLL_S) -> str | None:
        """The next line of standard output, or None when none came in time.

        Raises EOFError when the child will say nothing more.
        """
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            self._lines.put(None)
            raise EOFError
        return line

    def hang_up(self) -> None:
        """Close its standard input: it learns that nobody listens any more."""
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End it and whatever it started."""
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                taskkill = Path(os.environ.get("SYSTEMROOT", ""), "System32", "taskkill.exe")
                subprocess.run(
                    [str(taskkill), "/T", "/F", "/PID", str(self.pid)],
                    check=False,
                    capture_output=True,
                    creationflags=subprocess.CREATE_NO_WINDOW,
                )
        else:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> int:
        """Wait for its end, close the pipes, and give its exit status."""
        status = self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1.0)
        self.hang_up()
        for pipe in (self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError, ValueError):
                pipe.close()
        return status

    def _read_out(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._lines.put(line.decode("utf-8", "replace"))
        self._lines.put(None)

    def _read_err(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stderr:
                # bars rewrite their line: only what stood in the end is kept
                self.stderr.append(line.decode("utf-8", "replace").rstrip().rpartition("\r")[2])


class Run:
    """One job of one child, from its hello to its last line."""

    def __init__(
        self, command: Sequence[str], env: dict[str, str] | None = None, cwd: str | None = None
    ) -> None:
        self._command = list(command)
        self._env, self._cwd = env, cwd
        self._child: Child | None = None
        self._paused = False

    @property
    def stderr(self) -> str:
        """The child's last words."""
        return "\n".join(self._child.stderr) if self._child else ""

    @property
    def pid(self) -> int | None:
        """Of the child, once it was started."""
        return self._child.pid if self._child else None

    def pause(self, paused: bool) -> None:
        """Ask the child to rest after the tiles at hand, or to go on."""
        if self._child and paused != self._paused:
            self._paused = paused
            self._child.say(cmd="pause" if paused else "resume")

    def events(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """The child's events; the last one is a `result` or an `error`, whatever happens.

        `stopped` is asked twenty times a second: once it is true the child is asked to stop, and
        killed with all it started when it has not ended after three seconds.
        """
        try:
            self._child = Child(self._command, self._env, self._cwd)
        except OSError as error:
            yield failure("start", str(error))
            return
        try:
            yield from self._listen(self._child, stopped)
        finally:
            if self._child.running:
                self._child.kill()
            self._child.close()

    def _listen(self, child: Child, stopped: Callable[[], bool]) -> Iterator[Event]:
        asked, greeted, last = None, False, None
        while True:
            if asked is None and stopped():
                asked = time.monotonic()
                child.say(cmd="cancel")
                child.hang_up()
            if asked is not None and time.monotonic() - asked > GRACE_S:
                child.kill()
            try:
                line = child.line()
            except EOFError:
                break
            event = parse(line) if line else None
            if event is None:
                continue
            if event.name == "hello":
                greeted = True
                if not understood(event):
                    yield failure("protocol", f"geoseg {event.get('geoseg', '?')}")
                    return
            if event.last:
                last = event
                child.hang_up()
            else:
                yield event
        yield self._ending(child, last, asked is not None, greeted)

    def _ending(self, child: Child, last: Event | None, asked: bool, greeted: bool) -> Event:
        """The last event: the child's own, or what its end tells."""
        if last is not None:
            return last
        status = child.close()
        if asked:
            return failure("cancelled")
        words = self.stderr
        code = of_exit(status, words)
        if code == "crash" and not greeted and status == 0:
            code = "protocol"
        return failure(code, f"exit status {status}", detail=words)
