"""Contours against the usual outlines of pixels, on the same fields.

    python -m benchmarks.contours [--size 8192] [--rounds 5]

Time: probability array to polygons, ours against `rasterio.features.shapes` and
`shapely.geometry.shape`, with compiled loops and without; both run in turn in one process, and
ratios of medians count, not seconds. Truth: drawn rectangles, of which the field knows the covered
share of each pixel. Law: the same rings whatever the height of strips. Writes
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
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import geometry_mask, shapes
from scipy import ndimage
from shapely import Polygon, affinity, box
from shapely.geometry import shape

from geoseg.contours import polygonize
from geoseg.fuse import Field, Strip
from tests.property.fields import SQUARES, grid_of

ROWS = 256
"""Rows per strip."""

CHECKED = 10**6
"""Polygons of fewer vertices are held against GEOS's idea of validity: one of four million, with
twelve thousand holes, would take it minutes and gigabytes."""

HEIGHTS = (333, 896, 10**6)
"""Other strips, which must not matter."""


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


def houses(size: int, random: np.random.Generator) -> tuple[NDArray[np.float32], list[Polygon]]:
    """Shares of pixels that rotated rectangles cover, a little blurred, and the rectangles."""
    shares = np.zeros((size, size), np.float32)
    placed: list[Polygon] = []
    # One in each cell of a lattice: none touch, and the truth is exact.
    for row in range(32, size - 32, 64):
        for col in range(32, size - 32, 64):
            half, turn = random.uniform(4, 18, 2), random.uniform(0, 180)
            middle = random.uniform(-4, 4, 2) + np.array([col, row])
            house = affinity.rotate(box(-half[0], -half[1], half[0], half[1]), turn)
            placed.append(affinity.translate(house, *middle))
            view = shares[row - 30 : row + 30, col - 30 : col + 30]
            view += _covered(affinity.translate(placed[-1], 30 - col, 30 - row), 60)
    return np.asarray(ndimage.gaussian_filter(shares, 0.7), np.float32), placed


def _covered(polygon: Polygon, side: int, fine: int = 8) -> NDArray[np.float32]:
    """The share of each pixel that a polygon covers, from 64 points in each."""
    steps = Affine.scale(1 / fine)
    grain = geometry_mask([polygon], (side * fine, side * fine), steps, invert=True)
    return np.asarray(grain.reshape(side, fine, side, fine).mean((1, 3)), np.float32)


def field_of(samples: NDArray[np.int16], rows: int = ROWS) -> Field:
    """A field of one cell per pixel, all of it seen."""
    height, width = samples.shape
    planes = [np.ones((min(rows, height), width), kind) for kind in "?HHff"]

    def strips() -> Iterator[Strip]:
        for row in range(0, height, rows):
            part = samples[row : row + rows]
            yield Strip(row, part, *(plane[: len(part)] for plane in planes))  # type: ignore[arg-type]

    return Field(SQUARES, grid_of(height, width), 1, 0, strips)


def ours(samples: NDArray[np.int16], compiled: bool = True) -> list[Polygon]:
    """Sub-pixel outlines."""
    return [found.polygon for found in polygonize(field_of(samples), compiled=compiled)]


def staircase(samples: NDArray[np.int16]) -> list[Polygon]:
    """Outlines of pixels, the usual way."""
    mask = samples > 0
    return [shape(geometry) for geometry, _ in shapes(mask.astype(np.uint8), mask=mask)]


WAYS: dict[str, Callable[[NDArray[np.int16]], list[Polygon]]] = {
    "ours": ours,
    "without numba": partial(ours, compiled=False),
    "rasterio": staircase,
}


def timed(samples: NDArray[np.int16], rounds: int) -> dict[str, object]:
    """Medians of every way, wall and CPU, and how often ours fits into the usual one."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    facts: dict[str, dict[str, object]] = {}
    ours(samples[:256])  # compiles, or reads what was compiled
    for turn in range(rounds):
        for name, work in WAYS.items():
            began, busy = time.perf_counter(), time.process_time()
            found = work(samples)
            taken[name].append((time.perf_counter() - began, time.process_time() - busy))
            if not turn:
                facts[name] = _facts(np.array(found))
            del found
    row: dict[str, object] = {}
    for column, clock in enumerate(("wall", "cpu")):
        median = {name: statistics.median(t[column] for t in taken[name]) for name in WAYS}
        row[f"{clock}_seconds"] = {name: round(value, 3) for name, value in median.items()}
        row[f"{clock}_ratio"] = {
            name: round(median["rasterio"] / median[name], 2) for name in ("ours", "without numba")
        }
    own = facts["ours"]
    row["same without numba"] = own == facts["without numba"]
    row["same for strips of"] = {rows: own == _facts(_in_strips(samples, rows)) for rows in HEIGHTS}
    wrong = _wrong(np.array(ours(samples)))
    return row | own | wrong | {"rasterio": facts["rasterio"]}


def _facts(polygons: NDArray[np.object_]) -> dict[str, object]:
    """How many, of how many vertices, and a digest of every coordinate."""
    return {
        "polygons": len(polygons),
        "vertices": int(shapely.get_num_coordinates(polygons).sum()),
        "digest": sha256(b"".join(sorted(shapely.to_wkb(polygons)))).hexdigest()[:16],
    }


def _wrong(polygons: NDArray[np.object_]) -> dict[str, int]:
    """How many are invalid, and how many simplifying breaks; these stay as they were."""
    checked = polygons[shapely.get_num_coordinates(polygons) < CHECKED]
    simple = shapely.simplify(checked, 0.5, preserve_topology=False)
    return {
        "checked": len(checked),
        "invalid": int((~shapely.is_valid(checked)).sum()),
        "broken by 0.5 px": int((~shapely.is_valid(simple)).sum()),
    }


def _in_strips(samples: NDArray[np.int16], rows: int) -> NDArray[np.object_]:
    return np.array([found.polygon for found in polygonize(field_of(samples, rows), compiled=True)])


def near_truth(size: int) -> dict[str, object]:
    """Outlines against drawn rectangles: what overlaps, and how many vertices that takes."""
    shares, truth = houses(size, np.random.default_rng(2))
    samples = (2 * np.rint(shares * 255) - 255).astype(np.int16)
    ways = {
        "staircase": np.array(staircase(samples)),
        "contour": np.array(ours(samples)),
        "contour, 0.1 px": shapely.simplify(np.array(ours(samples)), 0.1, preserve_topology=False),
    }
    rows: dict[str, dict[str, float]] = {}
    for name, polygons in ways.items():
        found, drawn = shapely.STRtree(truth).query(polygons, predicate="intersects")
        common = shapely.area(shapely.intersection(polygons[found], np.array(truth)[drawn]))
        union = shapely.area(polygons)[found] + shapely.area(np.array(truth))[drawn] - common
        best = np.zeros(len(truth))
        np.maximum.at(best, drawn, common / union)
        vertices = shapely.get_num_coordinates(polygons).sum() / len(truth)
        rows[name] = {
            "1 - IoU": round(float(1 - best.mean()), 5),
            "vertices per object": round(float(vertices), 1),
            "invalid": int((~shapely.is_valid(polygons)).sum()),
        }
    usual, good = rows["staircase"], rows["contour, 0.1 px"]
    ratio = {key: round(good[key] / usual[key], 3) for key in ("1 - IoU", "vertices per object")}
    return {"objects": len(truth), "ways": rows, "ratio": ratio}


def main() -> None:
    """Compare on two kinds of fields, then with the truth."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=8192, help="rows and columns of the fields")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    rows: dict[str, object] = {}
    for draw in (buildings, speckle):
        logits = draw(options.size, np.random.default_rng(1))
        samples = (2 * np.rint(logits * 256) + 1).astype(np.int16)
        rows[draw.__name__] = timed(samples, options.rounds)
        print(f"{draw.__name__:10} {json.dumps(rows[draw.__name__])}", flush=True)
    truth = near_truth(min(options.size, 4096))
    print(f"{'truth':10} {json.dumps(truth)}", flush=True)
    options.results.mkdir(parents=True, exist_ok=True)
    about = {"date": date.today().isoformat(), "machine": platform.machine(), "size": options.size}
    about["rasterio"], about["numba"] = version("rasterio"), version("numba")
    path = options.results / "contours.json"
    path.write_text(json.dumps({**about, "fields": rows, "truth": truth}, indent=2) + "\n")


if __name__ == "__main__":
    main()
