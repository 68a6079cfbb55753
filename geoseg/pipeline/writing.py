"""From kept answers to a file: how every run ends, and all that drawing again does.

A layer holds the polygons of all scenes, one scene after the other, in the order in which they were
named.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePath

from geoseg.events import Log, Result
from geoseg.export import LayerContent, Origin, format_of, output_crs, write_features
from geoseg.export.rasters import Place, Recorder, recording
from geoseg.export.tables import unique
from geoseg.features import Feature, Outlines, features
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.kept import Kept
from geoseg.pipeline.nothing import nothing_found
from geoseg.pipeline.outlining import Chosen, Outliner
from geoseg.pipeline.record import Account, answer_rows, outcome
from geoseg.pipeline.sheets import Sheet, sheets_of
from geoseg.pipeline.telling import Teller


def draw(
    drawing: Drawing,
    output: Path,
    kept: Sequence[Kept],
    account: Account,
    tell: Teller,
    *,
    chosen: Chosen | None = None,
) -> Result:
    """Write the polygons of all scenes and instructions; the file appears when it is whole.

    Only shapes that are `chosen` are written; None is all.

    The listener hears the stages `vectorize` and `write`, a `Layer` per layer, and the `Result`.
    Raises SceneError when nobody looked at any tile, OutputError when the file cannot be written.
    """
    seen = outcome(kept)
    crs = output_crs(output, drawing.dst_crs, drawing.driver) or kept[0].plan.grid.crs
    sheets = sheets_of(drawing, kept)
    tell.enter("vectorize")
    with ExitStack() as held:
        recorders = _recorders(drawing, kept, sheets, held)
        outlines = held.enter_context(Outlines())
        outliner = Outliner(drawing, sheets, recorders, outlines, tell, chosen=chosen)
        layers = write_features(
            _contents(sheets, drawing, outliner, crs, tell),
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


def _strangers(drawing: Drawing, sheets: Sequence[Sheet]) -> tuple[str, ...]:
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


def _contents(
    sheets: Sequence[Sheet], drawing: Drawing, outliner: Outliner, crs: str, tell: Teller
) -> Iterator[LayerContent]:
    """The layers of the file, drawn while they are written."""
    for sheet in sheets:
        parts = _parts(sheet, drawing, outliner, crs)
        yield LayerContent(sheet.index, sheet.instruction.text, parts, sheet.target)
    tell.enter("write")


def _parts(
    sheet: Sheet, drawing: Drawing, outliner: Outliner, crs: str
) -> Iterator[tuple[str, Iterator[Feature]]]:
    """(name of the scene, polygons of one target in it), one after the other."""
    for one, target in sheet.found:
        yield (
            one.source,
            features(
                outliner.shapes(sheet, one, target),
                target,
                one.plan.grid,
                shaping=drawing.shaping(target),
                clip=one.plan.area,
                crs=crs,
            ),
        )


def _recorders(
    drawing: Drawing, kept: Sequence[Kept], sheets: Sequence[Sheet], held: ExitStack
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
            for target in sheet.of(one)
        ]
        stride = one.ledger.key.stride
        recorder = held.enter_context(recording(rasters, places, one.plan.grid, stride))
        if rasters.scores is not None and not places:
            recorder.record(nothing_found(one.ledger, one.plan))
        recorders[one] = recorder
    return recorders
