"""Everything a run is told, checked before any work is done."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any, get_args

from geoseg.dialogue import Instruction
from geoseg.engines import EngineSpec, Quantize
from geoseg.errors import InstructionError
from geoseg.export import STDOUT, check_output
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.patience import GIVE_UP_AFTER
from geoseg.rendering import parse_stretch
from geoseg.tiling import OVERLAP


@dataclass(frozen=True, slots=True)
class Request(Drawing):
    """Scenes, what to look for in them, and where the polygons go."""

    scene: str | os.PathLike[str]
    instructions: tuple[str, ...] = ()
    output: str | os.PathLike[str] = ""
    """.gpkg, .fgb, .parquet, .geojson, .geojsonl or .shp; `-` is standard output."""

    scenes: tuple[str | os.PathLike[str], ...] = ()
    """Further scenes, each with tiles and stretch of its own; their polygons share the output."""

    checkpoint: str = "nano"
    """`nano`, `color`, or a checkpoint folder."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:N`."""

    quantize: Quantize = "none"
    """Bits of the language model's weights: `none` leaves them alone, `int8`, `int4`."""

    overlap: int = OVERLAP
    """Least pixels that neighbouring windows share."""

    bounds: tuple[float, float, float, float] | None = None
    """(xmin, ymin, xmax, ymax) outside of which nothing is asked or kept."""

    bounds_crs: str | None = None
    """Of `bounds`; None is the first scene's."""

    aoi: str | None = None
    """FILE[:layer] of polygons outside of which nothing is asked or kept."""

    bidx: tuple[int, ...] | None = None
    """Bands shown as red, green and blue, counted from 1; one is shown as grey."""

    stretch: str = "auto"
    """`auto`, `none`, `MIN,MAX` or `pLO-HI`."""

    assume_crs: str | None = None
    """CRS of a scene that states none."""

    nodata: float | None = None
    """Value that means "nothing here"; None goes by the scene."""

    gsd: float | None = None
    """Size in metres of the pixels that are worked with; None takes the scene's own."""

    shard: tuple[int, int] | None = None
    """(i, n) asks only the i-th of n parts of the tiles, counted from 1; None asks all."""

    ledger: str | os.PathLike[str] | None = None
    """Where answers are kept; None is beside the output."""

    resume: bool = True
    """Whether answers of an earlier run are used."""

    give_up_after: int = GIVE_UP_AFTER
    """Tiles in a row on which the engine may fail before the run is stopped; 0 never stops it."""

    partial: str | os.PathLike[str] | None = None
    """GeoPackage that is written anew, while the run goes on, with the polygons that are final so
    far; None writes none."""

    @property
    def scene_paths(self) -> tuple[str, ...]:
        """All scenes, as they were named."""
        return tuple(os.fspath(path) for path in (self.scene, *self.scenes))

    @property
    def output_path(self) -> Path:
        """Where the polygons go."""
        return Path(self.output)

    @property
    def ledger_path(self) -> Path:
        """Where answers are kept: `out.gpkg.ledger` beside `out.gpkg`.

        A run that writes to standard output keeps them in the current folder, by the first scene's
        name.
        """
        if self.ledger is not None:
            return Path(self.ledger)
        if self.output_path == STDOUT:
            return Path(PurePath(self.scene).name + ".ledger")
        return self.output_path.with_name(self.output_path.name + ".ledger")

    @property
    def engine(self) -> EngineSpec:
        """The recipe of the engine that answers."""
        return EngineSpec(self.checkpoint, device=self.device, quantize=self.quantize)

    def spoken(self) -> tuple[Instruction, ...]:
        """The instructions, each one checked.

        Raises InstructionError when there is none, one is blank, given twice, or names a file.
        """
        if not self.instructions:
            raise InstructionError(
                "There is no instruction.", hint='Say what to look for, such as "all roofs".'
            )
        for number, text in enumerate(self.instructions):
            if _is_file(text):
                raise InstructionError(
                    f"{text!r} is a file; the instruction was forgotten.",
                    hint='Say what to look for, such as "all roofs"; further scenes are named with '
                    "--scene.",
                )
            if text in self.instructions[:number]:
                raise InstructionError(
                    f"The instruction {text!r} is given twice.", hint="Ask it once."
                )
        return tuple(Instruction(text) for text in self.instructions)

    def check(self) -> None:
        """Refuse, before the scene is opened, what cannot become a file.

        Raises InstructionError for options that cannot be understood, OutputError for a place
        that cannot be written.
        """
        self.spoken()
        self.check_options()
        self.check_place(self.output_path)
        if self.partial is not None:
            check_output(Path(self.partial), driver="GPKG", overwrite=True)

    def check_options(self) -> None:
        """Refuse options that cannot be understood."""
        for path, count in Counter(self.scene_paths).items():
            if count > 1:
                raise InstructionError(f"The scene {path} is given twice.", hint="Name it once.")
        parse_stretch(self.stretch)
        self.check_settings()
        self.check_scenes(len(self.scene_paths))
        if self.quantize not in get_args(Quantize):
            raise InstructionError(
                f"Weights cannot be stored as {self.quantize!r}.", hint="Use none, int8 or int4."
            )
        if self.give_up_after < 0:
            raise InstructionError(
                f"No run can be given up after {self.give_up_after} failures in a row.",
                hint="Give a number from 1 on, or 0 to go on whatever happens.",
            )
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise InstructionError(
                f"The shard {self.shard} is no part of a whole.",
                hint="Of n parts, name one from (1, n) to (n, n).",
            )

    def to_settings(self) -> dict[str, Any]:
        """All arguments, as JSON can hold them."""
        settings = asdict(self)
        for key in ("scene", "output", "ledger", "scores", "masks", "partial"):
            if settings[key] is not None:
                settings[key] = os.fspath(settings[key])
        settings["scenes"] = [os.fspath(path) for path in self.scenes]
        return settings


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than any path, or with a zero byte
        return False
