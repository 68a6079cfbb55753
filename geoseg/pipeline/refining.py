"""From a ledger to a file: answers drawn again, without their scene and without a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from geoseg.errors import Cancelled, InstructionError, OutputError
from geoseg.events import Listener, Log, Result, StageName
from geoseg.ledger import read_ledger
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.kept import Kept, latest_of, spoken
from geoseg.pipeline.record import Account
from geoseg.pipeline.telling import Teller
from geoseg.pipeline.writing import draw

_STAGES: dict[StageName, str] = {
    "read": "Reading the ledger",
    "vectorize": "Drawing polygons",
    "write": "Writing the file",
}

_PATHS = ("ledger", "output", "scores", "masks")


@dataclass(frozen=True, slots=True)
class Revision(Drawing):
    """A ledger, how its answers are to be drawn now, and where the polygons go.

    What is drawn is the latest run: its scenes, tiles, areas and instructions, unless others are
    named; of each scene, the latest run over it.
    """

    ledger: str | os.PathLike[str]
    output: str | os.PathLike[str] = ""
    """.gpkg, .fgb, .parquet, .geojson, .geojsonl or .shp; `-` is standard output."""

    instructions: tuple[str, ...] = ()
    """Those to draw, of all that the ledger has answers to; empty for the latest run's."""

    scenes: tuple[str, ...] = ()
    """Those to draw, of all that the ledger holds, by the names that outputs call them; empty for
    the latest run's."""

    def to_settings(self) -> dict[str, Any]:
        """What was chosen anew, as JSON can hold it; scenes and instructions come from plans."""
        settings = asdict(self)
        for key in ("instructions", "scenes"):
            del settings[key]
        paths = [key for key in _PATHS if settings[key] is not None]
        return settings | {key: os.fspath(settings[key]) for key in paths}


def revise(revision: Revision, listener: Listener | None = None) -> Result:
    """Draw what a ledger holds; the same settings give the same polygons as the run itself.

    The listener hears what a run's hears, without the asking. Tiles that failed, and those that a
    run still going on has not asked, are holes: the result lists them. Raises InstructionError
    for an instruction or a scene that the ledger does not hold, and GeosegError as a run does.
    """
    account = Account(revision.to_settings())
    output = Path(revision.output)
    revision.check_place(output)
    if _same_file(revision.output, revision.ledger):
        raise OutputError("The output would replace its own ledger.", hint="Name another file.")
    tell = Teller(listener, _STAGES, lambda: Cancelled("Stopped; the ledger is as it was."))
    with tell.cancellable():
        tell.enter("read")
        with read_ledger(Path(revision.ledger)) as runs:
            kept = _chosen(latest_of(runs, revision.ledger, revision.scenes), revision.instructions)
            revision.check_scenes(len(kept))
            tell(Log("info", _outlook(kept)))
            first, *others = (one.plan.scene for one in kept)
            settings = {
                **kept[0].plan.settings,
                **account.settings,
                "scene": first,
                "scenes": others,
                "instructions": [instruction.text for instruction in spoken(kept)],
            }
            return draw(revision, output, kept, replace(account, settings=settings), tell)


def _chosen(kept: Sequence[Kept], asked: tuple[str, ...]) -> tuple[Kept, ...]:
    """The same with the instructions to draw; a scene that was not asked one of them has holes.

    Raises InstructionError for one that no scene was asked.
    """
    if not asked:
        return tuple(kept)
    known = {each.text: each for one in kept for each in one.ledger.instructions()}
    for text in asked:
        if text not in known:
            raise InstructionError(
                f"The ledger {kept[0].ledger.path} holds no answers to {text!r}.",
                hint=f"It holds {', '.join(map(repr, known)) or 'none'}; `geoseg run` asks.",
            )
    chosen = tuple(known[text] for text in dict.fromkeys(asked))
    return tuple(replace(one, plan=replace(one.plan, instructions=chosen)) for one in kept)


def _outlook(kept: Sequence[Kept]) -> str:
    done = sum(
        state == "done"
        for one in kept
        for instruction in one.plan.instructions
        for state in one.ledger.states(instruction).values()
    )
    scenes = kept[0].source if len(kept) == 1 else f"{len(kept)} scenes"
    return f"Drawing {done} answers about {scenes} again."


def _same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    return Path(one).resolve() == Path(other).resolve()
