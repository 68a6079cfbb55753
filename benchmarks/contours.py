"""Contours against `rasterio.features.shapes` + `shapely.geometry.shape`, on the same fields.

    python -m benchmarks.contours [--size 8192] [--rounds 3]

Both run in turn in one process; ratios of medians count, not seconds. Writes
benchmarks/results/contours.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape

from geoseg.contours import polygonize
from geoseg.fuse import Field, Strip
from tests.property.fields import SQUARES, grid_of

ROWS = 256
"""Rows per strip."""


def buildings(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Forty rotated rectangles of 8–36 px per megapixel."""
    logits = np.full((size, size), -6.0, np.float32)
    for _ in range(round(40 * size * size / 1e6)):
        half = random.uniform(4, 18, 2)
        angle, row, col = random.uniform(0, np.pi), *random.integers(30, size - 30, 2)
        y, x = np.mgrid[-28:29, -28:29].astype(np.float32)
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        inside = np.minimum(half[0] - np.abs(u), half[1] - np.abs(v))
        view = logits[row - 28 : row + 29, col - 28 : col + 29]
        np.maximum(view, np.clip(inside, -6, 6), out=view)
    return logits


def speckle(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Small blobs everywhere: about one pixel in ten lies on an outline."""
    noise = ndimage.gaussian_filter(random.standard_normal((size, size), np.float32), 4)
    return np.asarray(4 * noise / noise.std(), np.float32)


def field_of(samples: NDArray[np.int16]) -> Field:
    """A field of one cell per pixel, all of it seen."""
    height, width = samples.shape
    planes = [np.ones((ROWS, width), kind) for kind in "?HHff"]

    def strips() -> Iterator[Strip]:
        for row in range(0, height, ROWS):
            part = samples[row : row + ROWS]
            yield Strip(row, part, *(plane[: len(part)] for plane in planes))  # type: ignore[arg-type]

    return Field(SQUARES, grid_of(height, width), 1, 0, strips)


def ours(samples: NDArray[np.int16]) -> list[shapely.Polygon]:
    """Sub-pixel outlines."""
    return [found.polygon for found in polygonize(field_of(samples))]


def staircase(samples: NDArray[np.int16]) -> list[shapely.Polygon]:
    """Outlines of pixels, the usual way."""
    mask = samples > 0
    return [shape(geometry) for geometry, _ in shapes(mask.astype(np.uint8), mask=mask)]


def clock(
    work: Callable[[NDArray[np.int16]], list[shapely.Polygon]], samples: NDArray[np.int16]
) -> tuple[float, list[shapely.Polygon]]:
    """Seconds, and what came out."""
    start = time.perf_counter()
    polygons = work(samples)
    return time.perf_counter() - start, polygons


def main() -> None:
    """Compare on two kinds of fields."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=8192, help="rows and columns of the fields")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    rows = {}
    for draw in (buildings, speckle):
        logits = draw(options.size, np.random.default_rng(1))
        samples = (2 * np.rint(logits * 256) + 1).astype(np.int16)
        seconds: dict[str, list[float]] = {"ours": [], "rasterio": []}
        for _ in range(options.rounds):
            taken, contours = clock(ours, samples)
            seconds["ours"].append(taken)
            taken, stairs = clock(staircase, samples)
            seconds["rasterio"].append(taken)
        median = {name: statistics.median(values) for name, values in seconds.items()}
        rows[draw.__name__] = {
            "seconds": {name: round(value, 3) for name, value in median.items()},
            "ratio": round(median["rasterio"] / median["ours"], 2),
            "polygons": [len(contours), len(stairs)],
            "vertices": [
                int(shapely.get_num_coordinates(kind).sum()) for kind in (contours, stairs)
            ],
            "invalid": int((~shapely.is_valid(contours)).sum()),
        }
        print(f"{draw.__name__:10} {json.dumps(rows[draw.__name__])}", flush=True)
    options.results.mkdir(parents=True, exist_ok=True)
    about = {"date": date.today().isoformat(), "machine": platform.machine(), "size": options.size}
    path = options.results / "contours.json"
    path.write_text(json.dumps({**about, "fields": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
