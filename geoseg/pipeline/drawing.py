"""From kept answers to a file: how every run ends, and all that drawing again does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath
from typing import Literal, get_args

from geoseg.contours import polygonize
from geoseg.dialogue import Instruction, Target
from geoseg.errors import InstructionError, OutputError
from geoseg.events import Log, Progress, Result
from geoseg.export import (
    LayerContent,
    Origin,
    check_output,
    format_of,
    output_crs,
    write_features,
)
from geoseg.export.rasters import Place, Rasters, Recorder, recording
from geoseg.features import Feature, Shaping, features
from geoseg.fuse import fuse
from geoseg.ledger import Ledger, Plan
from geoseg.pipeline.record import Account, answer_rows, outcome
from geoseg.pipeline.telling import Teller

Rule = Literal["found", "blend", "core", "instances"]

_TOLD_EVERY = 500
"""Polygons between two signs of life while the file is written."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How answers become polygons, and where these go."""

    output: Path

    fuse: Rule
    threshold: float
    """Probability from which a place belongs to a polygon."""

    min_agreement: float
    """Least share of the tiles that saw a thing, three or more, that must have found it."""

    min_area: float
    """Smallest polygon that is kept, in m²."""

    dst_crs: str | None
    """CRS of the output; None is the scene's."""

    layer_per_target: bool
    overwrite: bool

    driver: str | None = None
    """Format of the output as GDAL calls it; None goes by the extension."""

    scores: Path | None = None
    """Raster file of the fused probabilities, a band per target; None writes none."""

    masks: Path | None = None
    """Folder of raster masks, a file per target; None writes none."""

    @property
    def rasters(self) -> Rasters:
        """The raster files that are asked for."""
        return Rasters(self.scores, self.masks, self.overwrite)

    def check(self) -> None:
        """Refuse, before any work is done, what cannot become a file.

        Raises InstructionError for settings out of range, OutputError for a place that cannot be
        written.
        """
        self.check_settings()
        if self.output == Path():
            raise OutputError("There is no output.", hint="Name a .gpkg file.", code="bad_request")
        check_output(
            self.output,
            driver=self.driver,
            overwrite=self.overwrite,
            layer_per_target=self.layer_per_target,
        )
        output_crs(self.output, self.dst_crs, self.driver)
        self.rasters.check()

    def check_settings(self) -> None:
        """Refuse settings out of range."""
        if self.fuse not in get_args(Rule):
            raise InstructionError(
                f"The fusion rule {self.fuse!r} is not known.",
                hint="Use found, blend, core or instances.",
            )
        if not 0 < self.threshold < 1:
            raise InstructionError(
                f"The threshold is a probability between 0 and 1, got {self.threshold}."
            )
        if not 0 <= self.min_agreement <= 1:
            raise InstructionError(
                f"The least agreement is a share between 0 and 1, got {self.min_agreement}."
            )
        if not self.min_area >= 0:
            raise InstructionError(f"The smallest area cannot be negative, got {self.min_area} m².")


def draw(drawing: Drawing, plan: Plan, ledger: Ledger, account: Account, tell: Teller) -> Result:
    """Write the polygons of a plan's instructions; the file appears when it is whole.

    The listener hears the stages `vectorize` and `write`, a `Layer` per layer, and the `Result`.
    Raises SceneError when nobody looked at any tile, OutputError when the file cannot be written.
    """
    seen = outcome(ledger, plan)
    crs = output_crs(drawing.output, drawing.dst_crs, drawing.driver) or plan.grid.crs
    tell.enter("vectorize")
    places = _places(plan, ledger)
    with recording(drawing.rasters, places, plan.grid, ledger.key.stride) as recorder:
        layers = write_features(
            _contents(drawing, plan, ledger, tell, recorder),
            drawing.output,
            crs,
            Origin(
                source=PurePath(plan.scene).name,
                record=lambda: account.record(ledger, seen),
                answers=answer_rows(ledger, plan, crs),
            ),
            driver=drawing.driver,
            overwrite=drawing.overwrite,
        )
    result = Result(
        output=str(drawing.output),
        layers=layers,
        seconds=time.monotonic() - account.began,
        tiles=seen.looked_at,
        failed=seen.failed,
        warnings=seen.warnings + _limits(drawing),
    )
    for layer in layers:
        tell(layer)
    for written in filter(None, (drawing.scores, drawing.masks)):
        tell(Log("info", f"{written} is written."))
    tell(result)
    return result


def _limits(drawing: Drawing) -> tuple[str, ...]:
    """What the output's format cannot hold."""
    limits = format_of(drawing.output, drawing.driver).limits
    return (limits,) if limits else ()


def _places(plan: Plan, ledger: Ledger) -> list[Place]:
    """All targets, in the order in which their fields are drawn."""
    return [
        Place(index, instruction.text, target.phrase)
        for index, instruction in enumerate(plan.instructions)
        for target in ledger.targets(instruction)
    ]


def _contents(
    drawing: Drawing, plan: Plan, ledger: Ledger, tell: Teller, recorder: Recorder
) -> Iterator[LayerContent]:
    """The layers of the file, drawn while they are written."""
    for index, instruction in enumerate(plan.instructions):
        drawn = _drawn(drawing, plan, ledger, instruction, recorder)
        if not drawing.layer_per_target:
            found = chain.from_iterable(polygons for _, polygons in drawn)
            yield LayerContent(index, instruction.text, _watched(found, index, tell))
            continue
        empty = True
        for target, polygons in drawn:
            empty = False
            watched = _watched(polygons, index, tell)
            yield LayerContent(index, instruction.text, watched, target.phrase)
        if empty:
            yield LayerContent(index, instruction.text, ())
    tell.enter("write")


def _drawn(
    drawing: Drawing, plan: Plan, ledger: Ledger, instruction: Instruction, recorder: Recorder
) -> Iterator[tuple[Target, Iterator[Feature]]]:
    """The polygons of each target of an instruction, to be read in order."""
    fields = fuse(
        ledger,
        instruction,
        plan.tiles,
        plan.grid,
        rule=drawing.fuse,
        threshold=drawing.threshold,
        min_agreement=drawing.min_agreement,
    )
    for field in fields:
        polygons = features(
            polygonize(recorder.recorded(field)),
            field.target,
            plan.grid,
            shaping=Shaping(min_area_m2=drawing.min_area),
            clip=plan.area,
            crs=output_crs(drawing.output, drawing.dst_crs, drawing.driver),
        )
        yield field.target, polygons


def _watched(polygons: Iterable[Feature], index: int, tell: Teller) -> Iterator[Feature]:
    """The same polygons; the listener hears now and then how many there are."""
    for count, polygon in enumerate(polygons):
        if count % _TOLD_EVERY == 0:
            tell(Progress(count, None, "polygons", index))
        yield polygon
