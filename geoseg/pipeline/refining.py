"""From a ledger to a file: answers drawn again, without their scene and without a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from geoseg.dialogue import Instruction
from geoseg.errors import Cancelled, InstructionError, OutputError
from geoseg.events import Listener, Log, Result, StageName
from geoseg.ledger import Ledger, Plan, latest_runs, read_ledger
from geoseg.pipeline.drawing import Drawing, Rule, draw
from geoseg.pipeline.record import Account
from geoseg.pipeline.telling import Teller

_STAGES: dict[StageName, str] = {
    "read": "Reading the ledger",
    "vectorize": "Drawing polygons",
    "write": "Writing the file",
}

_PATHS = ("ledger", "output", "scores", "masks")


@dataclass(frozen=True, slots=True)
class Revision:
    """A ledger, how its answers are to be drawn now, and where the polygons go.

    What is drawn is the latest run over a scene: its tiles, its area and, if none are named, its
    instructions.
    """

    ledger: str | os.PathLike[str]
    output: str | os.PathLike[str] = ""
    """.gpkg, .fgb, .parquet, .geojson, .geojsonl or .shp; `-` is standard output."""

    instructions: tuple[str, ...] = ()
    """Those to draw, of all that the ledger has answers to; empty for the latest run's."""

    scene: str | None = None
    """File name of the scene, for a ledger that holds several."""

    fuse: Rule = "found"
    """How overlapping answers become one."""

    threshold: float = 0.5
    """Probability from which a place belongs to a polygon."""

    min_agreement: float = 0.0
    """Least share of the tiles that saw a thing, three or more, that must have found it."""

    min_area: float = 0.0
    """Smallest polygon that is kept, in m²."""

    dst_crs: str | None = None
    """CRS of the output; None is the scene's."""

    layer_per_target: bool = False
    driver: str | None = None
    """Format of the output as GDAL calls it; None goes by its extension."""

    scores: str | os.PathLike[str] | None = None
    """GeoTIFF of the fused probabilities, a band per target; None writes none."""

    masks: str | os.PathLike[str] | None = None
    """Folder of GeoTIFF masks, a file per target; None writes none."""

    overwrite: bool = False
    """Whether an existing output may be replaced."""

    @property
    def drawing(self) -> Drawing:
        """How the answers become polygons."""
        return Drawing(
            output=Path(self.output),
            fuse=self.fuse,
            threshold=self.threshold,
            min_agreement=self.min_agreement,
            min_area=self.min_area,
            dst_crs=self.dst_crs,
            layer_per_target=self.layer_per_target,
            overwrite=self.overwrite,
            driver=self.driver,
            scores=None if self.scores is None else Path(self.scores),
            masks=None if self.masks is None else Path(self.masks),
        )

    def to_settings(self) -> dict[str, Any]:
        """What was chosen anew, as JSON can hold it; instructions come from the plan."""
        settings = asdict(self)
        for key in ("instructions", "scene"):
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
    revision.drawing.check()
    if _same_file(revision.output, revision.ledger):
        raise OutputError("The output would replace its own ledger.", hint="Name another file.")
    tell = Teller(listener, _STAGES, lambda: Cancelled("Stopped; the ledger is as it was."))
    with tell.cancellable():
        tell.enter("read")
        with read_ledger(Path(revision.ledger)) as runs:
            ledger, whole = chosen_run(runs, revision.ledger, revision.scene)
            plan = replace(whole, instructions=_chosen(ledger, whole, revision.instructions))
            tell(Log("info", _outlook(ledger, plan)))
            settings = {
                **whole.settings,
                **account.settings,
                "instructions": [instruction.text for instruction in plan.instructions],
            }
            return draw(revision.drawing, plan, ledger, replace(account, settings=settings), tell)


def chosen_run(
    runs: Sequence[Ledger], path: str | os.PathLike[str], scene: str | None
) -> tuple[Ledger, Plan]:
    """The latest run, of one scene when it is named by its file name, and what it was about.

    Raises InstructionError when there is none, and when several scenes are there to choose from.
    """
    latest = [(run, plan) for run in latest_runs(runs) if (plan := run.plan) is not None]
    names = [PurePath(plan.scene).name for _, plan in latest]
    listed = ", ".join(names) or "none"
    if not latest:
        raise InstructionError(
            f"The ledger {path} holds no run.", hint="Give the `geoseg run` that made it again."
        )
    if scene is None and len(latest) > 1:
        raise InstructionError(
            f"The ledger {path} holds several scenes: {listed}.",
            hint="Name one of them with --scene.",
        )
    found = [pair for pair, name in zip(latest, names, strict=True) if name == scene]
    if scene is not None and not found:
        raise InstructionError(
            f"The ledger {path} holds no scene {scene!r}; its scenes are {listed}."
        )
    return (found or latest)[-1]


def _chosen(ledger: Ledger, plan: Plan, asked: tuple[str, ...]) -> tuple[Instruction, ...]:
    """The instructions to draw. Raises InstructionError for one that was never asked."""
    if not asked:
        return plan.instructions
    known = {instruction.text: instruction for instruction in ledger.instructions()}
    for text in asked:
        if text not in known:
            raise InstructionError(
                f"The ledger {ledger.path} holds no answers to {text!r}.",
                hint=f"It holds {', '.join(map(repr, known)) or 'none'}; `geoseg run` asks.",
            )
    return tuple(known[text] for text in dict.fromkeys(asked))


def _outlook(ledger: Ledger, plan: Plan) -> str:
    done = sum(
        state == "done"
        for instruction in plan.instructions
        for state in ledger.states(instruction).values()
    )
    return f"Drawing {done} answers about {PurePath(plan.scene).name} again."


def _same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    return Path(one).resolve() == Path(other).resolve()
