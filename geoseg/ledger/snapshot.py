"""A ledger read as it stands: for drawing again and for looking, while a run may be writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
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
    with closing(connected(file)) as connection:
        yield planned_runs(file, connection)


def planned_runs(path: Path, connection: sqlite3.Connection) -> tuple[Ledger, ...]:
    """Every run of an open ledger that has a plan, the latest last."""
    with writing(path):
        rows = connection.execute(
            "SELECT r.id, r.settings FROM runs r JOIN plans p ON p.run = r.id ORDER BY p.turn"
        ).fetchall()
    return tuple(
        Ledger(path, RunKey.from_json(json.loads(settings)), run, connection, ExitStack())
        for run, settings in rows
    )


def latest_runs(runs: Sequence[Ledger]) -> tuple[Ledger, ...]:
    """Of the runs over each scene the latest; of these, the latest last."""
    latest: dict[str, Ledger] = {}
    for run in runs:
        latest.pop(run.key.scene_fingerprint, None)
        latest[run.key.scene_fingerprint] = run
    return tuple(latest.values())


def connected(path: Path) -> sqlite3.Connection:
    """Open a ledger to read it. Raises OutputError as `read_ledger` does."""
    if not path.is_file():
        raise OutputError(
            f"There is no ledger {path}.",
            hint="A run keeps its answers in OUT.ledger, beside its output.",
            code="bad_request",
        )
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
