"""Runs killed at random moments and started again give what a straight run gives.

`python -m tests.soak.kill_restart --cycles 1000` prints one line per failure and a sum; its exit
status is 1 if there was one. Moments come from the seed; what they meet depends on the machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from affine import Affine

import geoseg
from geoseg.dialogue import TileAnswer
from geoseg.engines import Question
from geoseg.engines.color import ColorEngine
from geoseg.errors import OutputError
from geoseg.ledger import read_ledger
from geoseg.pipeline import running
from tests.soak.forking import in_child, tell_progress

INSTRUCTIONS = ("red", "green and blue")
LAYERS = ("01_red", "02_green_and_blue", "answers")

OVERLAP = 768
"""Many windows from few pixels: several commits to be killed between."""

_THOUGHT = 0.004
"""Seconds an answer takes, so that most of a run is asking, as with a model."""

_KILLS = 3
"""Most kills before a run may end."""

_HANGS = 60.0
"""Seconds after which a run that nobody kills hangs."""

Asked = set[tuple[str, int, int]]
"""(instruction, row, column) of windows."""


class SpyEngine(ColorEngine):
    """Writes down what it is asked, where its death cannot take it away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[geoseg.Instruction, TileAnswer], None, None]:
        """Answer as ColorEngine does."""
        with self._path.open("a", buffering=1) as notes:
            for instruction, answer in super().answer(questions):
                window = answer.tile.window
                time.sleep(_THOUGHT)
                notes.write(f"{instruction.text}\t{window.row_off}\t{window.col_off}\n")
                yield instruction, answer


def draw_scene(path: Path, seed: int) -> None:
    """Bars across many tiles, small squares, and a part without data."""
    rng = np.random.default_rng(seed)
    pixels = np.full((3, 1200, 4400), 90, np.uint8)
    pixels[0, 500:560, 100:4300] = 220
    pixels[2, 100:1100, 1500:1540] = 220
    for _ in range(60):
        row, col = rng.integers(0, 1150), rng.integers(1030, 4350)
        pixels[:, row : row + 30, col : col + 40] = 30
        pixels[rng.integers(0, 3), row : row + 30, col : col + 40] = 220
    pixels[:, :, :1024] = 0
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "height": 1200, "width": 4400}
    place = {"crs": "EPSG:32632", "transform": Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6), "nodata": 0}
    with rasterio.open(path, "w", tiled=True, compress="deflate", **profile, **place) as sink:
        sink.write(pixels)


def cycle(folder: Path, scene: Path, moments: Iterator[float], kills: int) -> tuple[Path, int]:
    """Kill a run at some moments, then let it end: (its output, starts from a part of the answers).

    Raises AssertionError when a finished tile is asked again, or the last run does not end well.
    """
    output, notes = folder / "out.gpkg", folder / "asked.txt"
    resumed = 0
    for attempt in range(kills + 1):
        finished = done(output)
        notes.write_text("")
        last = attempt == kills
        ended = in_child(
            lambda: run(scene, output, notes), kill_after=_HANGS if last else next(moments)
        )
        asked = read_notes(notes)
        resumed += bool(finished and asked)
        assert not asked & finished, f"asked again: {sorted(asked & finished)}"
        if last:
            assert ended.status == 0, f"the last run ended with {ended}"
        else:
            assert ended.status == 0 or ended.signal == signal.SIGKILL, f"ended with {ended}"
    return output, resumed


def run(scene: Path, output: Path, notes: Path) -> int:
    """One run with a spy for an engine."""
    running.open_engine = lambda spec: SpyEngine(notes)
    options = {"checkpoint": "color", "overlap": OVERLAP, "overwrite": True}
    geoseg.run(geoseg.Request(scene, INSTRUCTIONS, output, **options))
    return 0


def done(output: Path) -> Asked:
    """What the ledger says is finished."""
    try:
        with read_ledger(output.with_name(output.name + ".ledger")) as runs:
            return {
                (instruction.text, window.row_off, window.col_off)
                for ledger in runs
                for instruction in ledger.instructions()
                for window, state in ledger.states(instruction).items()
                if state != "failed"
            }
    except OutputError:  # killed before there was a ledger
        return set()


def read_notes(path: Path) -> Asked:
    """What the engine answered. The last line may be cut off by the kill."""
    lines = path.read_text().splitlines(keepends=True)
    words = [line.rstrip("\n").split("\t") for line in lines if line.endswith("\n")]
    return {(text, int(row), int(col)) for text, row, col in words}


def content(output: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the layers, geometries as stored bytes."""
    with closing(sqlite3.connect(output)) as connection:
        return {
            layer: connection.execute(f'SELECT * FROM "{layer}" ORDER BY 1').fetchall()
            for layer in LAYERS
        }


def soak(cycles: int, seed: int) -> tuple[list[str], int]:
    """(what went wrong, a line each; starts that met a ledger with a part of the answers)."""
    random_moment = random.Random(seed)
    wrong: list[str] = []
    resumed = 0
    with TemporaryDirectory(prefix="geoseg-soak-") as name:
        scene = Path(name) / "scene.tif"
        draw_scene(scene, seed)
        straight = Path(name) / "straight"
        straight.mkdir()
        began = time.monotonic()
        output, _ = cycle(straight, scene, iter(()), kills=0)
        length = time.monotonic() - began
        expected = content(output)
        assert expected["01_red"]
        moments = iter(lambda: random_moment.uniform(0, 1.1 * length), None)
        for number in range(cycles):
            with TemporaryDirectory(prefix="cycle-", dir=name) as folder:
                try:
                    kills = random_moment.randint(1, _KILLS)
                    output, met = cycle(Path(folder), scene, moments, kills)
                    resumed += met
                    assert content(output) == expected, "the output differs from a straight run's"
                except AssertionError as error:
                    wrong.append(f"cycle {number} of seed {seed}: {error}")
            tell_progress(number + 1, cycles, len(wrong))
    return wrong, resumed


def main() -> int:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    wrong, resumed = soak(given.cycles, given.seed)
    told = (
        f"{given.cycles - len(wrong)} of {given.cycles} killed runs gave the same polygons as a "
        f"straight one; {resumed} starts met a part of the answers "
        f"({time.monotonic() - began:.0f} s, seed {given.seed})"
    )
    sys.stdout.write("\n".join([*wrong, told, ""]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
