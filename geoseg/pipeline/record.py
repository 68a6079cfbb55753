"""What a run leaves on record: which tiles were looked at, what was said, and how it was made."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pyogrio
import pyproj
import shapely

from geoseg.dialogue import Instruction
from geoseg.errors import SceneError
from geoseg.events import FailedTile
from geoseg.export import AnswerRow
from geoseg.features import Placing
from geoseg.ledger import AnswerRow as LedgerRow
from geoseg.ledger import Ledger
from geoseg.pipeline.survey import Survey

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


def outcome(ledger: Ledger, instructions: tuple[Instruction, ...], ground: Survey) -> Outcome:
    """Count what the ledger knows of the tiles.

    Raises SceneError when nobody looked at any tile, because none has a valid pixel.
    """
    looked_at = cut_off = skipped = 0
    failed: list[FailedTile] = []
    for index, instruction in enumerate(instructions):
        for number, row in _rows(ledger, instruction, ground):
            looked_at += row.state == "done"
            skipped += row.state == "skipped"
            cut_off += row.finish == "length"
            if row.state == "failed":
                window = row.tile.window
                box = (window.col_off, window.row_off, window.width, window.height)
                failed.append(FailedTile(index, number, box, row.text))
    if skipped and not looked_at and not failed:
        where = "the area of interest" if ground.area is not None else "the scene"
        raise SceneError(
            f"There is not one valid pixel in {where} of {ground.scene.path}.",
            hint="Check its nodata value, mask and alpha band, or choose another area.",
        )
    return Outcome(looked_at, tuple(failed), cut_off)


def answer_rows(
    ledger: Ledger, instructions: tuple[Instruction, ...], ground: Survey, crs: str
) -> Iterator[AnswerRow]:
    """The table `answers`: one row per tile and instruction, footprints in `crs` (WKT)."""
    placing = Placing(ground.scene.grid, crs)
    for instruction in instructions:
        for number, row in _rows(ledger, instruction, ground):
            window = row.tile.window
            box = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
            (footprint,) = placing.ground(np.array([box], object))
            yield AnswerRow(instruction.text, number, row.state, row.finish, row.text, footprint)


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


def _rows(
    ledger: Ledger, instruction: Instruction, ground: Survey
) -> Iterator[tuple[int, LedgerRow]]:
    """(position in the plan, what is known) of each tile of this run."""
    # The ledger may also know tiles of another area or overlap.
    numbers = {tile.window: tile.index for tile in ground.tiles}
    for row in ledger.answers(instruction):
        number = numbers.get(row.tile.window)
        if number is not None:
            yield number, row
