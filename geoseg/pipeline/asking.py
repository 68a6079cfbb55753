"""Every tile asked, every answer kept: the ledger is ahead of what the listener is told."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import Engine
from geoseg.events import Listener, Progress
from geoseg.ledger import Ledger
from geoseg.rendering import Rendering
from geoseg.scene import Chip, Scene, read_chips
from geoseg.tiling import Tile

_COMMIT_ANSWERS = 8
_COMMIT_SECONDS = 2.0
_COMMIT_SKIPS = 16


def answer_scene(
    scene: Scene,
    instruction: Instruction,
    engine: Engine,
    ledger: Ledger,
    *,
    tiles: Iterable[Tile],
    rendering: Rendering,
    listener: Listener | None = None,
    index: int = 0,
) -> int:
    """Ask the engine about every tile the ledger has no answer for; how many were asked.

    Answers are committed in batches, and progress follows the commits. Tiles without a valid pixel
    are not asked: nobody looked there. `index` is the instruction's, for the listener. What engine,
    scene, ledger or listener raise ends the asking; what was committed stays.
    """
    wanted = tuple(tiles)
    pending = ledger.pending(instruction, wanted)
    meter = _Meter(len(wanted), len(wanted) - len(pending), index, listener)
    meter.add(0)
    asked = 0
    skips = _Skips(ledger, instruction, meter)
    with (
        closing(read_chips(scene, pending, rendering)) as chips,
        closing(engine.answer(skips.sorted_out(chips), instruction)) as answers,
    ):
        for batch in _batches(answers):
            ledger.record(instruction, batch)
            asked += len(batch)
            meter.add(len(batch))
    skips.commit()
    return asked


class _Meter:
    """Tells how many tiles are committed, and when the rest may be."""

    def __init__(self, total: int, done: int, index: int, listener: Listener | None) -> None:
        self._total, self._done, self._index = total, done, index
        self._listener = listener
        self._before, self._began = done, time.monotonic()

    def add(self, count: int) -> None:
        self._done += count
        if self._listener is None:
            return
        now_done = self._done - self._before
        eta = None
        if now_done:
            elapsed = time.monotonic() - self._began
            eta = elapsed / now_done * (self._total - self._done)
        self._listener(Progress(self._done, self._total, instruction=self._index, eta_s=eta))


class _Skips:
    """Sorts out chips with nothing in them, and records that they were not looked at."""

    def __init__(self, ledger: Ledger, instruction: Instruction, meter: _Meter) -> None:
        self._ledger, self._instruction, self._meter = ledger, instruction, meter
        self._tiles: list[Tile] = []

    def sorted_out(self, chips: Iterable[Chip]) -> Iterator[Chip]:
        """The chips with data."""
        for chip in chips:
            if chip.valid.any():
                yield chip
                continue
            self._tiles.append(chip.tile)
            if len(self._tiles) >= _COMMIT_SKIPS:
                self.commit()

    def commit(self) -> None:
        """Record the tiles that wait."""
        if self._tiles:
            self._ledger.skip(self._instruction, self._tiles)
            count, self._tiles = len(self._tiles), []
            self._meter.add(count)


def _batches(answers: Iterable[TileAnswer]) -> Iterator[list[TileAnswer]]:
    """Answers in groups small enough to lose, large enough for one commit."""
    batch: list[TileAnswer] = []
    since = time.monotonic()
    for answer in answers:
        batch.append(answer)
        if len(batch) >= _COMMIT_ANSWERS or time.monotonic() - since >= _COMMIT_SECONDS:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch
