"""Runs killed at random moments and started again give what a straight run gives.

`python -m tests.soak.kill_restart --cycles 1000` prints one line per failure and a sum; its exit
status is 1 if there was one. Moments come from the seed and the cycle's number, so that `--first
600` goes on where a soak was stopped; what they meet depends on the machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
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
from tests.soak.results import keep

INSTRUCTIONS = ("red", "green and blue")
LAYERS = ("01_red", "02_green_and_blue", "answers")

OVERLAP = 768
"""Many windows from few pixels: several commits to be killed between."""

TILES = 30
"""So many windows."""

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


@dataclass(slots=True)
class Tally:
    """What many cycles met."""

    wrong: list[str] = field(default_factory=list)
    """What went wrong, a line each."""

    met: Counter[str] = field(default_factory=Counter)
    """Kills by what they left: no ledger, no answers, a part, all of them, the output as well."""

    resumed: int = 0
    """Starts that met a part of the answers and asked for the rest."""


def cycle(folder: Path, scene: Path, moments: Iterator[float], kills: int, tally: Tally) -> Path:
    """Kill a run at some moments, then let it end; its output.

    Raises AssertionError when a finished tile is asked again, or the last run does not end well or
    leaves a draft.
    """
    output, notes = folder / "out.gpkg", folder / "asked.txt"
    for attempt in range(kills + 1):
        finished = done(output)
        notes.write_text("")
        last = attempt == kills
        ended = in_child(
            lambda: run(scene, output, notes), kill_after=_HANGS if last else next(moments)
        )
        asked = read_notes(notes)
        tally.resumed += bool(finished and asked)
        assert not asked & finished, f"asked again: {sorted(asked & finished)}"
        if last:
            assert ended.status == 0, f"the last run ended with {ended}"
            left = sorted(one.name for one in folder.glob(".*"))
            assert not left, f"left beside the output: {left}"
        else:
            assert ended.status == 0 or ended.signal == signal.SIGKILL, f"ended with {ended}"
        if ended.signal == signal.SIGKILL:
            tally.met[left_by(output)] += 1
    return output


def left_by(output: Path) -> str:
    """What a killed run left."""
    if output.exists():
        return "output"
    if not ledger_of(output).exists():
        return "no ledger"
    answers = len(done(output))
    if answers == TILES * len(INSTRUCTIONS):
        return "all answers"
    return "some answers" if answers else "no answers"


def run(scene: Path, output: Path, notes: Path) -> int:
    """One run with a spy for an engine."""
    running.open_engine = lambda spec: SpyEngine(notes)
    options = {"checkpoint": "color", "overlap": OVERLAP, "overwrite": True}
    geoseg.run(geoseg.Request(scene, INSTRUCTIONS, output, **options))
    return 0


def ledger_of(output: Path) -> Path:
    """Where a run keeps its answers."""
    return output.with_name(output.name + ".ledger")


def done(output: Path) -> Asked:
    """What the ledger says is finished."""
    try:
        with read_ledger(ledger_of(output)) as runs:
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


def soak(cycles: int, seed: int, first: int = 0) -> Tally:
    """Cycles of a seed, from a number on."""
    tally = Tally()
    with TemporaryDirectory(prefix="geoseg-soak-") as name:
        scene = Path(name) / "scene.tif"
        draw_scene(scene, seed)
        expected, length = straight(Path(name), scene)
        for number in range(first, first + cycles):
            chance = random.Random(f"{seed} {number}")
            moments = iter(lambda chance=chance: chance.uniform(0, 1.1 * length), None)
            with TemporaryDirectory(prefix="cycle-", dir=name) as folder:
                try:
                    kills = chance.randint(1, _KILLS)
                    output = cycle(Path(folder), scene, moments, kills, tally)
                    assert content(output) == expected, "the output differs from a straight run's"
                except AssertionError as error:
                    tally.wrong.append(f"cycle {number} of seed {seed}: {error}")
            tell_progress(number - first + 1, cycles, len(tally.wrong))
    return tally


def straight(folder: Path, scene: Path) -> tuple[dict[str, list[tuple[object, ...]]], float]:
    """What runs that nobody kills write, and the seconds that the faster of two takes."""
    seconds, contents = [], []
    for name in ("straight", "straight again"):
        place = folder / name
        place.mkdir()
        began = time.monotonic()
        output = cycle(place, scene, iter(()), kills=0, tally=Tally())
        seconds.append(time.monotonic() - began)
        assert len(done(output)) == TILES * len(INSTRUCTIONS)
        contents.append(content(output))
    assert contents[0] == contents[1]
    assert contents[0]["01_red"]
    return contents[0], min(seconds)


def main() -> int:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="Number of the first cycle.")
    parser.add_argument("--results", type=Path, help="JSON file that keeps what was found.")
    given = parser.parse_args()
    began = time.monotonic()
    tally = soak(given.cycles, given.seed, given.first)
    seconds = round(time.monotonic() - began)
    same = given.cycles - len(tally.wrong)
    if given.results is not None:
        facts = {"cycles": given.cycles, "identical": same, "kills": sum(tally.met.values())}
        facts |= {"kills_left": dict(tally.met), "resumed": tally.resumed, "wrong": tally.wrong}
        keep(given.results, "kill_restart", {"seed": given.seed, "seconds": seconds, **facts})
    left = ", ".join(f"{what}: {count}" for what, count in sorted(tally.met.items()))
    told = (
        f"{same} of {given.cycles} killed runs gave the same polygons as a straight one; kills "
        f"left {left or 'nothing'}; {tally.resumed} starts met a part of the answers "
        f"({seconds} s, seed {given.seed})"
    )
    sys.stdout.write("\n".join([*tally.wrong, told, ""]))
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
