"""Answers as rows: what is written for one tile. The caller holds the transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple
from typing import Literal

import numpy as np

from geoseg.dialogue import Instance, TargetAnswer, TileAnswer
from geoseg.errors import EngineError
from geoseg.ledger.logits import pack
from geoseg.tiling import Tile

State = Literal["done", "failed", "skipped"]
"""Answered; not answered, to be asked again; without a valid pixel, so never asked. A tile of the
plan that has no row is queued, and one of the scene that is not in the plan lies outside the area.
"""

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
