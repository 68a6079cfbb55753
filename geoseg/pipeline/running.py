"""From a request to a file."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath

from geoseg.contours import polygonize
from geoseg.dialogue import Instruction, Target
from geoseg.engines import open_engine
from geoseg.errors import Cancelled
from geoseg.events import Event, Layer, Listener, Log, Progress, Result, Stage, StageName
from geoseg.export import LayerContent, Origin, RunRecord, output_crs, write_features
from geoseg.features import Feature, features
from geoseg.fuse import fuse
from geoseg.ledger import Ledger, RunKey, open_ledger
from geoseg.pipeline.asking import answer_scene
from geoseg.pipeline.planning import outlook
from geoseg.pipeline.record import answer_rows, outcome, versions
from geoseg.pipeline.request import Request
from geoseg.pipeline.survey import Survey, survey
from geoseg.rendering import Rendering
from geoseg.scene import choose_rendering

_TOLD_EVERY = 500
"""Polygons between two signs of life while the file is written."""

_STAGES: dict[StageName, str] = {
    "read": "Reading the scene",
    "load_model": "Loading the model",
    "segment": "Asking about every tile",
    "vectorize": "Drawing polygons",
    "write": "Writing the file",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Answered:
    """The tiles are asked."""

    ledger: Ledger
    checkpoint_hash: str
    asked: int


def run(request: Request, listener: Listener | None = None) -> Result:
    """Do what the request says; the output appears when it is whole, the ledger stays.

    The listener hears `Stage` and `Progress`, then a `Layer` per layer, and at last the `Result`.
    One that raises, and Ctrl-C, end the run with Cancelled: the same request goes on from there.
    Raises GeosegError as its classes say.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    request.check()
    instructions = request.spoken()
    with _cancellable(request, listener) as tell, ExitStack() as held:
        _enter(tell, "read")
        ground = survey(request)
        rendering = choose_rendering(ground.scene, request.bidx, request.stretch)
        answered = _ask(request, ground, rendering, tell, held)
        seen = outcome(answered.ledger, instructions, ground)

        def record() -> RunRecord:
            return RunRecord(
                settings=request.to_settings(),
                versions=versions(),
                checkpoint_hash=answered.checkpoint_hash,
                started=started.isoformat(timespec="seconds"),
                seconds=time.monotonic() - began,
                tiles_asked=answered.asked,
                tiles_failed=len(seen.failed),
            )

        _enter(tell, "vectorize")
        layers = _write(request, ground, answered.ledger, record, tell)
        result = Result(
            output=str(request.output_path),
            layers=layers,
            seconds=time.monotonic() - began,
            tiles=seen.looked_at,
            failed=seen.failed,
            warnings=seen.warnings,
        )
        for layer in layers:
            tell(layer)
        tell(result)
        return result


def _ask(
    request: Request, ground: Survey, rendering: Rendering, tell: Listener, held: ExitStack
) -> _Answered:
    """Ask every tile; the ledger is held open for who comes next, the engine is not."""
    _enter(tell, "load_model")
    with open_engine(request.engine) as engine:
        key = RunKey(
            ground.scene.fingerprint,
            ground.scene.grid,
            rendering,
            engine.checkpoint_hash,
            {"max_tokens": request.engine.max_tokens},
        )
        ledger = held.enter_context(open_ledger(request.ledger_path, key, resume=request.resume))
        _enter(tell, "segment")
        tell(Log("info", outlook(request, engine.device, len(ground.tiles))))
        asked = answer_scene(
            ground.scene,
            request.spoken(),
            engine,
            ledger,
            tiles=ground.tiles,
            rendering=rendering,
            listener=tell,
        )
        answered = _Answered(ledger, engine.checkpoint_hash, asked)
    _give_memory_back()
    return answered


def _give_memory_back() -> None:
    """Return what reader and engine freed to the system, where the C library can (glibc).

    It would keep the reader's blocks for itself, and the polygons' memory would come on top.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _write(
    request: Request,
    ground: Survey,
    ledger: Ledger,
    record: Callable[[], RunRecord],
    tell: Listener,
) -> tuple[Layer, ...]:
    crs = output_crs(request.output_path, request.dst_crs) or ground.scene.grid.crs
    return write_features(
        _contents(request, ground, ledger, tell),
        request.output_path,
        crs,
        Origin(
            source=PurePath(ground.scene.path).name,
            record=record,
            answers=answer_rows(ledger, request.spoken(), ground, crs),
        ),
        overwrite=request.overwrite,
    )


def _contents(
    request: Request, ground: Survey, ledger: Ledger, tell: Listener
) -> Iterator[LayerContent]:
    """The layers of the file, drawn while they are written."""
    for index, instruction in enumerate(request.spoken()):
        drawn = _drawn(request, ground, ledger, instruction)
        if not request.layer_per_target:
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
    _enter(tell, "write")


def _drawn(
    request: Request, ground: Survey, ledger: Ledger, instruction: Instruction
) -> Iterator[tuple[Target, Iterator[Feature]]]:
    """The polygons of each target of an instruction, to be read in order."""
    grid = ground.scene.grid
    fields = fuse(
        ledger,
        instruction,
        ground.tiles,
        grid,
        rule=request.fuse,
        threshold=request.threshold,
    )
    for field in fields:
        polygons = features(
            polygonize(field),
            field.target,
            grid,
            min_area_m2=request.min_area,
            clip=ground.area,
            crs=output_crs(request.output_path, request.dst_crs),
        )
        yield field.target, polygons


def _watched(polygons: Iterable[Feature], index: int, tell: Listener) -> Iterator[Feature]:
    """The same polygons; the listener hears now and then how many there are."""
    for count, polygon in enumerate(polygons):
        if count % _TOLD_EVERY == 0:
            tell(Progress(count, None, "polygons", index))
        yield polygon


def _enter(tell: Listener, name: StageName) -> None:
    tell(Stage(name, _STAGES[name], list(_STAGES).index(name), len(_STAGES)))


@contextmanager
def _cancellable(request: Request, listener: Listener | None) -> Iterator[Listener]:
    """Give a listener whose exceptions, like Ctrl-C, end the block with Cancelled."""

    def tell(event: Event) -> None:
        if listener is None:
            return
        try:
            listener(event)
        except Exception as error:
            raise _cancelled(request) from error

    try:
        yield tell
    except KeyboardInterrupt as stop:
        raise _cancelled(request) from stop


def _cancelled(request: Request) -> Cancelled:
    ledger = request.ledger_path
    if not ledger.exists():
        return Cancelled("Stopped before the first tile was asked.")
    return Cancelled(
        f"Stopped. Finished tiles are kept in {ledger}.",
        hint="Give the same command again to go on from there.",
    )
