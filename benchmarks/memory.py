"""Peak memory of a whole run, by the scene's size.

    python -m benchmarks.memory [--sizes 20000x20000 20000x40000 40000x20000] [--json FILE]
    python -m benchmarks.memory --sparse --sizes 50000x50000 50000x100000 100000x50000 100000x100000

Scenes are RGB, tiled, deflated. Drawn ones show red, green and blue plates on grey ground, and the
`color` engine looks for them. Sparse ones hold no block at all, and an oracle answers at once with
a hundred things per square kilopixel: what is measured is all but the model, at sizes whose pixels
would fill a disk. Every run is a process of its own; its peak is what the system accounted for it.
Prints one line per scene, and what a change of the height or the width alone costs; with
`--json FILE` writes it down with machine and date.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

import geoseg
from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.engines import Question
from geoseg.engines.color import ColorEngine
from geoseg.tiling import STRIDE, WINDOW

ROWS = 512
PITCH = 160
SPARSE_PITCH = 100
"""Pixels between two things of a sparse scene: 10⁶ on 100 000 × 100 000."""

COLOURS = np.array([[200, 30, 40], [40, 170, 50], [30, 60, 200]], np.uint8)


def draw(path: Path, width: int, height: int, sparse: bool) -> None:
    """Write a scene block row by block row, or its header alone."""
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
        "sparse_ok": sparse,
    }
    with rasterio.open(path, "w", **profile) as sink:
        for row, band in () if sparse else _bands(width, height):
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


class Oracle(ColorEngine):
    """Finds a thing in the middle of every square of the sparse lattice, whatever it is shown."""

    checkpoint_hash = "lattice"

    def __init__(self) -> None:
        side = np.abs(np.arange(SPARSE_PITCH // STRIDE) - SPARSE_PITCH // STRIDE // 2)
        thing = 4.0 - np.maximum(side[:, None], side[None, :])
        most = WINDOW // STRIDE + len(side)
        repeats = -(-most // len(side)) + 1
        self._lattice = np.tile(np.maximum(thing, -8), (repeats, repeats)).astype(np.float16)

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Cut the window out of the lattice."""
        pitch = SPARSE_PITCH // STRIDE
        for question in questions:
            window = question.chip.tile.window
            row, col = window.row_off // STRIDE % pitch, window.col_off // STRIDE % pitch
            height, width = -(-window.height // STRIDE), -(-window.width // STRIDE)
            seen = self._lattice[row : row + height, col : col + width]
            found = (TargetAnswer(Target("thing"), 0.9, seen),)
            for instruction in question.instructions:
                yield instruction, TileAnswer(question.chip.tile, "Here.", "stop", found)


def answer(scene: str, output: str) -> None:
    """Run with the oracle, in this process."""
    with patch("geoseg.pipeline.running.open_engine", lambda _: Oracle()):
        result = geoseg.run(geoseg.Request(scene, ("all things",), output))
    print(f"  {result.layers[0].features} polygons", flush=True)


def measure(scene: Path, output: Path, sparse: bool) -> dict[str, float]:
    """Run geoseg in a fresh process: seconds, and peak of resident memory in MB."""
    command = [sys.executable, "-m", "geoseg", "run", str(scene), "red, green and blue plates"]
    command += ["-o", str(output), "--checkpoint", "color", "--progress", "none"]
    if sparse:
        command = [sys.executable, "-m", "benchmarks.memory", "--answer", str(scene), str(output)]
    began = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"The run over {scene} failed.")
    peak = usage.ru_maxrss / 1024  # in kilobytes on Linux
    cpu = usage.ru_utime + usage.ru_stime
    return {"seconds": time.monotonic() - began, "cpu_seconds": cpu, "peak_mb": peak}


def slopes(runs: list[dict[str, float]]) -> list[str]:
    """What the height or the width alone costs, of every two runs that differ in one of them."""
    lines = []
    for one, other in permutations(runs, 2):
        more = other["peak_mb"] - one["peak_mb"]
        taller, wider = (other[side] - one[side] for side in ("height", "width"))
        if taller > 0 and wider == 0:
            share = more / one["peak_mb"]
            lines.append(
                f"{one['width']} wide: {one['height']} → {other['height']} high, {share:+.1%}"
            )
        if wider > 0 and taller == 0:
            column = more * 2**20 / wider / 1000
            lines.append(
                f"{one['height']} high: {one['width']} → {other['width']} wide, "
                f"{column:.2f} kB per pixel of width"
            )
    return lines


def main() -> None:
    """Draw, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    sizes = ["20000x20000", "20000x40000", "40000x20000"]
    parser.add_argument("--sizes", nargs="+", default=sizes, metavar="WIDTHxHEIGHT")
    parser.add_argument("--sparse", action="store_true")
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.answer:
        answer(*given.answer)
        return
    runs = []
    with TemporaryDirectory() as folder:
        for size in given.sizes:
            width, height = map(int, size.split("x"))
            scene, output = Path(folder, "scene.tif"), Path(folder, f"{size}.gpkg")
            # A process inherits its parent's peak, so the parent must stay small.
            task = (scene, width, height, given.sparse)
            artist = get_context("spawn").Process(target=draw, args=task)
            artist.start()
            artist.join()
            runs.append({"width": width, "height": height, **measure(scene, output, given.sparse)})
            last = runs[-1]
            print(
                f"{width} × {height}: {last['peak_mb']:.0f} MB, {last['seconds']:.0f} s, "
                f"{last['cpu_seconds']:.0f} s of CPU",
                flush=True,
            )
            for old in Path(folder).iterdir():
                old.unlink()
    print("\n".join(slopes(runs)))
    if given.json:
        machine = {"machine": platform.platform(), "cores": os.cpu_count()}
        about = {"date": datetime.now(UTC).date().isoformat(), **machine, "sparse": given.sparse}
        report = {**about, "runs": runs, "slopes": slopes(runs)}
        given.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
