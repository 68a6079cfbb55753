"""Write a small drawn data set in the format of a benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("kind", help="lasers, rrsisd, refsegrs, risbench, earthreason, samrs_…")
    parser.add_argument("dir", type=Path, help="a new folder")
    parser.add_argument("--n", type=int, default=8, help="pictures of the first split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=128, help="width of a picture in pixels")


def run(options: argparse.Namespace) -> int:
    """Write it."""
    from training.data.fixtures import write

    write(options.kind, options.dir, options.n, options.seed, side=options.side)
    return 0
