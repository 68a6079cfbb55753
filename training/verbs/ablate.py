"""Repeat an ablation: train a recipe under several values of one key, and compare.

NAME is one of the paper's: lambda_s (the weight of the attention loss), queries (tokens per target)
or heads (m2f, sam, sam2); or any key of the recipe. Each of the three has a recipe of its own that
is taken where none is given. --drawn trains on drawn pictures with shapes of
that many pixels instead of a data set.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from geoseg.errors import InstructionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.fit.examples import Example, Examples

_KNOWN = {
    "lambda_s": ("losses.attention", "0,0.01,0.05,0.1"),
    "queries": ("shape.queries", "1,3,10,25,50,75,100"),
    "heads": ("shape.mask_head", "m2f,sam,sam2"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("name", help="lambda_s, queries, heads, or a key such as losses.variant")
    parser.add_argument("recipe", nargs="?", help="file, or name of a recipe that comes along")
    parser.add_argument("-o", "--out", type=Path, required=True, help="runs, table.csv, table.json")
    parser.add_argument("--values", default="", help="with commas; those of the paper if left out")
    parser.add_argument("--data", type=Path, help="folder of the data set")
    parser.add_argument("--drawn", metavar="LEAST,LARGEST", help="sizes of drawn shapes, in pixels")
    parser.add_argument("--side", type=int, default=128, help="of drawn pictures, in pixels")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each value")
    parser.add_argument("--look", type=int, default=200, help="held-out examples to judge by")
    parser.add_argument("--forced", action="store_true", help="give answers instead of generating")
    parser.add_argument("--checkpoint", default="", help="to start from: name or folder")
    parser.add_argument("--max-minutes", type=float, default=math.inf, help="of one training")
    parser.add_argument("--cpu", action="store_true", help="leave an accelerator alone")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[])


def run(options: argparse.Namespace) -> int:
    """Train, judge, and print the table."""
    from training.ablate.sweep import Sweep, run_sweep
    from training.ablate.table import write_table
    from training.fit.recipe import changed, read_recipe
    from training.recipes import to_tables
    from training.verbs.fit import recipe_path, settings

    key, usual = _KNOWN.get(options.name, (options.name, ""))
    values = tuple(value for value in (options.values or usual).split(",") if value)
    if not values:
        raise InstructionError(f"There are no values of {key} to compare; give --values A,B.")
    recipe = read_recipe(
        recipe_path(options.recipe or f"ablations/{options.name}"), settings(options.set)
    )
    if options.checkpoint:
        recipe = changed(recipe, {"base.checkpoint": f'"{options.checkpoint}"'})
    learn, look, data = _examples(options, recipe.running.held_out)
    sweep = Sweep(
        key,
        values,
        tuple(range(options.seeds)),
        forced=options.forced,
        max_minutes=options.max_minutes,
        cpu=options.cpu,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    trials = run_sweep(recipe, learn, look, sweep, options.out)
    about = {"data": data, "recipe": to_tables(recipe)}
    for row in write_table(trials, sweep, options.out, about):
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")
    return 0


def _examples(options: argparse.Namespace, share: float) -> tuple[Examples, Sequence[Example], str]:
    """What to learn from, what to judge by, and what to call it."""
    from training.fit.drawn import Drawn
    from training.fit.records import learn_and_look, some

    if options.drawn:
        least, largest = (int(size) for size in options.drawn.split(","))
        sizes, side = (least, largest), options.side
        look = Drawn(options.look, seed=1, side=side, sizes=sizes)
        known = f"drawn: shapes of {least} to {largest} px in pictures of {side} px"
        return Drawn(2000, side=side, sizes=sizes), [look[i] for i in range(len(look))], known
    if options.data is None:
        raise InstructionError("Give --data FOLDER, or --drawn LEAST,LARGEST for drawn pictures.")
    learn, held = learn_and_look(options.data, share=share or 0.05, seed=0)
    return learn, some(held, options.look, 0), str(options.data.name)
