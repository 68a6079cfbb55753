"""Ledger: answers written once per tile, read back for resuming, fusing and counting."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from geoseg.dialogue import Instruction, Target, TileAnswer
from geoseg.errors import OutputError
from geoseg.grid import Window
from geoseg.ledger.keys import RunKey
from geoseg.ledger.logits import Packed, StoredLogits, unpack
from geoseg.ledger.plan import Plan, plan_of, plan_row
from geoseg.ledger.rows import (
    SAME_WINDOW,
    AnswerRow,
    State,
    checked,
    copy_answers,
    window_numbers,
    write_answer,
    write_tile,
)
from geoseg.ledger.schema import writing
from geoseg.tiling import Tile

_PACKED = ", ".join(f'f."{field.name}"' for field in fields(Packed))


class Ledger:
    """All answers of one run. Rows belong to the run's key, a window and an instruction.

    Closing it frees the file for other processes; closing twice is allowed.
    """

    def __init__(
        self, path: Path, key: RunKey, run: int, connection: sqlite3.Connection, held: ExitStack
    ) -> None:
        self.path = path
        self.key = key
        self._run = run
        self._connection = connection
        self._held = held

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and free its lock."""
        self._held.close()

    def keep(self, plan: Plan) -> None:
        """Note what the run is about, in place of what was noted before; it becomes the latest."""
        with self._written() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO plans (run, turn, scene, instructions, tiles_of_scene, "
                "tiles, area, settings) "
                "VALUES (?, (SELECT coalesce(max(turn), 0) + 1 FROM plans), ?, ?, ?, ?, ?, ?)",
                (self._run, *plan_row(plan)),
            )

    @property
    def plan(self) -> Plan | None:
        """What the latest run with this key was about; None when it did not say.

        Raises OutputError when the stored bytes are damaged.
        """
        rows = self._rows(
            "SELECT scene, instructions, tiles_of_scene, tiles, area, settings FROM plans "
            "WHERE run = ?",
            self._run,
        )
        if not rows:
            return None
        try:
            return plan_of(rows[0], self.key.grid)
        except (ValueError, zlib.error) as error:
            raise OutputError(
                f"The plan in the ledger {self.path} is damaged: {error}.",
                hint="Give the `geoseg run` that made it once more: it writes the plan anew.",
            ) from error

    def instructions(self) -> tuple[Instruction, ...]:
        """All that were asked with this key, the oldest first."""
        rows = self._rows("SELECT text FROM instructions WHERE run = ? ORDER BY id", self._run)
        return tuple(Instruction(text) for (text,) in rows)

    def pending(self, instruction: Instruction, tiles: Iterable[Tile]) -> list[Tile]:
        """Tiles to ask, in the order given: those not answered yet, and those that failed."""
        states = self.states(instruction)
        return [tile for tile in tiles if states.get(tile.window, "failed") == "failed"]

    def record(self, instruction: Instruction, answers: Sequence[TileAnswer]) -> None:
        """Write a batch of answers in one commit; an earlier row of the same tile is replaced.

        An answer whose logits or scores are not numbers is recorded as failed: a hole must not
        look like an absence.

        Raises EngineError when an answer breaks the engine's promises, OutputError when the
        ledger cannot be written; then nothing of the batch is.
        """
        with self._written():
            place = self._instruction(instruction, create=True)
            for answer in answers:
                write_answer(self._connection, place, checked(answer, self.key.stride))

    def skip(self, instruction: Instruction, tiles: Iterable[Tile]) -> None:
        """Note tiles without a valid pixel: they are not asked, and count as not seen."""
        with self._written():
            place = self._instruction(instruction, create=True)
            for tile in tiles:
                write_tile(self._connection, place, tile, "skipped", "", "")

    def take(self, other: Ledger) -> tuple[int, int]:
        """Copy another ledger's answers: (tiles that both had alike, those that both answered
        differently, where this ledger's stays). Done wins over skipped, skipped over failed.
        """
        alike = differing = 0
        with self._written() as connection:
            for instruction in other.instructions():
                place = self._instruction(instruction, create=True)
                source = (other._connection, other._instruction(instruction))
                same, other_words = copy_answers(source, (connection, place))
                alike, differing = alike + same, differing + other_words
        return alike, differing

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:
        """Everything found, in order of first appearance: row by row from the top left."""
        phrases = self._rows(
            "SELECT f.phrase FROM tiles t JOIN found f ON f.tile = t.id WHERE t.instruction = ? "
            "ORDER BY t.row_off, t.col_off, t.height, t.width, f.place",
            self._instruction(instruction),
        )
        return tuple(Target(phrase) for phrase in dict.fromkeys(row[0] for row in phrases))

    def states(self, instruction: Instruction) -> dict[Window, State]:
        """What became of every tile that was asked or skipped."""
        return {
            Window(col, row, width, height): state
            for row, col, height, width, state in self._rows(
                "SELECT t.row_off, t.col_off, t.height, t.width, t.state FROM tiles t "
                "WHERE t.instruction = ?",
                self._instruction(instruction),
            )
        }

    def tile_state(self, instruction: Instruction, tile: Tile) -> State | None:
        """What became of a tile; None when it was never asked."""
        rows = self._rows(
            f"SELECT t.state FROM tiles t WHERE t.instruction = ? AND {SAME_WINDOW}",
            self._instruction(instruction),
            *window_numbers(tile),
        )
        return next((row[0] for row in rows), None)

    def logits(self, instruction: Instruction, target: Target, tile: Tile) -> StoredLogits | None:
        """What a tile said about a target; None when it did not find it.

        Raises OutputError when the stored bytes are damaged.
        """
        return next(iter(self._masks("found", instruction, target, tile)), None)

    def instances(
        self, instruction: Instruction, target: Target, tile: Tile
    ) -> tuple[StoredLogits, ...]:
        """The things of a target that a tile told apart; empty where it drew them as one.

        Raises OutputError when the stored bytes are damaged.
        """
        return tuple(self._masks("instances", instruction, target, tile))

    def answers(self, instruction: Instruction) -> Iterator[AnswerRow]:
        """Every tile the ledger knows, row by row from the top left."""
        place = self._instruction(instruction)
        tiles = self._rows(
            "SELECT t.id, t.number, t.col_off, t.row_off, t.width, t.height, t.core_col_off, "
            "t.core_row_off, t.core_width, t.core_height, t.state, t.text, t.finish FROM tiles t "
            "WHERE t.instruction = ? ORDER BY t.row_off, t.col_off, t.height, t.width",
            place,
        )
        for tile, number, *spans, state, text, finish in tiles:
            found = self._rows(
                "SELECT f.phrase, f.score FROM found f WHERE f.tile = ? ORDER BY f.place", tile
            )
            yield AnswerRow(
                Tile(number, Window(*spans[:4]), Window(*spans[4:])),
                state,
                text,
                finish,
                tuple((Target(phrase), score) for phrase, score in found),
            )

    @contextmanager
    def _written(self) -> Iterator[sqlite3.Connection]:
        """All that happens inside is written, or nothing of it."""
        with writing(self.path), self._connection:
            yield self._connection
        # The system goes on writing to a file that has no name any more, and so would a run.
        if not self.path.exists():
            raise OutputError(
                f"The ledger {self.path} was deleted or moved while the run was writing to it.",
                hint="Give the same command again, with --ledger PATH if its folder has gone.",
            )

    def _masks(
        self, table: str, instruction: Instruction, target: Target, tile: Tile
    ) -> Iterator[StoredLogits]:
        rows = self._rows(
            f"SELECT f.score, {_PACKED} FROM tiles t JOIN {table} f ON f.tile = t.id "
            "WHERE t.instruction = ? AND t.row_off = ? AND t.col_off = ? AND t.height = ? "
            "AND t.width = ? AND f.phrase = ? ORDER BY f.place",
            self._instruction(instruction),
            *window_numbers(tile),
            target.phrase,
        )
        for score, *packed in rows:
            try:
                yield StoredLogits(unpack(Packed(*packed)), score)
            except ValueError as error:
                raise OutputError(
                    f"The ledger {self.path} is damaged at {tile.window}: {error}.",
                    hint="Run again with --no-resume to ask every tile afresh.",
                ) from error

    def _instruction(self, instruction: Instruction, *, create: bool = False) -> int:
        """The row of an instruction; −1, which no tile has, when there is none."""
        if create:
            self._connection.execute(
                "INSERT OR IGNORE INTO instructions (run, text) VALUES (?, ?)",
                (self._run, instruction.text),
            )
        rows = self._rows(
            "SELECT id FROM instructions WHERE run = ? AND text = ?", self._run, instruction.text
        )
        return next((int(row[0]) for row in rows), -1)

    def _rows(self, query: str, *values: int | str) -> list[tuple[Any, ...]]:
        # All at once: a half-read cursor would outlive the file, and rows are few or small.
        with writing(self.path):
            return self._connection.execute(query, values).fetchall()
