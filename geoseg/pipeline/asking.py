"""Every tile asked, every answer kept: the ledger is ahead of what the listener is told.

Tiles are read once: all instructions are asked of a tile while it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import Engine, Question
from geoseg.events import Listener, Progress
from geoseg.ledger import Ledger
from geoseg.pipeline.patience import GIVE_UP_AFTER, Patience
from geoseg.pipeline.veils import Veils
from geoseg.rendering import Rendering
from geoseg.scene import Chip, Scene, Unreadable, read_chips
from geoseg.tiling import Tile

_COMMIT_ANSWERS = 8
_COMMIT_SECONDS = 2.0
_COMMIT_SKIPS = 16

_Agenda = dict[Tile, tuple[Instruction, ...]]
"""The instructions that each tile is still to be asked, in the order of the plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """One scene to be asked about."""

    scene: Scene
    ledger: Ledger
    """Where its answers are kept."""

    tiles: tuple[Tile, ...]
    rendering: Rendering


def answer_scene(
    scene: Scene,
    instructions: Sequence[Instruction],
    engine: Engine,
    ledger: Ledger,
    *,
    tiles: Iterable[Tile],
    rendering: Rendering,
    listener: Listener | None = None,
    give_up_after: int = GIVE_UP_AFTER,
) -> int:
    """Ask the engine whatever the ledger has no answer for; how many questions were answered.

    A question is one instruction about one tile. Answers are committed in batches, and progress
    follows the commits, a line for each instruction, which is known to the listener by its place
    in `instructions`. Tiles without a valid pixel are not asked: nobody looked there. Tiles whose
    pixels cannot be decoded are recorded as failed. What engine, scene, ledger or listener raise
    ends the asking, and so does an engine that fails on `give_up_after` tiles in a row with more to
    come (EngineError; 0 bears everything); what was committed stays.
    """
    inquiry = Inquiry(scene, ledger, tuple(tiles), rendering)
    return answer_scenes(
        [inquiry], instructions, engine, listener=listener, give_up_after=give_up_after
    )


def answer_scenes(
    inquiries: Sequence[Inquiry],
    instructions: Sequence[Instruction],
    engine: Engine,
    *,
    listener: Listener | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    committed: Callable[[], None] | None = None,
) -> int:
    """As `answer_scene`, one scene after the other; progress counts the tiles of all of them.

    `committed` is called after each commit that is not the last.
    """
    agendas = [_agenda(one.ledger, instructions, one.tiles) for one in inquiries]
    meter = _Meter(instructions, sum(len(one.tiles) for one in inquiries), agendas, listener)
    patience = Patience(give_up_after)
    return sum(
        _answered(inquiry, agenda, engine, meter, patience, committed)
        for inquiry, agenda in zip(inquiries, agendas, strict=True)
    )


def _answered(
    inquiry: Inquiry,
    agenda: _Agenda,
    engine: Engine,
    meter: _Meter,
    patience: Patience,
    committed: Callable[[], None] | None,
) -> int:
    if not agenda:
        return 0
    ledger, asked = inquiry.ledger, 0
    skips, veils = _Skips(ledger, agenda, meter), Veils()
    most = _COMMIT_ANSWERS * len(set().union(*agenda.values()))
    with (
        closing(read_chips(inquiry.scene, agenda, inquiry.rendering)) as chips,
        closing(engine.answer(veils.noted(skips.sorted_out(chips)))) as answers,
    ):
        heard = patience.heard(inquiry.scene.path, veils.marked(answers))
        for batch in _batches(heard, most):
            for instruction, group in batch.items():
                ledger.record(instruction, group)
                asked += len(group)
                meter.add(instruction, len(group))
            if meter.left:
                patience.check()
                if committed is not None:
                    committed()
    skips.commit()
    return asked


def _agenda(ledger: Ledger, instructions: Sequence[Instruction], tiles: Sequence[Tile]) -> _Agenda:
    """What is open; after a run that was stopped, not the same for every tile."""
    agenda: _Agenda = dict.fromkeys(tiles, ())
    for instruction in instructions:
        for tile in ledger.pending(instruction, tiles):
            agenda[tile] += (instruction,)
    return {tile: asked for tile, asked in agenda.items() if asked}


class _Meter:
    """Tells how many tiles are committed for each instruction, and when all may be."""

    def __init__(
        self,
        instructions: Sequence[Instruction],
        tiles: int,
        agendas: Sequence[_Agenda],
        listener: Listener | None,
    ) -> None:
        self._place = {instruction: i for i, instruction in enumerate(instructions)}
        self._total, self._listener = tiles, listener
        self._done = dict.fromkeys(instructions, tiles)
        for agenda in agendas:
            for asked in agenda.values():
                for instruction in asked:
                    self._done[instruction] -= 1
        self.left = self._open = tiles * len(instructions) - sum(self._done.values())
        self._began = time.monotonic()
        for instruction in instructions:
            self.add(instruction, 0)

    def add(self, instruction: Instruction, count: int) -> None:
        self._done[instruction] += count
        self.left -= count
        if self._listener is None:
            return
        eta = None
        if self.left < self._open:
            elapsed = time.monotonic() - self._began
            eta = elapsed / (self._open - self.left) * self.left
        done, place = self._done[instruction], self._place[instruction]
        self._listener(Progress(done, self._total, instruction=place, eta_s=eta))


class _Skips:
    """Sorts out chips with nothing in them or none at all, and records that nobody looked there."""

    def __init__(self, ledger: Ledger, agenda: _Agenda, meter: _Meter) -> None:
        self._ledger, self._agenda, self._meter = ledger, agenda, meter
        self._tiles: list[Tile] = []

    def sorted_out(self, chips: Iterable[Chip | Unreadable]) -> Iterator[Question]:
        """The questions about chips with data."""
        for chip in chips:
            if isinstance(chip, Unreadable):
                self._fail(chip)
                continue
            if chip.valid.any():
                yield Question(chip, self._agenda[chip.tile])
                continue
            self._tiles.append(chip.tile)
            if len(self._tiles) >= _COMMIT_SKIPS:
                self.commit()

    def _fail(self, chip: Unreadable) -> None:
        for instruction in self._agenda[chip.tile]:
            self._ledger.record(instruction, [TileAnswer(chip.tile, chip.reason, "failed")])
            self._meter.add(instruction, 1)

    def commit(self) -> None:
        """Record the tiles that wait."""
        tiles, self._tiles = self._tiles, []
        skipped: dict[Instruction, list[Tile]] = {}
        for tile in tiles:
            for instruction in self._agenda[tile]:
                skipped.setdefault(instruction, []).append(tile)
        for instruction, group in skipped.items():
            self._ledger.skip(instruction, group)
            self._meter.add(instruction, len(group))


def _batches(
    answers: Iterable[tuple[Instruction, TileAnswer]], most: int
) -> Iterator[dict[Instruction, list[TileAnswer]]]:
    """Answers in groups small enough to lose, large enough for one commit an instruction."""
    batch: dict[Instruction, list[TileAnswer]] = {}
    count, since = 0, time.monotonic()
    for instruction, answer in answers:
        batch.setdefault(instruction, []).append(answer)
        count += 1
        if count >= most or time.monotonic() - since >= _COMMIT_SECONDS:
            yield batch
            batch, count, since = {}, 0, time.monotonic()
    if batch:
        yield batch
