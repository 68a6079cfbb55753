"""Train the small default checkpoint."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

_RECIPE = Path(__file__).parents[1] / "configs" / "nano.toml"


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.csv")
    parser.add_argument("--out", type=Path, required=True, help="states and metrics.jsonl go here")
    parser.add_argument("--recipe", type=Path, default=_RECIPE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-minutes", type=float, default=math.inf, help="stop with a state")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest state in --out"
    )
    parser.add_argument("--processes", type=int, default=2, help="that share the batches of a step")
    parser.add_argument("--threads", type=int, default=1, help="of each process")


def run(options: argparse.Namespace) -> int:
    """Train."""
    from training.nano.fit import FitOptions, fit
    from training.nano.recipe import read_recipe

    given = FitOptions(
        data=options.data,
        out=options.out,
        seed=options.seed,
        resume=options.resume,
        max_minutes=options.max_minutes,
        processes=options.processes,
        threads=options.threads,
    )
    fit(read_recipe(options.recipe), given)
    return 0
