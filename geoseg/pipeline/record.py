"""What a run leaves on record: which tiles were looked at, what was said, and how it was made."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from geoseg.dialogue import Instruction
from geoseg.errors import SceneError
from geoseg.events import FailedTile
from geoseg.export import AnswerRow, RunRecord
from geoseg.features import Placing
from geoseg.ledger import AnswerRow as LedgerRow
from geoseg.ledger import Ledger, Plan
from geoseg.tiling import Tile

_LIBRARIES = (
    "geoseg",
    "rasterio",
    "shapely",
    "pyogrio",
    "pyproj",
    "pyarrow",
    "numpy",
    "torch",
    "transformers",
    "timm",
)
"""Read from the installed packages' records: none of them is imported for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tiles of a run, all instructions together."""

    looked_at: int
    failed: tuple[FailedTile, ...]
    cut_off: int
    """Answers that ended at the token limit."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of a result that stands."""
        if not self.cut_off:
            return ()
        answers = "1 answer was" if self.cut_off == 1 else f"{self.cut_off} answers were"
        return (f"{answers} cut off at the token limit and may miss things that were asked for.",)


@dataclass(frozen=True, slots=True)
class Account:
    """What a command was told and when it began, for the record it leaves in its output."""

    settings: Mapping[str, Any]
    """All arguments, as JSON can hold them."""

    asked: int = 0
    """Tiles answered by this command; earlier answers are in the ledger already."""

    began: float = field(default_factory=time.monotonic)
    """Durations are told by this clock, which nobody sets back."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def record(self, ledger: Ledger, seen: Outcome) -> RunRecord:
        """The record, as of now."""
        return RunRecord(
            settings=self.settings,
            versions=versions(),
            checkpoint_hash=ledger.key.checkpoint_hash,
            started=self.started.isoformat(timespec="seconds"),
            seconds=time.monotonic() - self.began,
            tiles_asked=self.asked,
            tiles_failed=len(seen.failed),
        )


def outcome(ledger: Ledger, plan: Plan) -> Outcome:
    """Count what the ledger knows of the tiles; one that was not asked yet is a hole too.

    Raises SceneError when nobody looked at any tile, because none has a valid pixel.
    """
    looked_at = cut_off = skipped = 0
    failed: list[FailedTile] = []
    for index, instruction in enumerate(plan.instructions):
        rows, queued = _standing(ledger, instruction, plan)
        failed += [_hole(index, tile, "This tile was not asked yet.") for tile in queued]
        for tile, row in rows:
            looked_at += row.state == "done"
            skipped += row.state == "skipped"
            cut_off += row.finish == "length"
            if row.state == "failed":
                failed.append(_hole(index, tile, row.text))
    if skipped and not looked_at and not failed and not plan.settings.get("shard"):
        where = "the area of interest" if plan.area is not None else "the scene"
        raise SceneError(
            f"There is not one valid pixel in {where} of {plan.scene}.",
            hint="Check its nodata value, mask and alpha band, or choose another area.",
        )
    return Outcome(looked_at, tuple(failed), cut_off)


def _hole(index: int, tile: Tile, reason: str) -> FailedTile:
    window = tile.window
    box = (window.col_off, window.row_off, window.width, window.height)
    return FailedTile(index, tile.index, box, reason)


def answer_rows(ledger: Ledger, plan: Plan, crs: str) -> Iterator[AnswerRow]:
    """The table `answers`: one row per tile and instruction, footprints in `crs` (WKT)."""
    placing = Placing(plan.grid, crs)

    def row(instruction: Instruction, tile: Tile, state: str, finish: str, text: str) -> AnswerRow:
        window = tile.window
        box = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
        (footprint,) = placing.ground(np.array([box], object))
        return AnswerRow(instruction.text, tile.index, state, finish, text, footprint)

    for instruction in plan.instructions:
        rows, queued = _standing(ledger, instruction, plan)
        for tile, known in rows:
            yield row(instruction, tile, known.state, known.finish, known.text)
        for tile in queued:
            yield row(instruction, tile, "queued", "", "")


def versions() -> dict[str, str]:
    """What a result depends on."""
    known = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:  # run from a checkout that is not installed
            known[name] = "unknown"
    known["gdal"] = ".".join(str(part) for part in pyogrio.__gdal_version__)
    known["geos"] = shapely.geos_version_string
    known["proj"] = pyproj.proj_version_str
    return known


def _standing(
    ledger: Ledger, instruction: Instruction, plan: Plan
) -> tuple[Iterator[tuple[Tile, LedgerRow]], list[Tile]]:
    """What is known of each tile of the plan that has an answer, and the tiles that have none."""
    # The ledger may also know tiles of another area or overlap.
    planned = {tile.window: tile for tile in plan.tiles}
    rows = (
        (planned[row.tile.window], row)
        for row in ledger.answers(instruction)
        if row.tile.window in planned
    )
    states = ledger.states(instruction)
    return rows, [tile for tile in plan.tiles if tile.window not in states]
