"""Unfinished files: named after what they become, and locked while they are written.

A process that is killed cannot remove its draft, but the operating system frees its lock. Who
writes the same file next knows by that, not by any clock or process number, that the draft is
nobody's any more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from geoseg.errors import OutputError
from geoseg.ledger.lock import FileLock

_PREFIX = ".geoseg-"
_LOCK = ".lock"


def draft_beside(path: Path, suffix: str | None = None) -> Path:
    """A new name in the path's folder; `suffix` is its extension where it is not the path's."""
    extension = path.suffix.lower() if suffix is None else suffix
    return path.with_name(f"{_beginning(path)}{secrets.token_hex(8)}{extension}")


@contextmanager
def locked(draft: Path, *, deep: bool = False) -> Iterator[None]:
    """Hold a draft against `remove_stale`; afterwards nothing that begins with its name is left.

    `deep` is for drafts of that name in the folders inside its folder, too: one lock holds them
    all, since a process can open only so many files.
    """
    with ExitStack() as lock:
        with suppress(OutputError):  # file systems that lock nothing: there no draft is removed
            lock.enter_context(FileLock(draft))
        try:
            yield
        finally:
            # The lock goes last: what a kill leaves in between has one.
            _remove(draft, deep=deep, but=_LOCK)
    _remove(draft)


def remove_stale(path: Path) -> None:
    """Remove drafts of a path whose processes have ended."""
    _remove_unlocked(path.parent, _beginning(path), deep=False)


def remove_all_stale(folder: Path) -> None:
    """Remove drafts in a folder, and in those inside it, whose processes have ended."""
    _remove_unlocked(folder, _PREFIX, deep=True)


def _remove_unlocked(folder: Path, beginning: str, *, deep: bool) -> None:
    for lock in folder.glob(f"{beginning}*{_LOCK}"):
        # In use, or not to be locked or removed by us: it is not ours to remove.
        with suppress(OutputError, OSError):
            draft = lock.with_suffix("")
            with FileLock(draft):
                _remove(draft, deep=deep, but=_LOCK)


def _remove(draft: Path, *, deep: bool = False, but: str | None = None) -> None:
    """Libraries lay journals and indexes of their own beside what they write."""
    if not draft.parent.is_dir():
        return
    names = f"{draft.stem}*"
    for leftover in draft.parent.rglob(names) if deep else draft.parent.glob(names):
        if leftover.suffix != but:
            leftover.unlink(missing_ok=True)


def _beginning(path: Path) -> str:
    """What the drafts of a path have in common, and those of no other file in its folder."""
    return f"{_PREFIX}{hashlib.sha256(path.name.encode()).hexdigest()[:12]}-"
