"""List everything that is wrong with a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("dir", type=Path, help="a data set in its own format")
    parser.add_argument("--kind", help="of the data set; otherwise it is recognised")
    parser.add_argument("--split", action="append", help="only this one; may come again")


def run(options: argparse.Namespace) -> int:
    """One line for each problem, decoding every mask; exit status 3 if there is any."""
    from training.data.errors import DataError
    from training.data.loaders import kind_named, problems, single_files

    kind = kind_named(options.dir, options.kind)
    splits = options.split or single_files(kind, options.dir)
    found = 0
    for split in splits:
        for problem in problems(kind, options.dir, split):
            found += 1
            sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{found} problems in {kind}, splits {', '.join(splits)}.\n")
    return DataError.exit_status if found else 0
