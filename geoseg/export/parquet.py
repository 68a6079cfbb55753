"""GeoParquet 1.1: columns in Arrow's own file format, geometry as WKB."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from geoseg.export.tables import FEATURES, RunRecord


def write_parquet(
    batches: Iterable[pa.RecordBatch],
    path: Path,
    crs: str,
    record: Callable[[], RunRecord],
) -> None:
    """Write batches as they come; the run's record stands in the metadata under `geoseg`."""
    with pq.ParquetWriter(path, FEATURES, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
        metadata = {"geo": _geo(crs), "geoseg": asdict(record())}
        writer.add_key_value_metadata(
            {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}
        )


def _geo(crs: str) -> dict[str, object]:
    column = {
        "encoding": "WKB",
        "geometry_types": ["Polygon"],
        "crs": CRS.from_wkt(crs).to_json_dict(),
        "orientation": "counterclockwise",
        "edges": "planar",
    }
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
