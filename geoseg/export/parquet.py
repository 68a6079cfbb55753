"""GeoParquet 1.1: columns in Arrow's own file format, geometry as WKB, a box beside each.

By the boxes' statistics a reader that looks for a place leaves row groups out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from geoseg.export.streams import stream
from geoseg.export.tables import BOX, FEATURES, Origin, Tally, feature_batches

_SCHEMA = FEATURES.append(BOX)


def write_parquet(
    draft: Path, path: Path, tallies: Iterable[Tally], crs: str, origin: Origin
) -> None:
    """Write `draft`, which is to become `path`; the run's record stands under `geoseg`."""
    kept: list[Tally] = []

    def watched() -> Iterator[Tally]:
        for tally in tallies:
            kept.append(tally)
            yield tally

    def put(batches: Iterable[pa.RecordBatch]) -> None:
        with pq.ParquetWriter(draft, _SCHEMA, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
            metadata = {"geo": _geo(crs, kept), "geoseg": asdict(origin.record())}
            writer.add_key_value_metadata(
                {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}
            )

    stream(feature_batches(watched(), boxes=True), _SCHEMA, put, path)


def _geo(crs: str, tallies: Iterable[Tally]) -> dict[str, object]:
    boxes = [tally.bounds for tally in tallies if tally.bounds is not None]
    column: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": ["Polygon"],
        "crs": CRS.from_wkt(crs).to_json_dict(),
        "orientation": "counterclockwise",
        "edges": "planar",
        "covering": {"bbox": {side.name: [BOX.name, side.name] for side in BOX.type}},
    }
    if boxes:
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        column["bbox"] = [min(lefts), min(bottoms), max(rights), max(tops)]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
