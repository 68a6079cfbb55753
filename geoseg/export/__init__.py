"""What is found, to files: polygons in the formats of `formats`, scores and masks as rasters.

A GeoPackage has one layer per instruction, a style for each, and the tables `runs` and `answers`.
The other formats hold one layer: several instructions share it and are told apart by the column
`instruction`; a GeoParquet also keeps the run's record in its metadata.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from geoseg.errors import InstructionError
from geoseg.events import Layer
from geoseg.export.drafts import appearing, check_place
from geoseg.export.formats import (
    FORMATS,
    GEOPACKAGE,
    PARQUET,
    STDOUT,
    Format,
    format_of,
    output_crs,
    short_name,
)
from geoseg.export.geopackage import write_geopackage
from geoseg.export.parquet import write_parquet
from geoseg.export.single import degrees_box, write_lines, write_single
from geoseg.export.styles import target_color
from geoseg.export.tables import AnswerRow, LayerContent, Origin, RunRecord, Tally, layer_name

__all__ = [
    "FORMATS",
    "STDOUT",
    "AnswerRow",
    "LayerContent",
    "Origin",
    "RunRecord",
    "check_output",
    "format_of",
    "layer_name",
    "output_crs",
    "target_color",
    "write_features",
]


def check_output(
    path: Path,
    *,
    driver: str | None = None,
    overwrite: bool = False,
    layer_per_target: bool = False,
) -> None:
    """Refuse, before any work is done, an output that could not be written at its end.

    Raises OutputError for an unknown extension or driver, a missing or read-only folder, a folder
    in the file's place, and an existing file unless it may be overwritten; InstructionError for
    layers per target in a format that holds only one layer.
    """
    form = format_of(path, driver)
    if layer_per_target and not form.many_layers:
        raise InstructionError(
            f"{path.name} can hold only one layer, so targets cannot have layers of their own.",
            hint="Write a .gpkg, or tell targets apart by the column `target`.",
        )
    if path != STDOUT:
        check_place(path, overwrite=overwrite, companions=form.companions)


def write_features(
    layers: Iterable[LayerContent],
    path: Path,
    crs: str,
    origin: Origin,
    *,
    driver: str | None = None,
    overwrite: bool = False,
) -> tuple[Layer, ...]:
    """Write all layers, in `crs` (WKT), in one stream each; the file appears when it is whole.

    A GeoJSON is brought to longitude and latitude on its way. Standard output gets its features
    batch by batch. Layers, features and answers are pulled while the file is written, and the
    record is asked for last. Raises OutputError when the file cannot be written; what the layers
    raise passes through.
    """
    form = format_of(path, driver)
    if path == STDOUT:
        tallies: list[Tally] = []
        write_lines(sys.stdout.buffer, _entered(layers, tallies), crs)
        return _told(tallies, path, form, crs)
    with appearing(
        path,
        overwrite=overwrite,
        suffix=form.suffixes[0],
        companions=form.companions,
        indexes=form.indexes,
    ) as draft:
        if form is GEOPACKAGE:
            return write_geopackage(draft, path, layers, crs, origin)
        tallies = []
        if form is PARQUET:
            write_parquet(draft, path, _entered(layers, tallies), crs, origin)
        else:
            write_single(draft, path, _entered(layers, tallies), crs, form)
        return _told(tallies, path, form, crs)


def _entered(layers: Iterable[LayerContent], tallies: list[Tally]) -> Iterator[Tally]:
    """The layers as they begin to be written, each with its tally, which is kept."""
    for content in layers:
        tallies.append(Tally(content))
        yield tallies[-1]


def _told(tallies: list[Tally], path: Path, form: Format, crs: str) -> tuple[Layer, ...]:
    name = "EPSG:4326" if form.degrees else short_name(crs)
    layers = []
    for tally in tallies:
        if form.degrees and tally.bounds is not None:
            tally.bounds = degrees_box(tally.bounds, crs)
        table = "features" if path == STDOUT else path.stem
        layers.append(tally.layer(str(path), table, name))
    return tuple(layers)
