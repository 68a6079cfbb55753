"""From kept answers to a file: how every run ends, and all that drawing again does.

A layer holds the polygons of all scenes, one scene after the other, in the order in which they were
named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path, PurePath

from geoseg.contours import polygonize
from geoseg.dialogue import Instruction, Target
from geoseg.events import Log, Progress, Result
from geoseg.export import LayerContent, Origin, format_of, output_crs, write_features
from geoseg.export.rasters import Place, Recorder, recording
from geoseg.export.tables import unique
from geoseg.features import Feature, features
from geoseg.fuse import AnswerSource, Field, fuse
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.kept import Kept, spoken
from geoseg.pipeline.nothing import nothing_found
from geoseg.pipeline.record import Account, answer_rows, outcome
from geoseg.pipeline.telling import Teller

_TOLD_EVERY = 500
"""Polygons between two signs of life while the file is written."""


def draw(
    drawing: Drawing, output: Path, kept: Sequence[Kept], account: Account, tell: Teller
) -> Result:
    """Write the polygons of all scenes and instructions; the file appears when it is whole.

    The listener hears the stages `vectorize` and `write`, a `Layer` per layer, and the `Result`.
    Raises SceneError when nobody looked at any tile, OutputError when the file cannot be written.
    """
    seen = outcome(kept)
    crs = output_crs(output, drawing.dst_crs, drawing.driver) or kept[0].plan.grid.crs
    sheets = _sheets(drawing, kept)
    tell.enter("vectorize")
    with ExitStack() as held:
        recorders = _recorders(drawing, kept, sheets, held)
        layers = write_features(
            _contents(sheets, partial(_polygons, drawing, recorders, crs), tell),
            output,
            crs,
            Origin(lambda: account.record(kept, seen), answer_rows(kept, crs)),
            driver=drawing.driver,
            overwrite=drawing.overwrite,
        )
    result = Result(
        output=str(output),
        layers=layers,
        seconds=time.monotonic() - account.began,
        tiles=seen.looked_at,
        failed=seen.failed,
        warnings=seen.warnings + _limits(output, drawing.driver) + _strangers(drawing, sheets),
    )
    for layer in layers:
        tell(layer)
    for written in filter(None, (drawing.rasters.scores, drawing.rasters.masks)):
        tell(Log("info", f"{written} is written."))
    tell(result)
    return result


def _limits(output: Path, driver: str | None) -> tuple[str, ...]:
    """What the output's format cannot hold."""
    limits = format_of(output, driver).limits
    return (limits,) if limits else ()


def _strangers(drawing: Drawing, sheets: Sequence[_Sheet]) -> tuple[str, ...]:
    """Targets that were to be regularized and that no answer names: most likely misspelt."""
    found = dict.fromkeys(target for sheet in sheets for _, target in sheet.found)
    strangers = [target.phrase for target in drawing.straightened if target not in found]
    if not strangers:
        return ()
    names = ", ".join(repr(target.phrase) for target in found) or "none"
    return (
        f"Nothing called {', '.join(map(repr, strangers))} was found to be regularized; the "
        f"targets are {names}.",
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One layer to be drawn: what of which scenes."""

    index: int
    """Index of the instruction, from 0."""

    instruction: Instruction
    found: tuple[tuple[Kept, Target], ...]
    """In the order in which they are drawn."""

    target: str = ""
    """Not empty when each target has a layer of its own."""


def _sheets(drawing: Drawing, kept: Sequence[Kept]) -> list[_Sheet]:
    sheets = []
    for index, instruction in enumerate(spoken(kept)):
        asked = [one for one in kept if instruction in one.plan.instructions]
        found = [(one, target) for one in asked for target in one.ledger.targets(instruction)]
        if not drawing.layer_per_target or not found:
            sheets.append(_Sheet(index, instruction, tuple(found)))
            continue
        order = {target: place for place, target in enumerate(dict.fromkeys(t for _, t in found))}
        found.sort(key=lambda pair: order[pair[1]])
        for target, group in groupby(found, key=lambda pair: pair[1]):
            sheets.append(_Sheet(index, instruction, tuple(group), target.phrase))
    return sheets


_Draw = Callable[[Instruction, Kept, Target], Iterator[Feature]]


def _contents(sheets: Iterable[_Sheet], polygons: _Draw, tell: Teller) -> Iterator[LayerContent]:
    """The layers of the file, drawn while they are written."""
    for sheet in sheets:
        parts = _parts(sheet, polygons, _Count(sheet.index, tell))
        yield LayerContent(sheet.index, sheet.instruction.text, parts, sheet.target)
    tell.enter("write")


def _parts(
    sheet: _Sheet, polygons: _Draw, count: _Count
) -> Iterator[tuple[str, Iterator[Feature]]]:
    for one, target in sheet.found:
        yield one.source, count.watched(polygons(sheet.instruction, one, target))


class _Count:
    """The listener hears now and then how many polygons a layer has."""

    def __init__(self, index: int, tell: Teller) -> None:
        self._index, self._tell, self._count = index, tell, 0

    def watched(self, polygons: Iterable[Feature]) -> Iterator[Feature]:
        """The same polygons."""
        for polygon in polygons:
            if self._count % _TOLD_EVERY == 0:
                self._tell(Progress(self._count, None, "polygons", self._index))
            self._count += 1
            yield polygon


def _polygons(
    drawing: Drawing,
    recorders: dict[Kept, Recorder],
    crs: str,
    instruction: Instruction,
    one: Kept,
    target: Target,
) -> Iterator[Feature]:
    """The polygons of one target in one scene."""
    field = _field(drawing, one, instruction, target)
    return features(
        polygonize(recorders[one].recorded(field), pixel_edges=drawing.pixel_edges),
        target,
        one.plan.grid,
        shaping=drawing.shaping(target),
        clip=one.plan.area,
        crs=crs,
    )


def _field(drawing: Drawing, one: Kept, instruction: Instruction, target: Target) -> Field:
    (field,) = fuse(
        _Only(one.ledger, target),
        instruction,
        one.plan.tiles,
        one.plan.grid,
        rule=drawing.fuse,
        threshold=drawing.threshold,
        min_agreement=drawing.min_agreement,
    )
    return field


class _Only:
    """Answers about one target alone."""

    def __init__(self, source: AnswerSource, target: Target) -> None:
        self._target = target
        self.tile_state = source.tile_state
        self.logits = source.logits
        self.instances = source.instances

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:  # noqa: ARG002
        """The one."""
        return (self._target,)


def _recorders(
    drawing: Drawing, kept: Sequence[Kept], sheets: Sequence[_Sheet], held: ExitStack
) -> dict[Kept, Recorder]:
    """What writes each scene's rasters, as long as the stack; of several, in folders of their own.

    Targets are counted in the order in which they are drawn.
    """
    if drawing.scores is None and drawing.masks is None:
        return dict.fromkeys(kept, Recorder(()))
    recorders, taken = {}, set[str]()
    all_rasters = held.enter_context(drawing.rasters.held())
    for one in kept:
        rasters = all_rasters
        if rasters.masks is not None and len(kept) > 1:
            folder = PurePath(one.source).with_suffix("").as_posix().replace("/", "_")
            rasters = replace(rasters, masks=rasters.masks / unique(folder, taken))
        places = [
            Place(sheet.index, sheet.instruction.text, target.phrase)
            for sheet in sheets
            for scene, target in sheet.found
            if scene is one
        ]
        stride = one.ledger.key.stride
        recorder = held.enter_context(recording(rasters, places, one.plan.grid, stride))
        if rasters.scores is not None and not places:
            recorder.record(nothing_found(one.ledger, one.plan))
        recorders[one] = recorder
    return recorders
