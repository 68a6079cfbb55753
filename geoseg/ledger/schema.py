"""The ledger as a file: an SQLite database, and the errors of opening and writing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from geoseg.errors import OutputError

APPLICATION_ID = 0x67736C67
"""Marks the file as ours ("gslg") in its header."""

FORMAT_VERSION = 2
"""Grows when the tables change. Format 1 had neither plans nor instances."""

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, settings TEXT NOT NULL,
    versions TEXT NOT NULL
);
CREATE TABLE instructions (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    text TEXT NOT NULL, UNIQUE (run, text)
);
CREATE TABLE tiles (
    id INTEGER PRIMARY KEY,
    instruction INTEGER NOT NULL REFERENCES instructions ON DELETE CASCADE,
    row_off INTEGER NOT NULL, col_off INTEGER NOT NULL,
    height INTEGER NOT NULL, width INTEGER NOT NULL,
    number INTEGER NOT NULL, core_row_off INTEGER NOT NULL, core_col_off INTEGER NOT NULL,
    core_height INTEGER NOT NULL, core_width INTEGER NOT NULL,
    state TEXT NOT NULL, finish TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (instruction, row_off, col_off, height, width)
);
CREATE TABLE found (
    tile INTEGER NOT NULL REFERENCES tiles ON DELETE CASCADE, place INTEGER NOT NULL,
    phrase TEXT NOT NULL, score REAL NOT NULL,
    height INTEGER NOT NULL, width INTEGER NOT NULL, top INTEGER NOT NULL, "left" INTEGER NOT NULL,
    box_height INTEGER NOT NULL, box_width INTEGER NOT NULL, deflated BLOB NOT NULL,
    UNIQUE (tile, phrase)
);
"""

_SINCE_2 = """
CREATE TABLE instances (
    tile INTEGER NOT NULL REFERENCES tiles ON DELETE CASCADE,
    phrase TEXT NOT NULL, place INTEGER NOT NULL, score REAL NOT NULL,
    height INTEGER NOT NULL, width INTEGER NOT NULL, top INTEGER NOT NULL, "left" INTEGER NOT NULL,
    box_height INTEGER NOT NULL, box_width INTEGER NOT NULL, deflated BLOB NOT NULL,
    UNIQUE (tile, phrase, place)
);
CREATE TABLE plans (
    run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE, turn INTEGER NOT NULL UNIQUE,
    scene TEXT NOT NULL, instructions TEXT NOT NULL, tiles_of_scene INTEGER NOT NULL,
    tiles BLOB NOT NULL, area BLOB, settings TEXT NOT NULL
);
"""

ELSEWHERE = "Or name another file as the ledger."


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger for writing, or make a new one; one of an older format is brought up to date.

    Raises OutputError when the path cannot be a ledger, holds something else, or was written by
    a newer version. A file that is no ledger is left as it is.
    """
    if path.is_dir():
        raise OutputError(f"The ledger {path} is a directory.", hint="Name a file.")
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder {path.parent} of the ledger does not exist.",
            hint=f"Make it first. {ELSEWHERE}",
        )
    with writing(path):
        connection = sqlite3.connect(path)
    try:
        with writing(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(path: Path) -> Generator[None, None, None]:
    """Turn what SQLite reports into an OutputError with a way out."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL" or name == "SQLITE_IOERR_WRITE":
            raise OutputError(
                f"There is no space left on the disk of the ledger {path} ({error}).",
                hint="Make room and run the same command again: it goes on where it stopped.",
                code="disk_full",
            ) from error
        if name == "SQLITE_NOTADB":
            raise OutputError(
                f"The file {path} is not a ledger.", hint="Name another file as the ledger."
            ) from error
        if name.startswith("SQLITE_CORRUPT"):
            raise OutputError(
                f"The ledger {path} is damaged ({error}).",
                hint=f"Delete it to start afresh. {ELSEWHERE}",
            ) from error
        raise OutputError(
            f"The ledger {path} cannot be used ({error}).",
            hint=f"Check that you may write there. {ELSEWHERE}",
        ) from error


def recognized(connection: sqlite3.Connection, path: Path) -> tuple[int, int]:
    """(tables, format) of a ledger; both 0 for a new file. OutputError for anything else."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if mark != APPLICATION_ID and (mark or tables):
        raise OutputError(
            f"The database {path} is not a ledger of geoseg.",
            hint="Name another file as the ledger.",
        )
    if tables and not 1 <= version <= FORMAT_VERSION:
        raise OutputError(
            f"The ledger {path} has format {version}, and this geoseg reads {FORMAT_VERSION}.",
            hint=f"Use the geoseg that wrote it, or delete it to ask every tile again. {ELSEWHERE}",
        )
    return tables, version


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    tables, version = recognized(connection, path)
    # Readers may look while a run writes, and a killed run leaves whole commits.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};"
    if not tables:
        connection.executescript(f"BEGIN IMMEDIATE; {marks} {_TABLES} {_SINCE_2} COMMIT;")
    elif version < FORMAT_VERSION:
        connection.executescript(f"BEGIN IMMEDIATE; {marks} {_SINCE_2} COMMIT;")
