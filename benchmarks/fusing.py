"""Fusion and contours on fields as large as scenes get: milliseconds per tile, peak memory.

    python -m benchmarks.fusing [--sides 12500 25000] [--results DIR]

Answers are made when they are asked for, in the steps that a ledger keeps: a lattice of blobs,
every one different at its rim in every tile that sees it, and a road along the field's whole width
and height. Each field is fused and traced in a process of its own; its peak is what the system
accounted for it. What the two walks of fusion take is told without the time to make the answers.
Objects that come in pieces, and more than one road, end the run. Writes
benchmarks/results/fusing.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoseg.contours import polygonize
from geoseg.dialogue import Instruction, Target
from geoseg.fuse import fuse
from geoseg.ledger.logits import STEP, StoredLogits
from geoseg.tiling import STRIDE, Tile, plan_tiles
from tests.property.fields import ASKED, SQUARES, grid_of

PITCH = 25
"""Cells from blob to blob: a million of them on 25 000 × 25 000 cells."""


class Scene:
    """Answers about blobs on a lattice and two roads that cross."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        side = 256 + 2 * PITCH
        centre = np.abs((np.arange(side) + 0.5) % PITCH - PITCH / 2)
        self._blobs = np.asarray(6 - np.hypot(centre[:, None], centre[None, :]), np.float32)
        self._noise = np.random.default_rng(3).normal(0, 0.2, (side, side)).astype(np.float32)

    def targets(self, _: Instruction) -> tuple[Target, ...]:
        """Blobs and roads are one target."""
        return (SQUARES,)

    def tile_state(self, _: Instruction, tile: Tile) -> str | None:
        """Every tile was looked at."""
        return "done" if tile.window else None

    def instances(self, *_: object) -> Sequence[StoredLogits]:
        """Nothing was told apart."""
        return ()

    def logits(self, _: Instruction, __: Target, tile: Tile) -> StoredLogits | None:
        """What a tile shows, made when it is asked for."""
        row, col = tile.window.row_off // STRIDE, tile.window.col_off // STRIDE
        height = -(-tile.window.height // STRIDE)
        width = -(-tile.window.width // STRIDE)
        top, left = row % PITCH, col % PITCH
        logits = self._blobs[top : top + height, left : left + width].copy()
        shift = (row * 7 + col * 3) % PITCH
        logits += self._noise[shift : shift + height, shift : shift + width]
        self._pave(logits, row, self.height)
        self._pave(logits.T, col, self.width)
        return StoredLogits(np.rint(logits / STEP).clip(-127, 127).astype(np.int8), 0.8)

    def _pave(self, logits: NDArray[np.float32], begin: int, length: int) -> None:
        """A road half way through, between two rows of blobs."""
        middle = length // 2 // PITCH * PITCH - 2 - begin
        logits[max(middle, 0) : max(middle + 4, 0)] = 3.0


def measured(height: int, width: int) -> dict[str, float]:
    """Fuse and trace one field in this process."""
    scene = Scene(height, width)
    grid = grid_of(height * STRIDE, width * STRIDE)
    tiles = plan_tiles(grid.height, grid.width)
    began, busy = time.perf_counter(), time.process_time()
    (field,) = fuse(scene, ASKED, tiles, grid)
    register = time.process_time() - busy
    once = time.process_time()
    for tile in tiles:
        scene.logits(ASKED, SQUARES, tile)
    making = time.process_time() - once
    once = time.process_time()
    for _ in field.strips():
        pass
    blending = time.process_time() - once - making
    began, busy = time.perf_counter(), time.process_time()
    objects = roads = 0
    for shape in polygonize(field):
        objects += 1
        left, top, right, bottom = shape.polygon.bounds
        roads += right - left == grid.width and bottom - top == grid.height
    if roads != 1:
        raise SystemExit(f"The crossing roads are {roads} polygons.")
    taken = time.process_time() - busy + register
    return {
        "height": height,
        "width": width,
        "tiles": len(tiles),
        "objects": objects,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_ms_per_tile": round(1000 * taken / len(tiles), 2),
        "cpu_ms_per_tile_to_make": round(1000 * making / len(tiles), 2),
        "cpu_ms_per_tile_first_walk": round(1000 * (register - making) / len(tiles), 2),
        "cpu_ms_per_tile_second_walk": round(1000 * blending / len(tiles), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    """Measure fields of growing width and height, each in a fresh process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[12_500, 25_000])
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(*given.one)))
        return
    small, large = min(given.sides), max(given.sides)
    rows = []
    for height, width in (
        (256, 256),
        (small, small),
        (large, small),
        (small, large),
        (large, large),
    ):
        command = [sys.executable, "-m", "benchmarks.fusing", "--one", str(height), str(width)]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        print(json.dumps(rows[-1]), flush=True)
    base, first, taller, wider, _ = (row["peak_mb"] for row in rows)
    per_pixel = (wider - first) * 1e6 / ((large - small) * STRIDE)
    summary = {
        "idle_mb": base,
        "taller": round(taller / first, 3),
        "kb_per_pixel_of_width": round(per_pixel / 1000, 3),
    }
    print(json.dumps(summary))
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
    given.results.mkdir(parents=True, exist_ok=True)
    path = given.results / "fusing.json"
    path.write_text(json.dumps({**about, **summary, "fields": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
