"""Peak memory of a whole `color` run on drawn scenes of growing height.

Each scene is 20 000 px wide, RGB, tiled, deflated: grey ground with red, green and blue plates.
Every run is a process of its own; its peak is what the system accounted for it. Prints one line
per scene and the ratio, and with `--json FILE` writes them down with machine and date.

    python benchmarks/memory.py [--width 20000] [--heights 20000 40000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

ROWS = 512
PITCH = 160
COLOURS = np.array([[200, 30, 40], [40, 170, 50], [30, 60, 200]], np.uint8)


def draw(path: Path, width: int, height: int) -> None:
    """Write a scene block row by block row."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32632",
        "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000),
        "tiled": True,
        "blockxsize": ROWS,
        "blockysize": ROWS,
        "compress": "deflate",
        "zlevel": 1,
        "photometric": "rgb",
        "bigtiff": "if_safer",
    }
    with rasterio.open(path, "w", **profile) as sink:
        for row, band in _bands(width, height):
            sink.write(band, window=Window(0, row, width, band.shape[1]))


def _bands(width: int, height: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    chance = np.random.default_rng(7)
    columns = np.arange(width)
    for row in range(0, height, ROWS):
        rows = np.arange(row, min(row + ROWS, height))
        grey = chance.integers(80, 120, (len(rows), width), dtype=np.uint8)
        band = np.repeat(grey[np.newaxis], 3, axis=0)
        # Plates of 40 to 120 px, one per cell of a lattice, in a size and colour the cell decides.
        cell = (rows[:, None] // PITCH) * 7919 + columns[None, :] // PITCH * 104_729
        side = 40 + cell % 81
        plate = (rows[:, None] % PITCH < side) & (columns[None, :] % PITCH < side)
        band[:, plate] = COLOURS[(cell[plate] // 81) % 3].T
        yield row, band


def measure(scene: Path, output: Path) -> dict[str, float]:
    """Run geoseg in a fresh process: seconds, and peak of resident memory in MB."""
    command = [sys.executable, "-m", "geoseg", "run", str(scene), "red, green and blue plates"]
    options = ["-o", str(output), "--checkpoint", "color", "--progress", "none"]
    began = time.monotonic()
    process = subprocess.Popen(command + options)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"The run over {scene} failed.")
    peak = usage.ru_maxrss / 1024  # in kilobytes on Linux
    return {"seconds": time.monotonic() - began, "peak_mb": peak}


def main() -> None:
    """Draw, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--width", type=int, default=20_000)
    parser.add_argument("--heights", type=int, nargs="+", default=[20_000, 40_000])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = []
    with TemporaryDirectory() as folder:
        for height in given.heights:
            scene, output = Path(folder, "scene.tif"), Path(folder, f"{height}.gpkg")
            # A process inherits its parent's peak, so the parent must stay small.
            artist = get_context("spawn").Process(target=draw, args=(scene, given.width, height))
            artist.start()
            artist.join()
            results.append({"width": given.width, "height": height, **measure(scene, output)})
            last = results[-1]
            print(
                f"{given.width} × {height}: {last['peak_mb']:.0f} MB, {last['seconds']:.0f} s, "
                f"{last['peak_mb'] / results[0]['peak_mb']:.3f} of the first",
                flush=True,
            )
            scene.unlink()
    if given.json:
        machine = {"machine": platform.platform(), "cores": os.cpu_count()}
        report = {"date": datetime.now(UTC).date().isoformat(), **machine, "runs": results}
        given.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
