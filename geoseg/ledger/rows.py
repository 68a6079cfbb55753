"""Answers as rows: what is kept of one tile. The caller holds the transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np

from geoseg.dialogue import Finish, Instance, Target, TargetAnswer, TileAnswer
from geoseg.errors import EngineError
from geoseg.ledger.logits import pack
from geoseg.tiling import Tile

State = Literal["done", "failed", "skipped"]
"""Answered; not answered, to be asked again; without a valid pixel, so never asked. A tile of the
plan that has no row is queued, and one of the scene that is not in the plan lies outside the area.
"""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One tile as the ledger knows it."""

    tile: Tile
    """As it was when it was answered; its window is what counts."""

    state: State
    text: str
    """The model's sentence, or for a failed tile the reason."""

    finish: Finish | Literal[""]
    """Why the answer ended; empty for a skipped tile."""

    targets: tuple[tuple[Target, float], ...]
    """What was found, in the answer's order, with scores."""


_WORTH: dict[str, int] = {"failed": 0, "skipped": 1, "done": 2}
"""Which of two rows about one tile stays."""

SAME_WINDOW = "row_off = ? AND col_off = ? AND height = ? AND width = ?"


def window_numbers(tile: Tile) -> tuple[int, int, int, int]:
    """The values of `SAME_WINDOW`."""
    window = tile.window
    return window.row_off, window.col_off, window.height, window.width


def checked(answer: TileAnswer, stride: int) -> TileAnswer:
    """The answer, or a failed one in its place when its numbers are not numbers.

    Raises EngineError when it breaks the engine's promises.
    """
    window = answer.tile.window
    shape = (-(-window.height // stride), -(-window.width // stride))
    phrases = [found.target.phrase for found in answer.targets]
    if len(set(phrases)) < len(phrases):
        raise EngineError(f"An answer about {window} names a target twice: {phrases}.")
    for found in answer.targets:
        masks: tuple[TargetAnswer | Instance, ...] = (found, *found.instances)
        for mask in masks:
            if mask.logits.shape != shape:
                raise EngineError(
                    f"The logits of {found.target.phrase!r} about {window} have shape "
                    f"{mask.logits.shape}, not {shape}."
                )
            if np.isnan(mask.logits).any() or not np.isfinite(mask.score):
                reason = f"The logits or the score of {found.target.phrase!r} are not numbers."
                return TileAnswer(answer.tile, reason, "failed")
    return answer


def write_answer(connection: sqlite3.Connection, instruction: int, answer: TileAnswer) -> None:
    """Write all of a checked answer, in place of an earlier one of the same window."""
    state: State = "failed" if answer.failed else "done"
    tile = write_tile(connection, instruction, answer.tile, state, answer.finish, answer.text)
    if answer.failed:
        return
    for place, found in enumerate(answer.targets):
        _write_found(connection, tile, place, found)


def write_tile(
    connection: sqlite3.Connection,
    instruction: int,
    tile: Tile,
    state: State,
    finish: str,
    text: str,
) -> int:
    """Write a tile's row, in place of an earlier one of the same window; its id."""
    connection.execute(
        f"DELETE FROM tiles WHERE instruction = ? AND {SAME_WINDOW}",
        (instruction, *window_numbers(tile)),
    )
    core = tile.core
    cursor = connection.execute(
        f"INSERT INTO tiles VALUES (NULL, {', '.join('?' * 13)})",
        (
            *(instruction, *window_numbers(tile), tile.index),
            *(core.row_off, core.col_off, core.height, core.width),
            *(state, finish, text),
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


Place = tuple[sqlite3.Connection, int]
"""An instruction's row in an open ledger."""


def copy_answers(source: Place, target: Place) -> tuple[int, int]:
    """Copy rows of one ledger to another, byte for byte.

    Returns (tiles that were there alike, tiles that were there with another answer, which stays).
    """
    reading, instruction = source
    writing, place = target
    alike = differing = 0
    for number, *tile in reading.execute(
        f"SELECT id, {', '.join(_TILE)} FROM tiles WHERE instruction = ?", (instruction,)
    ):
        window, (state, finish, text) = tile[:4], tile[-3:]
        mine = writing.execute(
            f"SELECT id, state, finish, text FROM tiles WHERE instruction = ? AND {SAME_WINDOW}",
            (place, *window),
        ).fetchone()
        if mine is not None and _WORTH[mine[1]] >= _WORTH[state]:
            if mine[1:] == (state, finish, text) and _same_masks(
                (reading, number), (writing, mine[0])
            ):
                alike += 1
            elif mine[1] == state == "done":
                differing += 1
            continue
        if mine is not None:
            writing.execute("DELETE FROM tiles WHERE id = ?", (mine[0],))
        cursor = writing.execute(
            f"INSERT INTO tiles VALUES (NULL, ?, {', '.join('?' * len(_TILE))})", (place, *tile)
        )
        for table in ("found", "instances"):
            writing.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * 11)})",
                ((cursor.lastrowid, *row[1:]) for row in _masks(table, (reading, number))),
            )
    return alike, differing


_TILE = (
    *("row_off", "col_off", "height", "width", "number"),
    *("core_row_off", "core_col_off", "core_height", "core_width", "state", "finish", "text"),
)


def _same_masks(one: Place, other: Place) -> bool:
    return all(
        [row[1:] for row in _masks(table, one)] == [row[1:] for row in _masks(table, other)]
        for table in ("found", "instances")
    )


def _masks(table: str, tile: Place) -> Iterator[tuple[object, ...]]:
    """Rows of one tile in `found` or `instances`."""
    connection, number = tile
    yield from connection.execute(f"SELECT * FROM {table} WHERE tile = ? ORDER BY 2, 3", (number,))


def _write_found(
    connection: sqlite3.Connection, tile: int, place: int, found: TargetAnswer
) -> None:
    phrase = found.target.phrase
    connection.execute(
        f"INSERT INTO found VALUES ({', '.join('?' * 11)})",
        (tile, place, phrase, float(found.score), *astuple(pack(found.logits))),
    )
    connection.executemany(
        f"INSERT INTO instances VALUES ({', '.join('?' * 11)})",
        [
            (tile, phrase, number, float(one.score), *astuple(pack(one.logits)))
            for number, one in enumerate(found.instances)
        ],
    )
