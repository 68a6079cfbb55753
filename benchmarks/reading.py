"""The reader of chips against other ways to read the same windows.

    python -m benchmarks.reading [--size 8192] [--rounds 5]

Rows: `reader` is what a run uses: blocks decoded once, pixels rendered. `open per tile` opens the
file, reads a window and closes it, for each tile. `bare` reads window after window through one
open rasterio handle, with GDAL's own cache, and with one of 64 MB. All in one process, in turn;
ratios of medians count, not seconds. `decoded` is bytes read from the file over its size. Writes
benchmarks/results/reading.json.
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
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy import ndimage

from geoseg.scene import Scene, choose_rendering, open_scene, read_chips
from geoseg.tiling import Tile, plan_tiles

LAYOUTS: dict[str, dict[str, Any]] = {
    "tiled deflate": {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"},
    "striped deflate": {"blockysize": 8, "compress": "deflate"},
    "striped lzw": {"blockysize": 8, "compress": "lzw"},
    "tiled jpeg": {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "jpeg"},
    "tiled raw": {"tiled": True, "blockxsize": 512, "blockysize": 512},
}

SMALL_CACHE = 64 * 2**20


def ground(size: int) -> NDArray[np.uint8]:
    """Smooth terrain with noise on it, which deflates about as an orthophoto does."""
    random = np.random.default_rng(1)
    coarse = random.normal(120, 40, (3, size // 32 + 2, size // 32 + 2))
    bands = np.empty((3, size, size), np.uint8)
    for band, small in zip(bands, coarse, strict=True):
        smooth = ndimage.zoom(small, 32, order=1)[:size, :size]
        smooth += random.normal(0, 4, (size, size)).astype(np.float32)
        band[:] = np.clip(smooth, 1, 255)
    return bands


def reader(scene: Scene, tiles: tuple[Tile, ...]) -> None:
    """As a run reads."""
    for _ in read_chips(scene, tiles, choose_rendering(scene, None, "none")):
        pass


def open_per_tile(scene: Scene, tiles: tuple[Tile, ...]) -> None:
    """As many tools read."""
    for tile in tiles:
        with rasterio.open(scene.path) as source:
            source.read([1, 2, 3], window=_place(tile))


def bare(scene: Scene, tiles: tuple[Tile, ...]) -> None:
    """One handle, window after window."""
    with rasterio.open(scene.path) as source:
        for tile in tiles:
            source.read([1, 2, 3], window=_place(tile))


def bare_small_cache(scene: Scene, tiles: tuple[Tile, ...]) -> None:
    """The same with as much cache as the reader may hold."""
    with rasterio.Env(GDAL_CACHEMAX=SMALL_CACHE):
        bare(scene, tiles)


WAYS: dict[str, Callable[[Scene, tuple[Tile, ...]], None]] = {
    "reader": reader,
    "open per tile": open_per_tile,
    "bare": bare,
    "bare, 64 MB cache": bare_small_cache,
}


def _place(tile: Tile) -> Window:
    window = tile.window
    return Window(window.col_off, window.row_off, window.width, window.height)


def bytes_read() -> int:
    """Bytes that this process has read from files; 0 where the system does not tell."""
    count = Path("/proc/self/io")
    return int(count.read_text().split()[1]) if count.exists() else 0


def measure(path: Path, rounds: int) -> dict[str, Any]:
    """Medians of all ways over one file, and their ratios to the reader's."""
    scene = open_scene(path)
    tiles = plan_tiles(scene.grid.height, scene.grid.width)
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    processor: dict[str, list[float]] = {way: [] for way in WAYS}
    decoded = {}
    for _ in range(rounds):
        for way, work in WAYS.items():
            before, start, spent = bytes_read(), time.perf_counter(), time.process_time()
            work(scene, tiles)
            seconds[way].append(time.perf_counter() - start)
            processor[way].append(time.process_time() - spent)
            decoded[way] = round((bytes_read() - before) / path.stat().st_size, 2)
    median = {way: statistics.median(values) for way, values in seconds.items()}
    own = statistics.median(processor["reader"])
    pixels = scene.grid.height * scene.grid.width / 1e6
    return {
        "megapixels_per_second": {way: round(pixels / median[way], 1) for way in WAYS},
        "slower_than_reader": {way: round(median[way] / median["reader"], 2) for way in WAYS},
        "processor_over_readers": {
            way: round(statistics.median(processor[way]) / own, 2) for way in WAYS
        },
        "decoded": decoded,
    }


def main() -> None:
    """Draw the scene in each layout, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", type=int, default=8192, help="rows and columns of the scene")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    pixels = ground(given.size)
    place = {"crs": "EPSG:32632", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000)}
    size = {"width": given.size, "height": given.size, "count": 3, "dtype": "uint8"}
    rows = {}
    with TemporaryDirectory() as folder:
        path = Path(folder, "scene.tif")
        for layout in given.layouts:
            options = {"interleave": "pixel", "photometric": "rgb", **LAYOUTS[layout]}
            with rasterio.open(path, "w", driver="GTiff", **place, **size, **options) as sink:
                sink.write(pixels)
            rows[layout] = measure(path, given.rounds)
            print(f"{layout:16} {json.dumps(rows[layout])}", flush=True)
            path.unlink()
    given.results.mkdir(parents=True, exist_ok=True)
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "size": given.size,
        "rounds": given.rounds,
        "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
    }
    path = given.results / "reading.json"
    path.write_text(json.dumps({**about, "layouts": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
