"""TIFF files with damaged headers end in an exit status of the table: no crash, no hang.

`python -m tests.soak.mutated_headers --files 10000` prints one line per failure and a sum; its exit
status is 1 if there was one. A seed makes the same files everywhere, so that `--first 6000` goes on
where a soak was stopped.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from geoseg import pipeline
from geoseg.cli import run as run_command
from geoseg.cli.main import main as geoseg_main
from geoseg.engines import color
from tests.soak.forking import Bounds, Ended, in_child, tell_progress
from tests.soak.results import keep

READY = (pipeline, run_command, color)
"""Imported here, so that no child has to."""

STATUSES = {0, 2, 3, 5, 6, 7}
"""What docs/protocol.md allows for a run that nobody cancels and that meets no defect."""

BOUNDS = Bounds(address_space=6 << 30, processor_seconds=10)
"""A busy machine makes all files take long; what hangs in a loop takes the processor."""

MOST_SECONDS = 60.0
"""After so many seconds a child waits for something that does not come."""

MOST_BYTES = 1 << 30

_FORMS: tuple[dict[str, Any], ...] = (
    {"dtype": "uint8", "count": 3},
    {"dtype": "uint8", "count": 3, "tiled": True, "blockxsize": 16, "blockysize": 16},
    {"dtype": "uint8", "count": 3, "compress": "deflate", "predictor": 2},
    {"dtype": "uint8", "count": 3, "compress": "jpeg", "photometric": "ycbcr"},
    {"dtype": "uint8", "count": 1, "compress": "lzw", "nodata": 0},
    {"dtype": "uint16", "count": 4, "interleave": "band", "compress": "zstd"},
    {"dtype": "float32", "count": 1, "BIGTIFF": "YES", "nodata": float("nan")},
)


def draw(path: Path, form: dict[str, Any]) -> bytes:
    """A whole file of 40 × 50 pixels."""
    place = {"crs": "EPSG:32632", "transform": Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6)}
    profile = {"driver": "GTiff", "height": 40, "width": 50, **place, **form}
    pixels = np.random.default_rng(0).integers(1, 255, (form["count"], 40, 50))
    pixels[0, 10:20, 10:30] = 250
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **profile) as sink:
            sink.write(pixels.astype(form["dtype"]))
    return path.read_bytes()


def header_bytes(whole: bytes) -> list[int]:
    """Places of everything that is no pixel: the file's head, its directory and what that names."""
    big = whole[2] == 43
    start = struct.unpack_from("<Q" if big else "<I", whole, 8 if big else 4)[0]
    count = struct.unpack_from("<Q" if big else "<H", whole, start)[0]
    entry, head = (20, 8) if big else (12, 2)
    end = start + head + entry * count + (8 if big else 4)
    # What entries point to (the CRS's keys, offsets of blocks, …) lies close behind them.
    return [*range(16 if big else 8), *range(start, min(end + 400, len(whole)))]


def mutate(whole: bytes, chance: random.Random) -> bytes:
    """Some bytes of the header changed, in one of several ways, or the file cut off."""
    if chance.random() < 0.03:
        return whole[: chance.randrange(len(whole))]
    places = header_bytes(whole)
    damaged = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 4, 8, 32))):
        place = chance.choice(places)
        match chance.randrange(4):
            case 0:
                damaged[place] ^= 1 << chance.randrange(8)
            case 1:
                damaged[place] = chance.randrange(256)
            case 2:
                damaged[place] = chance.choice((0, 1, 127, 128, 255))
            case _:
                wide = chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
                damaged[place : place + 4] = struct.pack("<I", wide)
    return bytes(damaged[: len(whole)])


def damaged_files(folder: Path, seed: int) -> Iterator[bytes]:
    """One after the other, the same for a seed everywhere."""
    chance = random.Random(seed)
    wholes = [draw(folder / "whole.tif", form) for form in _FORMS]
    while True:
        yield mutate(chance.choice(wholes), chance)


def run(path: Path) -> int:
    """The command line, silent, as a user would run it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    out = str(path.with_suffix(".gpkg"))
    return geoseg_main(["run", str(path), "red", "-o", out, "--checkpoint", "color", "-q"])


@dataclass(slots=True)
class Tally:
    """How many files ended."""

    wrong: list[str] = field(default_factory=list)
    """What went wrong, a line each."""

    statuses: Counter[int] = field(default_factory=Counter)
    """Files by exit status; -1 stands for a signal."""

    most_seconds: float = 0.0
    """Of the processor, for one file."""

    most_bytes: int = 0

    def add(self, name: str, ended: Ended) -> None:
        """Count a file."""
        if ended.status not in STATUSES or ended.peak_bytes > MOST_BYTES:
            self.wrong.append(f"{name}: {ended}")
        self.statuses[-1 if ended.status is None else ended.status] += 1
        self.most_seconds = max(self.most_seconds, ended.processor_seconds)
        self.most_bytes = max(self.most_bytes, ended.peak_bytes)


def soak(files: int, seed: int, first: int = 0) -> Tally:
    """Files of a seed, from a number on."""
    tally = Tally()
    with TemporaryDirectory(prefix="geoseg-soak-") as name:
        chosen = islice(damaged_files(Path(name), seed), first, first + files)
        for number, damaged in enumerate(chosen, first):
            with TemporaryDirectory(prefix="file-", dir=name) as folder:
                path = Path(folder) / "scene.tif"
                path.write_bytes(damaged)
                ended = in_child(
                    lambda path=path: run(path),
                    kill_after=MOST_SECONDS,
                    bounds=BOUNDS,
                )
            tally.add(f"file {number} of seed {seed}", ended)
            tell_progress(number - first + 1, files, len(tally.wrong))
    return tally


def main() -> int:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="Number of the first file.")
    parser.add_argument("--results", type=Path, help="JSON file that keeps what was found.")
    parser.add_argument(
        "--write", nargs=2, metavar=("N", "FILE"), help="Write file N; run nothing."
    )
    given = parser.parse_args()
    if given.write is not None:
        with TemporaryDirectory() as folder:
            number = int(given.write[0])
            (damaged,) = islice(damaged_files(Path(folder), given.seed), number, number + 1)
        Path(given.write[1]).write_bytes(damaged)
        return 0
    began = time.monotonic()
    tally = soak(given.files, given.seed, given.first)
    seconds = round(time.monotonic() - began)
    well = given.files - len(tally.wrong)
    if given.results is not None:
        _keep(given.results, tally, files=given.files, well=well, seed=given.seed, seconds=seconds)
    counts = ", ".join(f"{count} × {status}" for status, count in sorted(tally.statuses.items()))
    told = (
        f"{well} of {given.files} damaged files ended well; exit statuses: {counts}; at most "
        f"{tally.most_seconds:.1f} s of the processor and {tally.most_bytes / 2**20:.0f} MB "
        f"({seconds} s, seed {given.seed})"
    )
    sys.stdout.write("\n".join([*tally.wrong, told, ""]))
    return bool(tally.wrong)


def _keep(path: Path, tally: Tally, **facts: int) -> None:
    statuses = {str(status): count for status, count in sorted(tally.statuses.items())}
    most = {
        "most_processor_seconds": round(tally.most_seconds, 2),
        "most_mb": round(tally.most_bytes / 2**20),
    }
    keep(path, "mutated_headers", {**facts, "statuses": statuses, **most, "wrong": tally.wrong})


if __name__ == "__main__":
    sys.exit(main())
