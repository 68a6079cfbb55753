"""The host side of a run against a bare read of the same windows, and against ten usual lines.

    python -m benchmarks.pipeline [--size 8192] [--rounds 5] [--data FOLDER]

The engine is an oracle that answers at once, from drawn truth: what is left is reading, rendering,
keeping answers, fusing, tracing and writing. `read` is rasterio over the same windows through one
handle, and nothing else. `usual` reads them too, pastes the oracle's masks into an array of the
scene's size, and writes `rasterio.features.shapes` with `GeoDataFrame.to_file`. All run in turn in
one process; ratios of medians count, not seconds, and those of CPU time where others use the
machine. Scenes: drawn buildings, and the orthophoto of
Banepa with its mapped buildings, repeated, where the folder of real data is there. Writes
benchmarks/results/pipeline.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes
from rasterio.windows import Window
from shapely.geometry import shape

import geoseg
from benchmarks.contours import buildings
from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.engines import Question
from geoseg.engines.color import ColorEngine
from geoseg.tiling import STRIDE, Tile, plan_tiles

INSTRUCTION = "all buildings"
TARGET = Target.named("building")


@dataclass(frozen=True)
class Case:
    """A scene and its truth."""

    name: str
    scene: Path
    logits: NDArray[np.float16]
    """(H / 4, W / 4) what the oracle says of each cell."""


class Oracle(ColorEngine):
    """Answers every question at once."""

    checkpoint_hash = "oracle"

    def __init__(self, logits: NDArray[np.float16]) -> None:
        self._logits, self._marked = logits, logits > 0

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Cut the answer out of the truth."""
        for question in questions:
            tile = question.chip.tile
            seen = crop(self._logits, tile)
            marked = crop(self._marked, tile).any()
            found = (TargetAnswer(TARGET, 0.9, seen),) if marked else ()
            for instruction in question.instructions:
                yield instruction, TileAnswer(tile, "Here are buildings.", "stop", found)


def crop(cells: NDArray[Any], tile: Tile) -> NDArray[Any]:
    """The cells of a tile's window."""
    window = tile.window
    rows = slice(window.row_off // STRIDE, -(-window.row_end // STRIDE))
    return cells[rows, window.col_off // STRIDE : -(-window.col_end // STRIDE)]


def drawn(size: int, folder: Path) -> Case:
    """Buildings on noisy ground, each a bit brighter than it."""
    random = np.random.default_rng(1)
    logits = np.clip(buildings(size, random), -8, 8)
    rgb = random.integers(70, 120, (3, size, size), dtype=np.uint8)
    rgb += (logits > 0).astype(np.uint8) * 90
    cells = logits.reshape(size // STRIDE, STRIDE, size // STRIDE, STRIDE).mean((1, 3))
    return Case("drawn", write_scene(folder / "drawn.tif", rgb), cells.astype(np.float16))


def banepa(size: int, folder: Path, data: Path) -> Case | None:
    """The orthophoto and its mapped buildings, repeated to the size."""
    source = data / "banepa" / "banepa_west.tif"
    if not source.is_file():
        return None
    with rasterio.open(source) as opened:
        rgb = opened.read((1, 2, 3))
        mapped = gpd.read_file(data / "banepa" / "banepa_west_buildings.geojson")
        outlines = mapped.to_crs(opened.crs).geometry
        truth = rasterize(outlines, rgb.shape[1:], transform=opened.transform)
    times = [-(-size // length) for length in truth.shape]
    truth = np.tile(truth, times)[:size, :size].astype(np.float32)
    cells = truth.reshape(size // STRIDE, STRIDE, size // STRIDE, STRIDE).mean((1, 3))
    path = write_scene(folder / "banepa.tif", np.tile(rgb, (1, *times))[:, :size, :size])
    return Case("banepa", path, ((cells - 0.5) * 16).astype(np.float16))


def write_scene(path: Path, rgb: NDArray[np.uint8]) -> Path:
    """Tiled, deflated, half-metre pixels."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": 3,
        "height": rgb.shape[1],
        "width": rgb.shape[2],
        "dtype": "uint8",
        "crs": "EPSG:32632",
        "transform": rasterio.Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "photometric": "rgb",
    }
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(rgb)
    return path


def read(case: Case, _: Path) -> None:
    """The windows, one after the other."""
    with rasterio.open(case.scene) as opened:
        for tile in plan_tiles(opened.height, opened.width):
            opened.read((1, 2, 3), window=_window(tile))


def ours(case: Case, output: Path) -> None:
    """A whole run."""
    with patch("geoseg.pipeline.running.open_engine", lambda _: Oracle(case.logits)):
        geoseg.run(geoseg.Request(case.scene, (INSTRUCTION,), output, resume=False))


def usual(case: Case, output: Path) -> None:
    """Read, paste, vectorise, write, as it is usually done."""
    with rasterio.open(case.scene) as opened:
        mask = np.zeros((opened.height, opened.width), np.uint8)
        for tile in plan_tiles(opened.height, opened.width):
            window = _window(tile)
            opened.read((1, 2, 3), window=window)
            found = crop(case.logits, tile).repeat(STRIDE, 0).repeat(STRIDE, 1) > 0
            rows, cols = window.toslices()
            mask[rows, cols] |= found[: window.height, : window.width]
        outlines = [shape(one) for one, _ in shapes(mask, mask > 0, transform=opened.transform)]
        gpd.GeoDataFrame(geometry=outlines, crs=opened.crs).to_file(output)


def _window(tile: Tile) -> Window:
    seen = tile.window
    return Window(seen.col_off, seen.row_off, seen.width, seen.height)


def compare(case: Case, rounds: int, folder: Path) -> dict[str, Any]:
    """Seconds of each, in turn, and their ratios."""
    works: tuple[Callable[[Case, Path], None], ...] = (read, ours, usual)
    taken: dict[str, list[tuple[float, float]]] = {work.__name__: [] for work in works}
    for turn in range(rounds + 1):
        for work in works:
            for old in folder.glob("out*"):
                old.unlink()
            began, busy = time.perf_counter(), time.process_time()
            work(case, folder / "out.gpkg")
            now = time.perf_counter() - began, time.process_time() - busy
            if turn:  # the first one only warms up
                taken[work.__name__].append(now)
    pixels = case.logits.size * STRIDE**2 / 1e6
    table: dict[str, Any] = {"megapixels": round(pixels, 1)}
    for clock, column in (("wall", 0), ("cpu", 1)):
        median = {name: statistics.median(row[column] for row in taken[name]) for name in taken}
        table[clock] = {
            "seconds": {name: round(value, 3) for name, value in median.items()},
            "megapixels_per_second": {name: round(pixels / s, 1) for name, s in median.items()},
            "rate_of_bare_read": round(median["read"] / median["ours"], 3),
            "times_usual": round(median["usual"] / median["ours"], 2),
        }
    return table


def main() -> None:
    """Compare on each scene that is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=8192, help="rows and columns, a multiple of 4")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    rows = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for case in (drawn(given.size, folder), banepa(given.size, folder, given.data)):
            if case is not None:
                rows[case.name] = compare(case, given.rounds, folder)
                print(f"{case.name:8} {json.dumps(rows[case.name])}", flush=True)
    given.results.mkdir(parents=True, exist_ok=True)
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "size": given.size,
        "rounds": given.rounds,
    }
    path = given.results / "pipeline.json"
    path.write_text(json.dumps({**about, "scenes": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
