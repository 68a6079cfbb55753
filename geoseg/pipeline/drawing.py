"""How answers become polygons."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from geoseg.dialogue import Target
from geoseg.errors import InstructionError, OutputError
from geoseg.export import check_output, output_crs
from geoseg.export.rasters import Rasters
from geoseg.features import SIMPLIFY_PX, Shaping

Rule = Literal["found", "blend", "core", "instances"]

EVERY = "all"
"""In place of a target: every one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How answers become polygons: what runs and revisions are told alike, checked alike."""

    fuse: Rule = "found"
    """How overlapping answers become one."""

    threshold: float = 0.5
    """Probability from which a place belongs to a polygon."""

    min_agreement: float = 0.0
    """Least share of the tiles that saw a thing, three or more, that must have found it."""

    min_area: float = 0.0
    """Smallest polygon that is kept, in m²."""

    max_area: float | None = None
    """Largest polygon that is kept, in m²; None keeps all."""

    simplify: float = SIMPLIFY_PX
    """Largest distance a vertex may move, in pixels; 0 keeps every vertex."""

    regularize: Sequence[str] = ()
    """Targets whose outlines become straight edges in few directions; `all` is every target."""

    fill_holes: float = 0.0
    """Holes smaller than this are filled, in m²."""

    pixel_edges: bool = False
    """Whether outlines follow the edges of mask cells, neither simplified nor straightened."""

    dst_crs: str | None = None
    """CRS of the output; None is the first scene's."""

    layer_per_target: bool = False
    driver: str | None = None
    """Format of the output as GDAL calls it; None goes by its extension."""

    scores: str | os.PathLike[str] | None = None
    """GeoTIFF of one scene's fused probabilities, a band per target; None writes none."""

    masks: str | os.PathLike[str] | None = None
    """Folder of GeoTIFF masks, a file per target, of each of several scenes in a folder of its own;
    None writes none."""

    overwrite: bool = False
    """Whether an existing output may be replaced."""

    def shaping(self, target: Target) -> Shaping:
        """How the outlines of a target are shaped. Raises InstructionError for a wrong number."""
        return Shaping(
            simplify_px=self.simplify,
            regularize=self.straightens(target),
            pixel_edges=self.pixel_edges,
            fill_holes_m2=self.fill_holes,
            min_area_m2=self.min_area,
            max_area_m2=math.inf if self.max_area is None else self.max_area,
        )

    def straightens(self, target: Target) -> bool:
        """Whether a target's outlines become straight edges."""
        return EVERY in self.regularize or target in self.straightened

    @property
    def straightened(self) -> tuple[Target, ...]:
        """The targets that `regularize` names, as answers would name them."""
        return tuple(Target.named(phrase) for phrase in self.regularize if phrase != EVERY)

    @property
    def rasters(self) -> Rasters:
        """The raster files that are asked for."""
        scores, masks = (None if p is None else Path(p) for p in (self.scores, self.masks))
        return Rasters(scores, masks, self.overwrite)

    def check_place(self, output: Path) -> None:
        """Refuse, before any work is done, what cannot become a file.

        Raises InstructionError for settings out of range, OutputError for a place that cannot be
        written.
        """
        self.check_settings()
        if output == Path():
            raise OutputError("There is no output.", hint="Name a .gpkg file.", code="bad_request")
        check_output(
            output,
            driver=self.driver,
            overwrite=self.overwrite,
            layer_per_target=self.layer_per_target,
        )
        output_crs(output, self.dst_crs, self.driver)
        self.rasters.check()

    def check_scenes(self, count: int) -> None:
        """Refuse what several scenes cannot share. Raises InstructionError."""
        if self.scores is not None and count > 1:
            raise InstructionError(
                f"Scores are one raster on one grid, and there are {count} scenes.",
                hint="Draw them scene by scene from the ledger: `geoseg refine LEDGER -o OUT "
                "--scene NAME --scores FILE.tif`.",
            )

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
        if isinstance(self.regularize, str):
            raise InstructionError(
                f"The targets to regularize are several words at once, got {self.regularize!r}.",
                hint=f"Give them in a tuple: ({self.regularize!r},).",
            )
        if self.pixel_edges and self.regularize:
            raise InstructionError(
                "Outlines cannot follow pixel edges and be regularized as well.",
                hint="Choose one of the two.",
            )
        self.shaping(Target("any"))
