"""Opening a ledger to write in it: one process at a time, as many runs as it likes."""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geoseg.ledger.keys import RunKey
from geoseg.ledger.lock import FileLock
from geoseg.ledger.schema import connect, writing
from geoseg.ledger.store import Ledger


def open_ledger(path: str | Path, key: RunKey, *, resume: bool = True) -> Ledger:
    """Open or make the ledger of a run, and hold it against other processes until it is closed.

    Answers of other keys in the same file stay. Without `resume` those of this key are deleted.

    Raises OutputError when another process holds it, when it is not a ledger or one of another
    version, and when it cannot be written.
    """
    file = Path(path)
    with ExitStack() as stack:
        connection = _held(file, stack)
        (run,) = _entered(file, connection, [key], resume)
        return Ledger(file, key, run, connection, stack.pop_all())


@contextmanager
def open_ledgers(
    path: str | Path, keys: Sequence[RunKey], *, resume: bool = True
) -> Generator[tuple[Ledger, ...], None, None]:
    """The ledgers of several keys in one file, which is held as `open_ledger` holds it.

    Keys must differ. Raises OutputError as `open_ledger` does.
    """
    file = Path(path)
    with ExitStack() as stack:
        connection = _held(file, stack)
        runs = _entered(file, connection, keys, resume)
        yield tuple(
            Ledger(file, key, run, connection, ExitStack())
            for key, run in zip(keys, runs, strict=True)
        )


def _held(file: Path, stack: ExitStack) -> sqlite3.Connection:
    """A connection to the locked file; both last as long as the stack."""
    if file.parent.is_dir() and not file.is_dir():
        stack.enter_context(FileLock(file))
    connection = connect(file)
    stack.callback(connection.close)
    return connection


def _entered(
    file: Path, connection: sqlite3.Connection, keys: Sequence[RunKey], resume: bool
) -> list[int]:
    """The row of each key, all of them in one commit."""
    versions = json.dumps(_versions())
    runs = []
    with writing(file), connection:
        for key in keys:
            if not resume:
                connection.execute("DELETE FROM runs WHERE key = ?", (key.hash,))
            connection.execute(
                "INSERT INTO runs (key, settings, versions) VALUES (?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET versions = excluded.versions",
                (key.hash, json.dumps(key.to_json()), versions),
            )
            found = connection.execute("SELECT id FROM runs WHERE key = ?", (key.hash,))
            runs.append(int(found.fetchone()[0]))
    return runs


def _versions() -> dict[str, str]:
    try:
        own = version("geoseg")
    except PackageNotFoundError:
        own = "unknown"
    return {"geoseg": own, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
