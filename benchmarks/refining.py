"""How long it takes to draw a ledger again, beside reading its answers alone.

Draws a ledger as a run over a large scene leaves it: square plates on a lattice, found by every
tile that sees them. `geoseg refine` and `geoseg show` then run in processes of their own. Prints
one line per size, and with `--json FILE` writes them down with machine and date.

    python benchmarks/refining.py [--sides 10000 30000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS

from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.grid import Grid
from geoseg.ledger import Plan, RunKey, open_ledger, read_ledger
from geoseg.rendering import Rendering
from geoseg.tiling import STRIDE, Tile, plan_tiles

PLATES = Instruction("the plates")
PITCH, PLATE = 40, 18
"""Cells from plate to plate, and cells a side of a plate: 160 and 72 pixels."""


def answer(tile: Tile) -> TileAnswer:
    """Sloping logits, as a model's masks have them."""
    window = tile.window
    rows = np.arange(window.row_off // STRIDE, -(-window.row_end // STRIDE))
    cols = np.arange(window.col_off // STRIDE, -(-window.col_end // STRIDE))
    away = [PLATE / 2 - np.abs(places % PITCH - PITCH / 2) for places in (rows, cols)]
    logits = np.clip(np.minimum(away[0][:, None], away[1]), -8, 8).astype(np.float16)
    found = TargetAnswer(Target("plate"), 0.9, logits)
    return TileAnswer(tile, "Here are <p>plates</p>.", "stop", (found,))


def draw_ledger(path: Path, side: int) -> int:
    """Write the ledger of a square scene; how many tiles it has."""
    grid = Grid(CRS(32632).to_wkt(), Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6), side, side)
    tiles = plan_tiles(side, side)
    key = RunKey(f"drawn-{side}", grid, Rendering((1, 2, 3)), "drawn")
    with open_ledger(path, key) as ledger:
        ledger.keep(Plan("drawn.tif", grid, tiles, len(tiles), None, (PLATES,)))
        for first in range(0, len(tiles), 16):
            ledger.record(PLATES, [answer(tile) for tile in tiles[first : first + 16]])
    return len(tiles)


def measure(side: int) -> dict[str, Any]:
    """Seconds of each command over one ledger."""
    with TemporaryDirectory(prefix="geoseg-bench-") as name:
        ledger, out = Path(name) / "drawn.ledger", Path(name) / "out.gpkg"
        tiles = draw_ledger(ledger, side)
        began = time.perf_counter()
        with read_ledger(ledger) as (run,):
            for row in run.answers(PLATES):
                run.logits(PLATES, Target("plate"), row.tile)
        read = time.perf_counter() - began
        refine = seconds("refine", ledger, "-o", out, "-q")
        show = seconds("show", ledger)
        return {
            "side_px": side,
            "tiles": tiles,
            "ledger_bytes": ledger.stat().st_size,
            "read_s": round(read, 2),
            "refine_s": round(refine, 2),
            "show_s": round(show, 2),
        }


def seconds(*words: object) -> float:
    """Wall time of one command line, interpreter included."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "geoseg", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[10_000, 30_000])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = []
    for side in given.sides:
        rows.append(row := measure(side))
        print(
            f"{side} × {side} px, {row['tiles']} tiles, {row['ledger_bytes'] / 1e6:.1f} MB: "
            f"reading {row['read_s']} s, refine {row['refine_s']} s, show {row['show_s']} s"
        )
    if given.json:
        machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        date = datetime.now(UTC).date().isoformat()
        body = {"date": date, "machine": machine, "rows": rows}
        given.json.write_text(json.dumps(body, indent=2) + "\n")


if __name__ == "__main__":
    main()
