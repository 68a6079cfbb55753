"""Features to a file against `GeoDataFrame.to_file` of the same geometries and columns.

    python -m benchmarks.writing [--count 100000] [--rounds 5]

Ours starts from features, as a run has them, and writes its record beside them; theirs starts from
a finished frame, once without and once with Arrow. Ours brings the file to disk before it gets its
name, theirs leaves that to the system. All run in turn in one process; ratios of medians count, not
seconds, and those of CPU time where others use the machine. Writes benchmarks/results/writing.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS

from geoseg.dialogue import Target
from geoseg.export import LayerContent, Origin, RunRecord, write_features
from geoseg.features import Feature

CRS_WKT = CRS.from_epsg(32632).to_wkt()
RECORD = RunRecord({}, {}, "none", "2026-01-01", 0.0, 0, 0)
SUFFIXES = (".gpkg", ".fgb", ".parquet", ".geojsonl")


def outlines(count: int) -> list[shapely.Polygon]:
    """Polygons of about fifteen vertices, spread over a square."""
    random = np.random.default_rng(1)
    turns = np.sort(random.uniform(0, 2 * np.pi, (count, 14)), axis=1)
    reach = random.uniform(6, 12, (count, 14))
    middle = random.uniform(0, 20_000, (count, 1, 2)) + np.array([5e5, 5e6])
    points = middle + np.stack([reach * np.cos(turns), reach * np.sin(turns)], 2)
    return list(shapely.polygons(points))


def features(polygons: list[shapely.Polygon]) -> list[Feature]:
    """Each with something to say."""
    roof = Target("roof")
    return [Feature(one, roof, 0.9, 0.75, 4, 3, 250.0, False) for one in polygons]


def ours(path: Path, found: list[Feature]) -> None:
    """As a run writes them."""
    origin = Origin(lambda: RECORD)
    write_features([LayerContent(0, "all roofs", [("scene.tif", found)])], path, CRS_WKT, origin)


def to_file(path: Path, frame: gpd.GeoDataFrame, arrow: bool) -> None:
    """As geopandas writes them."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".geojsonl":
        frame.to_file(path, driver="GeoJSONSeq", use_arrow=arrow)
    else:
        frame.to_file(path, use_arrow=arrow)


def frame_of(found: list[Feature]) -> gpd.GeoDataFrame:
    """The columns of a layer."""
    return gpd.GeoDataFrame(
        {
            "id": np.arange(1, len(found) + 1),
            "instruction": ["all roofs"] * len(found),
            "target": [one.target.phrase for one in found],
            "score": np.array([one.score for one in found], np.float32),
            "agreement": np.array([one.agreement for one in found], np.float32),
            "n_seen": np.array([one.n_seen for one in found], np.int32),
            "n_found": np.array([one.n_found for one in found], np.int32),
            "area_m2": [one.area_m2 for one in found],
            "touches_edge": [one.touches_edge for one in found],
            "source": ["scene.tif"] * len(found),
        },
        geometry=[one.geometry for one in found],
        crs=CRS_WKT,
    )


def compare(
    works: dict[str, Callable[[Path], None]], suffix: str, rounds: int
) -> dict[str, object]:
    """Medians in seconds, and how many times as long the others take."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    with TemporaryDirectory() as folder:
        for turn in range(rounds + 1):
            for name, work in works.items():
                path = Path(folder, f"out{suffix}")
                began, busy = time.perf_counter(), time.process_time()
                work(path)
                now = time.perf_counter() - began, time.process_time() - busy
                if turn:  # the first one only warms up
                    taken[name].append(now)
                path.unlink()
    table: dict[str, object] = {}
    for clock, column in (("wall", 0), ("cpu", 1)):
        median = {name: statistics.median(row[column] for row in taken[name]) for name in works}
        table[f"{clock}_seconds"] = {name: round(value, 3) for name, value in median.items()}
        table[f"{clock}_ratio"] = {
            name: round(value / median["ours"], 2) for name, value in median.items()
        }
    return table


def main() -> None:
    """Compare, format by format."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    found = features(outlines(given.count))
    frame = frame_of(found)
    works = {
        "ours": partial(ours, found=found),
        "to_file": partial(to_file, frame=frame, arrow=False),
        "to_file_arrow": partial(to_file, frame=frame, arrow=True),
    }
    rows = {}
    for suffix in SUFFIXES:
        rows[suffix] = compare(works, suffix, given.rounds)
        print(f"{suffix:10} {json.dumps(rows[suffix])}", flush=True)
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "pyogrio": pyogrio.__version__,
        "geopandas": gpd.__version__,
        "polygons": given.count,
        "rounds": given.rounds,
    }
    given.results.mkdir(parents=True, exist_ok=True)
    path = given.results / "writing.json"
    path.write_text(json.dumps({**about, "formats": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
