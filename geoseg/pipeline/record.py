"""What a run leaves on record: which tiles were looked at, what was said, and how it was made."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
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
from geoseg.pipeline.kept import Kept, spoken
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
    """What became of the tiles of a run, all scenes and instructions together."""

    looked_at: int
    failed: tuple[FailedTile, ...]
    cut_off: int
    """Answers that ended at the token limit."""

    blank: tuple[str, ...] = ()
    """Where there is no valid pixel, in words: scenes, or areas in them."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of a result that stands."""
        told = [f"There is not one valid pixel in {where}." for where in self.blank]
        if self.cut_off:
            answers = "1 answer was" if self.cut_off == 1 else f"{self.cut_off} answers were"
            told.append(
                f"{answers} cut off at the token limit and may miss things that were asked for."
            )
        return tuple(told)


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

    def record(self, kept: Sequence[Kept], seen: Outcome) -> RunRecord:
        """The record, as of now."""
        return RunRecord(
            settings=self.settings,
            versions=versions(),
            checkpoint_hash=kept[0].ledger.key.checkpoint_hash,
            started=self.started.isoformat(timespec="seconds"),
            seconds=time.monotonic() - self.began,
            tiles_asked=self.asked,
            tiles_failed=len(seen.failed),
            scenes=tuple(_scene_record(one, seen) for one in kept),
        )


def _scene_record(one: Kept, seen: Outcome) -> dict[str, Any]:
    """A scene's part of the record: its stretch is chosen by looking at it."""
    key = one.ledger.key
    return {
        "source": one.source,
        "scene": one.plan.scene,
        "fingerprint": key.scene_fingerprint,
        "rendering": key.rendering.to_json(),
        "tiles": len(one.plan.tiles),
        "tiles_failed": sum(hole.source == one.source for hole in seen.failed),
    }


def outcome(kept: Sequence[Kept]) -> Outcome:
    """Count what the ledgers know of the tiles; one that was not asked yet is a hole too.

    Raises SceneError when nobody looked at any tile, because none has a valid pixel.
    """
    order = {instruction: index for index, instruction in enumerate(spoken(kept))}
    parts = [_scene_outcome(one, order) for one in kept]
    blank = tuple(scene for part in parts for scene in part.blank)
    looked_at = sum(part.looked_at for part in parts)
    failed = tuple(hole for part in parts for hole in part.failed)
    if kept[0].plan.settings.get("shard"):
        blank = ()  # What the other parts see is not known here.
    if blank and not looked_at and not failed:
        raise SceneError(
            f"There is not one valid pixel in {', '.join(blank)}.",
            hint="Check its nodata value, mask and alpha band, or choose another area.",
        )
    return Outcome(looked_at, failed, sum(part.cut_off for part in parts), blank)


def _scene_outcome(one: Kept, order: Mapping[Instruction, int]) -> Outcome:
    looked_at = cut_off = skipped = 0
    failed: list[FailedTile] = []

    def hole(instruction: Instruction, tile: Tile, reason: str) -> None:
        window = tile.window
        box = (window.col_off, window.row_off, window.width, window.height)
        failed.append(FailedTile(order[instruction], tile.index, box, reason, one.source))

    for instruction in one.plan.instructions:
        rows, queued = _standing(one.ledger, instruction, one.plan)
        for tile in queued:
            hole(instruction, tile, "This tile was not asked yet.")
        for tile, row in rows:
            looked_at += row.state == "done"
            skipped += row.state == "skipped"
            cut_off += row.finish == "length"
            if row.state == "failed":
                hole(instruction, tile, row.text)
    nothing = skipped and not looked_at and not failed
    where = "the scene" if one.plan.area is None else "the area of interest of"
    blank = (f"{where} {one.plan.scene}",) if nothing else ()
    return Outcome(looked_at, tuple(failed), cut_off, blank)


def answer_rows(kept: Sequence[Kept], crs: str) -> Iterator[AnswerRow]:
    """The table `answers`: a row per scene, instruction and tile, footprints in `crs` (WKT)."""
    for one in kept:
        placing = Placing(one.plan.grid, crs)
        for instruction in one.plan.instructions:
            rows, queued = _standing(one.ledger, instruction, one.plan)
            told = chain(
                ((tile, row.state, row.finish, row.text) for tile, row in rows),
                ((tile, "queued", "", "") for tile in queued),
            )
            for tile, state, finish, text in told:
                window = tile.window
                box = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
                (ground,) = placing.ground(np.array([box], object))
                yield AnswerRow(
                    instruction.text, tile.index, state, finish, text, one.source, ground
                )


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
