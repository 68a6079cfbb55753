"""Features to a file: GeoPackage, FlatGeobuf, GeoParquet or GeoJSON, by the file's extension.

A GeoPackage has one layer per instruction, a style for each, and the tables `runs` and `answers`.
The other formats hold one layer: several instructions share it and are told apart by the column
`instruction`; a GeoParquet also keeps the run's record in its metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from geoseg.errors import InstructionError, OutputError
from geoseg.events import Layer
from geoseg.export.drafts import appearing, check_place, write_failure
from geoseg.export.parquet import write_parquet
from geoseg.export.styles import target_color, write_styles
from geoseg.export.tables import (
    ANSWERS,
    FEATURES,
    AnswerRow,
    LayerContent,
    Origin,
    RunRecord,
    Tally,
    answer_batches,
    feature_batches,
    layer_name,
)

__all__ = [
    "AnswerRow",
    "LayerContent",
    "Origin",
    "RunRecord",
    "check_output",
    "layer_name",
    "output_crs",
    "target_color",
    "write_features",
]

DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".parquet": "Parquet", ".geojson": "GeoJSON"}
"""Format by extension."""

_GPKG_VERSION = "1.3"  # QGIS before 3.28 warns about 1.4 each time such a file is opened.
_GEOMETRY = "geom"
_OPTIONS: dict[str, dict[str, str]] = {
    "FlatGeobuf": {},
    "GeoJSON": {"RFC7946": "YES", "WRITE_NAME": "NO"},
}


def check_output(path: Path, *, overwrite: bool = False, layer_per_target: bool = False) -> None:
    """Refuse, before any work is done, an output that could not be written at its end.

    Raises OutputError for an unknown extension, a missing or read-only folder, a folder in the
    file's place, and an existing file unless it may be overwritten; InstructionError for layers
    per target in a format that holds only one layer.
    """
    driver = _driver(path)
    if layer_per_target and driver != "GPKG":
        raise InstructionError(
            f"{path.name} can hold only one layer, so targets cannot have layers of their own.",
            hint="Write a .gpkg, or tell targets apart by the column `target`.",
        )
    check_place(path, overwrite=overwrite)


def output_crs(path: Path, asked: str | None) -> str | None:
    """The CRS to write in, as WKT; None for the scene's own.

    GeoJSON is longitude and latitude by its standard (RFC 7946). Raises InstructionError for a CRS
    that is not known, or that GeoJSON cannot have.
    """
    degrees = CRS.from_epsg(4326)
    chosen = None if asked is None else _crs(asked)
    if _driver(path) == "GeoJSON":
        if chosen is not None and not degrees.equals(chosen, ignore_axis_order=True):
            raise InstructionError(
                f"GeoJSON is always WGS 84, but --dst-crs asks for {asked}.",
                hint="Leave --dst-crs out, or write a .gpkg, .fgb or .parquet.",
            )
        chosen = degrees
    return None if chosen is None else chosen.to_wkt()


def write_features(
    layers: Iterable[LayerContent],
    path: Path,
    crs: str,
    origin: Origin,
    *,
    overwrite: bool = False,
) -> tuple[Layer, ...]:
    """Write all layers, in `crs` (WKT), in one stream each; the file appears when it is whole.

    Layers, features and answers are pulled while the file is written, and the record is asked for
    last. Raises OutputError when the file cannot be written; what the layers raise passes through.
    """
    with appearing(path, overwrite=overwrite) as draft:
        if _driver(path) == "GPKG":
            return _write_geopackage(draft, path, layers, crs, origin)
        return _write_single(draft, path, layers, crs, origin)


def _write_geopackage(
    draft: Path, path: Path, layers: Iterable[LayerContent], crs: str, origin: Origin
) -> tuple[Layer, ...]:
    written: list[Layer] = []
    tables: set[str] = set()
    identifiers: set[str] = set()
    put = partial(pyogrio.write_arrow, path=draft, driver="GPKG", VERSION=_GPKG_VERSION)
    place = {"geometry_name": "geometry", "geometry_type": "Polygon", "crs": crs}
    for content in layers:
        tally = Tally(content)
        table = _unique(layer_name(content.index, content.instruction, content.target), tables)
        title = " – ".join(filter(None, (content.instruction, content.target)))
        named = {"layer": table, "IDENTIFIER": _unique(title, identifiers), "DESCRIPTION": title}
        batches = feature_batches([tally], origin.source)
        _stream(batches, FEATURES, partial(put, **named, **place, GEOMETRY_NAME=_GEOMETRY), path)
        written.append(tally.layer(str(path), table, _short(crs)))
    named = {"layer": "answers", "IDENTIFIER": _unique("geoseg answers", identifiers)}
    _stream(answer_batches(origin.answers), ANSWERS, partial(put, **named, **place), path)
    runs = origin.record().table()
    named = {"layer": "runs", "IDENTIFIER": _unique("geoseg runs", identifiers)}
    _stream(runs.to_batches(), runs.schema, partial(put, **named), path)
    with write_failure(path):
        write_styles(draft, written, _GEOMETRY)
    return tuple(written)


def _write_single(
    draft: Path, path: Path, layers: Iterable[LayerContent], crs: str, origin: Origin
) -> tuple[Layer, ...]:
    tallies: list[Tally] = []

    def entered() -> Iterator[Tally]:
        for content in layers:
            tallies.append(Tally(content))
            yield tallies[-1]

    driver = _driver(path)
    put: Callable[[pa.RecordBatchReader], Any]
    if driver == "Parquet":
        put = partial(write_parquet, path=draft, crs=crs, record=origin.record)
    else:
        put = partial(
            pyogrio.write_arrow,
            path=draft,
            driver=driver,
            layer=path.stem,
            geometry_name="geometry",
            geometry_type="Polygon",
            crs=crs,
            **_OPTIONS[driver],
        )
    _stream(feature_batches(entered(), origin.source), FEATURES, put, path)
    return tuple(tally.layer(str(path), path.stem, _short(crs)) for tally in tallies)


def _stream(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    write: Callable[[pa.RecordBatchReader], Any],
    path: Path,
) -> None:
    """Let C code pull batches; what a generator raises on the way is raised here again."""
    raised: list[BaseException] = []

    def guarded() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except BaseException as error:
            raised.append(error)
            raise

    try:
        with write_failure(path):
            write(pa.RecordBatchReader.from_batches(schema, guarded()))
    finally:
        # The Arrow stream between the two reduces every exception to an error number.
        if raised:
            raise raised[0]


def _driver(path: Path) -> str:
    try:
        return DRIVERS[path.suffix.lower()]
    except KeyError:
        raise OutputError(
            f"The output {path.name!r} has no known extension.",
            hint=f"Use one of {', '.join(DRIVERS)}.",
            code="bad_request",
        ) from None


def _crs(text: str) -> CRS:
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InstructionError(
            f"The CRS {text!r} is not known.", hint="Use a code such as EPSG:32645, or WKT."
        ) from error


def _short(wkt: str) -> str:
    """A CRS as an authority code where it has one, else its WKT."""
    authority = CRS.from_wkt(wkt).to_authority(min_confidence=100)
    return wkt if authority is None else ":".join(authority)


def _unique(name: str, taken: set[str]) -> str:
    """The name, or the name with a number if it is taken already."""
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free.lower())
    return free
