"""Formats of one layer that GDAL writes: FlatGeobuf, GeoJSON, its lines, and the shapefile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyogrio
from pyproj import CRS, Transformer

from geoseg.export.drafts import write_failure
from geoseg.export.formats import GEOJSON_LINES, SHAPEFILE, STDOUT, Format
from geoseg.export.streams import stream
from geoseg.export.tables import FEATURES, Tally, feature_batches

Box = tuple[float, float, float, float]

_CHORD_M = 1000.0
"""Edges that are brought to degrees get a vertex each so many metres: a straight line on the map
is not one in longitude and latitude. At this length they part by less than 2 cm · tan(latitude)."""

_SHORT = {"instruction": "instruct", "touches_edge": "at_edge"}
"""Names that fit a shapefile, which would cut them otherwise."""

_SHORT_BYTES = 254


def write_single(draft: Path, path: Path, tallies: Iterable[Tally], crs: str, form: Format) -> None:
    """Write `draft`, which is to become `path`; `crs` (WKT) is the geometries'."""
    batches = feature_batches(tallies, longest=_longest(crs) if form.degrees else None)
    schema = FEATURES
    if form is SHAPEFILE:
        schema = pa.schema([one.with_name(_SHORT.get(one.name, one.name)) for one in FEATURES])
        batches = _shortened(batches, schema)
    # A shapefile is called by its file's name.
    layer = draft.stem if form is SHAPEFILE else path.stem
    put = partial(_put, form=form, crs=crs, layer=layer)
    stream(batches, schema, partial(put, path=draft), path)


def write_lines(output: BinaryIO, tallies: Iterable[Tally], crs: str) -> None:
    """Write GeoJSON features, one a line, to a stream, as soon as a batch of them is known."""
    for batch in feature_batches(tallies, longest=_longest(crs)):
        lines = BytesIO()
        with write_failure(STDOUT):
            reader = pa.RecordBatchReader.from_batches(FEATURES, [batch])
            _put(reader, form=GEOJSON_LINES, crs=crs, layer="features", path=lines)
            output.write(lines.getvalue())
            output.flush()


def degrees_box(box: Box, crs: str) -> Box:
    """A box of a CRS (WKT) in longitude and latitude; its left is more than its right where it
    lies across the antimeridian."""
    to_degrees = Transformer.from_crs(CRS.from_wkt(crs), CRS.from_epsg(4326), always_xy=True)
    left, bottom, right, top = to_degrees.transform_bounds(*box)
    return left, bottom, right, top


def _put(
    batches: pa.RecordBatchReader, *, form: Format, crs: str, layer: str, path: Path | BytesIO
) -> None:
    options: dict[str, Any] = dict(form.options)
    pyogrio.write_arrow(
        batches,
        path,
        driver=form.driver,
        layer=layer,
        geometry_name="geometry",
        geometry_type="Polygon",
        crs=crs,
        **options,
    )


def _longest(crs: str) -> float | None:
    """Longest edge in the CRS's unit that may go to degrees as it is; None where all may."""
    known = CRS.from_wkt(crs)
    if known.is_geographic:
        return None
    return _CHORD_M / float(known.axis_info[0].unit_conversion_factor)


def _shortened(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Names and texts that a shapefile can hold."""
    for batch in batches:
        columns = [
            pa.array([_short(text) for text in column.to_pylist()], column.type)
            if pa.types.is_string(column.type)
            else column
            for column in batch.columns
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _short(text: str) -> str:
    """The text, cut between two letters to what its field can hold."""
    return text.encode()[:_SHORT_BYTES].decode(errors="ignore")
