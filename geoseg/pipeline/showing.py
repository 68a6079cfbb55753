"""What a ledger holds, told without drawing it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from geoseg.dialogue import Instruction
from geoseg.errors import InstructionError
from geoseg.events import FailedTile
from geoseg.ledger import Ledger, Plan, Shared, read_ledger, shared_cells
from geoseg.pipeline.kept import Kept, latest_of, spoken
from geoseg.pipeline.record import outcome
from geoseg.tiling import Tile


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One target of an instruction."""

    phrase: str
    tiles: int
    """Finished tiles that found it."""

    score: float
    """Mean over these tiles, 0 to 1."""

    agreement: float | None
    """Where two tiles overlap: share of the cells about which they say the same. None: nowhere."""

    overlap: float | None
    """Of the cells that one of two overlapping tiles marks, the share that both mark."""


@dataclass(frozen=True, slots=True)
class InstructionReport:
    """One instruction, over the tiles of the plan."""

    text: str
    done: int
    failed: int
    skipped: int
    """Without a valid pixel."""

    queued: int
    """Not asked yet."""

    cut_off: int
    """Answers that ended at the token limit."""

    empty: int
    """Answers that found nothing."""

    targets: tuple[TargetReport, ...]
    """In the order in which they first appear."""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The latest run over one scene."""

    ledger: str
    scene: str
    """As the run was told it."""

    source: str
    """What the scene is called in outputs."""

    runs: int
    """How many runs of other scenes or settings the ledger holds as well, this one included."""

    width: int
    """Pixels of the working grid."""

    height: int
    crs: str
    """The CRS's name."""

    tiles: int
    """In the plan."""

    outside: int
    """Tiles of the scene that the plan leaves out: no part of the area, or of this shard."""

    area: tuple[float, float, float, float] | None
    """Bounds of the area of interest (left, bottom, right, top) in the scene's CRS."""

    key: dict[str, Any]
    """What every answer depends on: see `RunKey.to_json`."""

    settings: dict[str, Any]
    """All arguments of the run."""

    instructions: tuple[InstructionReport, ...]


@dataclass(frozen=True, slots=True)
class TileReport:
    """What was said about one tile for one instruction."""

    instruction: str
    source: str
    """What the scene is called."""

    tile: int
    window: tuple[int, int, int, int]
    """(col_off, row_off, width, height) in scene pixels."""

    state: str
    finish: str
    text: str
    targets: tuple[tuple[str, float, float], ...]
    """(phrase, score, share of the tile that is marked) of each target."""


def show(ledger: str | os.PathLike[str], scenes: Sequence[str] = ()) -> tuple[LedgerReport, ...]:
    """Tell what the latest run kept of each of its scenes, or of those that are named.

    Raises OutputError and InstructionError as `revise` does.
    """
    with read_ledger(Path(ledger)) as runs:
        chosen = latest_of(runs, ledger, scenes)
        return tuple(_report(os.fspath(ledger), one, len(runs)) for one in chosen)


def _report(ledger: str, one: Kept, runs: int) -> LedgerReport:
    plan, grid = one.plan, one.plan.grid
    return LedgerReport(
        ledger=ledger,
        scene=plan.scene,
        source=one.source,
        runs=runs,
        width=grid.width,
        height=grid.height,
        crs=CRS.from_wkt(grid.crs).name,
        tiles=len(plan.tiles),
        outside=plan.tiles_of_scene - len(plan.tiles),
        area=None if plan.area is None else plan.area.bounds,
        key=one.ledger.key.to_json(),
        settings=dict(plan.settings),
        instructions=tuple(_instruction(one.ledger, plan, each) for each in plan.instructions),
    )


def show_failed(
    ledger: str | os.PathLike[str], scenes: Sequence[str] = ()
) -> tuple[tuple[str, FailedTile], ...]:
    """(instruction, tile) of every hole: tiles that failed, and those not asked yet."""
    with read_ledger(Path(ledger)) as runs:
        chosen = latest_of(runs, ledger, scenes)
        texts = [instruction.text for instruction in spoken(chosen)]
        return tuple((texts[hole.instruction], hole) for hole in outcome(chosen).failed)


def show_tile(
    ledger: str | os.PathLike[str], number: int, scenes: Sequence[str] = ()
) -> tuple[TileReport, ...]:
    """What was said about one tile of each plan that has one of that number, by instruction.

    Raises InstructionError when no plan has.
    """
    with read_ledger(Path(ledger)) as runs:
        chosen = latest_of(runs, ledger, scenes)
        found = [(one, tile) for one in chosen for tile in one.plan.tiles if tile.index == number]
        if not found:
            numbers = [tile.index for one in chosen for tile in one.plan.tiles]
            raise InstructionError(
                f"The plan has no window {number}; it has {len(numbers)}, from {min(numbers)} to "
                f"{max(numbers)}."
                if numbers
                else f"The plan has no window {number}; it is empty.",
                hint="`geoseg show LEDGER --failed` lists those without an answer.",
            )
        return tuple(
            _tile(one, each, tile) for one, tile in found for each in one.plan.instructions
        )


def _tile(one: Kept, instruction: Instruction, tile: Tile) -> TileReport:
    ledger, window = one.ledger, tile.window
    known = [row for row in ledger.answers(instruction) if row.tile.window == window]
    row = known[0] if known else None
    return TileReport(
        instruction=instruction.text,
        source=one.source,
        tile=tile.index,
        window=(window.col_off, window.row_off, window.width, window.height),
        state=row.state if row else "queued",
        finish=row.finish if row else "",
        text=row.text if row else "",
        targets=tuple(
            (target.phrase, score, float(np.mean(stored.logits > 0)))
            for target, score in (row.targets if row else ())
            if (stored := ledger.logits(instruction, target, tile)) is not None
        ),
    )


def _instruction(ledger: Ledger, plan: Plan, instruction: Instruction) -> InstructionReport:
    windows = {tile.window for tile in plan.tiles}
    states: Counter[str] = Counter()
    found: dict[str, list[float]] = {target.phrase: [] for target in ledger.targets(instruction)}
    cut_off = empty = 0
    for row in ledger.answers(instruction):
        if row.tile.window in windows:
            states[row.state] += 1
            cut_off += row.finish == "length"
            empty += row.state == "done" and not row.targets
            for target, score in row.targets:
                found[target.phrase].append(score)
    shared = shared_cells(ledger, instruction, plan)
    return InstructionReport(
        text=instruction.text,
        done=states["done"],
        failed=states["failed"],
        skipped=states["skipped"],
        queued=len(windows) - states.total(),
        cut_off=cut_off,
        empty=empty,
        targets=tuple(
            _target(target.phrase, found[target.phrase], cells)
            for target, cells in shared.items()
            if found[target.phrase]
        ),
    )


def _target(phrase: str, scores: list[float], cells: Shared) -> TargetReport:
    mean = sum(scores) / len(scores)
    return TargetReport(phrase, len(scores), mean, cells.agreement, cells.overlap)
