"""A ledger read as it stands: for drawing again and for looking, while a run may be writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from geoseg.errors import OutputError
from geoseg.ledger.keys import RunKey
from geoseg.ledger.schema import FORMAT_VERSION, recognized, writing
from geoseg.ledger.store import Ledger


@contextmanager
def read_ledger(path: str | Path) -> Generator[tuple[Ledger, ...], None, None]:
    """Every run of a ledger that has a plan, the latest last; they cannot be written to.

    What a run writes from here on is not seen. Raises OutputError when there is no such ledger,
    and when it is of another format.
    """
    file = Path(path)
    if not file.is_file():
        raise OutputError(
            f"There is no ledger {file}.",
            hint="A run keeps its answers in OUT.ledger, beside its output.",
            code="bad_request",
        )
    with closing(_connected(file)) as connection:
        with writing(file):
            rows = connection.execute(
                "SELECT r.id, r.settings FROM runs r JOIN plans p ON p.run = r.id ORDER BY p.turn"
            ).fetchall()
        yield tuple(
            Ledger(file, RunKey.from_json(json.loads(settings)), run, connection, ExitStack())
            for run, settings in rows
        )


def _connected(path: Path) -> sqlite3.Connection:
    with writing(path):
        try:
            return _snapshot(path, "mode=rw")
        except sqlite3.OperationalError as error:
            # In a folder that cannot be written SQLite has no place for its list of readers. It
            # needs none where nobody writes: a log beside the file would tell of a writer.
            if path.with_name(path.name + "-wal").exists():
                raise OutputError(
                    f"The ledger {path} cannot be read where it lies ({error}).",
                    hint=f"Copy {path.name} and {path.name}-wal to a folder you may write to.",
                ) from error
            return _snapshot(path, "immutable=1")


def _snapshot(path: Path, how: str) -> sqlite3.Connection:
    """A connection inside a transaction: all that it reads is of one moment."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)
    try:
        tables, version = recognized(connection, path)
        if not tables or version < FORMAT_VERSION:
            raise OutputError(
                f"The ledger {path} has format {version} and does not say what its run was about.",
                hint="Give the `geoseg run` that made it once more, with --overwrite: that brings "
                "it up to date and asks no tile again.",
            )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM runs").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
