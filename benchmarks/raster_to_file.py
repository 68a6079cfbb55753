"""A probability raster to a GeoPackage, against the ten lines that everybody writes.

    python -m benchmarks.raster_to_file [--size 8192] [--rounds 5]

Both read the same compressed file and write polygons with a score. Every run is a process of its
own, in turn; seconds are those of the work without the imports, memory is the process's peak. Ours
reads in a thread of its own. Ratios of medians count. Writes
benchmarks/results/raster_to_file_SIZE.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyogrio
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from benchmarks.contours import buildings
from geoseg.fuse import Field, Strip
from tests.property.fields import SQUARES, grid_of

ROWS = 256
"""Rows per strip, and per block of the file."""

PATCH = 4096
"""Rows and columns of the drawing that is repeated."""

SIMPLIFY = 0.1
"""Tolerance of our outlines, pixels."""


def draw(path: Path, size: int) -> None:
    """A tiled, deflated raster of probabilities, 0 to 255; one patch again and again."""
    side = min(size, PATCH)
    logits = buildings(side, np.random.default_rng(1))
    shares = np.rint(255 / (1 + np.exp(-logits))).astype(np.uint8)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=size,
        height=size,
        count=1,
        dtype="uint8",
        crs="EPSG:32632",
        transform=Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000),
        tiled=True,
        blockxsize=ROWS,
        blockysize=ROWS,
        compress="deflate",
    ) as sink:
        for row in range(0, size, side):
            for col in range(0, size, side):
                part = shares[: size - row, : size - col]
                sink.write(part, 1, window=Window(col, row, part.shape[1], part.shape[0]))


def usual(raster: Path, output: Path) -> None:
    """The ten lines."""
    import geopandas as gpd
    from rasterio.features import shapes
    from shapely.geometry import shape

    with rasterio.open(raster) as source:
        shares = source.read(1)
        mask = shares > 127
        found = [
            shape(outline)
            for outline, _ in shapes(mask.astype("uint8"), mask=mask, transform=source.transform)
        ]
        frame = gpd.GeoDataFrame({"score": np.ones(len(found))}, geometry=found, crs=source.crs)
    frame.to_file(output)


def ours(raster: Path, output: Path) -> None:
    """The same with a field, contours, features and the writer of runs."""
    from geoseg.contours import polygonize
    from geoseg.export import LayerContent, Origin, RunRecord, write_features
    from geoseg.features import Shaping, features
    from geoseg.grid import Grid

    with rasterio.open(raster) as source:
        grid = Grid(source.crs.to_wkt(), source.transform, source.height, source.width)
        polygons = features(
            polygonize(_field(source), compiled=True),
            SQUARES,
            grid,
            shaping=Shaping(simplify_px=SIMPLIFY),
        )
        record = RunRecord({}, {}, "none", "2026-01-01", 0.0, 0, 0)
        layer = LayerContent(0, "all squares", [(raster.name, polygons)])
        write_features([layer], output, grid.crs, Origin(lambda: record))


def _field(source: rasterio.DatasetReader) -> Field:
    height, width = source.height, source.width
    ones = [np.ones((ROWS, width), kind) for kind in "?HHff"]
    # One strip is read while the one before it is traced.
    rooms = [np.empty((ROWS, width), np.int16) for _ in range(2)]

    def read(row: int) -> NDArray[np.int16]:
        rows = min(ROWS, height - row)
        shares = source.read(1, window=Window(0, row, width, rows))
        # Odd numbers around a level of 0, which none of them is.
        samples = np.multiply(shares, np.int16(2), out=rooms[row // ROWS % 2][:rows])
        samples -= 255
        return samples

    def strips() -> Iterator[Strip]:
        with ThreadPoolExecutor(1) as reader:
            following = reader.submit(read, 0)
            for row in range(0, height, ROWS):
                samples = following.result()
                if row + ROWS < height:
                    following = reader.submit(read, row + ROWS)
                planes = (plane[: len(samples)] for plane in ones)
                yield Strip(row, samples, *planes)  # type: ignore[arg-type]

    return Field(SQUARES, grid_of(height, width), 1, 0, strips)


WAYS: dict[str, Callable[[Path, Path], None]] = {"ours": ours, "usual": usual}


def measured(way: str, raster: Path, output: Path) -> dict[str, float]:
    """One run in this process; the imports and what was compiled before are warm."""
    small = raster.with_name("small.tif")
    WAYS[way](small, output.with_name(f"small-{output.name}"))
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, busy = time.perf_counter(), time.process_time()
    WAYS[way](raster, output)
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - busy,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "idle_mb": idle / 1024,
        "file_mb": output.stat().st_size / 1e6,
        "polygons": pyogrio.read_info(output, layer=0)["features"],
    }


def main() -> None:
    """Compare in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one[0], Path(given.one[1]), Path(given.one[2]))))
        return
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        raster = Path(folder, "shares.tif")
        for path, size in ((raster, given.size), (raster.with_name("small.tif"), 512)):
            # A process inherits its parent's peak, so the parent must stay small.
            artist = get_context("spawn").Process(target=draw, args=(path, size))
            artist.start()
            artist.join()
        for turn in range(given.rounds):
            for way in WAYS:
                output = Path(folder, f"{way}{turn}.gpkg")
                command = [sys.executable, "-m", "benchmarks.raster_to_file", "--one", way]
                done = subprocess.run(
                    [*command, str(raster), str(output)], check=True, stdout=subprocess.PIPE
                )
                runs[way].append(json.loads(done.stdout))
    median = {
        way: {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}
        for way, rows in runs.items()
    }
    better = {key: round(median["usual"][key] / median["ours"][key], 2) for key in ("wall", "cpu")}
    smaller = {
        key: round(median["ours"][key] / median["usual"][key], 3) for key in ("peak_mb", "file_mb")
    }
    summary = {"times_as_fast": better, "share_of_the_usual": smaller, "medians": median}
    print(json.dumps(summary, indent=2))
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "size": given.size,
        "rasterio": rasterio.__version__,
    }
    given.results.mkdir(parents=True, exist_ok=True)
    path = given.results / f"raster_to_file_{given.size}.json"
    path.write_text(json.dumps({**about, **summary}, indent=2) + "\n")


if __name__ == "__main__":
    main()
