"""One writer: a lock that the operating system holds and frees, even when the process is killed."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Self

from geoseg.errors import OutputError

_FAR = 2**30
"""Windows forbids reading locked bytes, so the locked one lies far behind the owner's name."""


class FileLock:
    """Held on `PATH.lock` until released. Entering it a second time fails at once."""

    def __init__(self, path: Path) -> None:
        self._guarded = path
        self._path = path.with_name(path.name + ".lock")
        self._handle: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises OutputError naming the process that holds it."""
        while self._handle is None:
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise OutputError(
                    f"The ledger {self._guarded} cannot be locked: {error}.",
                    hint="Choose a folder you may write to with --ledger PATH.",
                ) from error
            try:
                _take(handle)
            except BlockingIOError as error:
                raise self._in_use(handle) from error
            except OSError as error:
                os.close(handle)
                raise OutputError(
                    f"The file system of {self._path} cannot lock files: {error}.",
                    hint="Keep the ledger on a local disk with --ledger PATH.",
                ) from error
            # The owner before us may have removed the file between our open and our lock.
            if self._is_current(handle):
                self._handle = handle
            else:
                os.close(handle)
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()} on {socket.gethostname()}".encode())
        return self

    def __exit__(self, *exception: object) -> None:
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if sys.platform == "win32":
            os.close(handle)
            with contextlib.suppress(OSError):  # open elsewhere, and harmless if it stays
                self._path.unlink()
        else:
            # Removed while still locked: nobody can lock it in between.
            self._path.unlink(missing_ok=True)
            os.close(handle)

    def _in_use(self, handle: int) -> OutputError:
        owner = os.read(handle, 200).decode(errors="replace")
        os.close(handle)
        return OutputError(
            f"The ledger {self._guarded} is in use by process {owner or '(unknown)'}.",
            hint="Wait until it ends, stop it, or choose another ledger with --ledger PATH.",
        )

    def _is_current(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            os.lseek(handle, 0, os.SEEK_SET)
            raise BlockingIOError(*error.args) from error
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
