"""Train or fine-tune a checkpoint by a recipe.

RECIPE is a TOML file, or the name of one that comes along: paper, released, smoke, finetune. The
folder of --data is a benchmark in its own format, or one that `geoseg dataset` wrote.

Several devices: `accelerate launch --num_processes N -m training fit ...`; the processes share the
batches of a step and learn what one would. The frozen weights of the 3B model take 7 GB in bfloat16
and what learns 0.3 GB with its moments, so that a copy for each process (DDP) fits most cards. FSDP
(version 2) or DeepSpeed (stages 1 and 2) come from accelerate's own config file, such as those in
training/configs/accelerate; under them set running.examine_steps=0, and mind that a continued run
starts the optimizer's moments anew.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

CONFIGS = Path(__file__).parents[1] / "configs"


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("recipe", help="file, or name of a recipe that comes along")
    parser.add_argument("-o", "--out", type=Path, required=True, help="states and metrics.jsonl")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--kind", default="", help="of the data set; as a rule it is recognised")
    parser.add_argument("--split", default="train")
    parser.add_argument("--checkpoint", default="", help="to start from: name or folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-minutes", type=float, default=math.inf, help="stop with a state")
    parser.add_argument("--resume", action="store_true", help="go on from the newest state")
    parser.add_argument("--cpu", action="store_true", help="leave an accelerator alone")
    parser.add_argument("--log", choices=("tensorboard", "wandb"), default="", help="as well")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="such as course.steps=100"
    )


def run(options: argparse.Namespace) -> int:
    """Train."""
    from training.fit.recipe import changed, read_recipe
    from training.fit.records import learn_and_look, some
    from training.fit.runs import FitOptions, fit

    recipe = read_recipe(recipe_path(options.recipe), settings(options.set))
    if options.checkpoint:
        recipe = changed(recipe, {"base.checkpoint": f'"{options.checkpoint}"'})
    learn, look = learn_and_look(
        options.data,
        kind=options.kind,
        split=options.split,
        share=recipe.running.held_out if recipe.running.examine_steps else 0.0,
        seed=options.seed,
    )
    given = FitOptions(
        out=options.out,
        seed=options.seed,
        max_minutes=options.max_minutes,
        resume=options.resume,
        cpu=options.cpu,
        tracker=options.log,
    )
    count = recipe.running.examine_count if recipe.running.examine_steps else 0
    fit(recipe, learn, given, some(look, count, options.seed))
    return 0


def recipe_path(name: str) -> Path:
    """The file of a recipe, given by its path or by the name of one that comes along."""
    shipped = CONFIGS / f"{name}.toml"
    return shipped if not Path(name).is_file() and shipped.is_file() else Path(name)


def settings(given: list[str]) -> dict[str, str]:
    """``KEY=VALUE`` words as a table; InstructionError for one without ``=``."""
    from geoseg.errors import InstructionError

    wrong = [word for word in given if "=" not in word]
    if wrong:
        raise InstructionError(f"{wrong[0]!r} sets nothing; write KEY=VALUE.")
    return dict(word.split("=", 1) for word in given)
