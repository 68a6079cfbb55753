"""Trainings of one recipe under several values of one key, each from the same seeds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoseg.errors import Cancelled
from training.ablate.costs import Cost, cost
from training.eval.pairing import Pair
from training.eval.tallies import iou
from training.fit.examining import RULES, examine
from training.fit.examples import Example, Examples
from training.fit.recipe import FitRecipe, changed
from training.fit.runs import FitOptions, fit, open_lesson


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is varied, and how each value is judged."""

    key: str
    """Of the recipe, such as ``losses.attention``."""

    values: tuple[str, ...]
    """As TOML text; the first one is what the others are compared with."""

    seeds: tuple[int, ...] = (0,)
    forced: bool = False
    """Masks of given answers instead of generated ones."""

    max_minutes: float = float("inf")
    """Of one training."""

    cpu: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One value, trained from every seed."""

    value: str
    found: tuple[tuple[Pair, ...], ...]
    """Per seed, one for each mask of the held-out examples."""

    best: tuple[tuple[Pair, ...], ...]
    """The same for the best of several queries; `found` again where there is one."""

    steps: tuple[int, ...]
    cost: Cost

    def ious(self) -> NDArray[np.float64]:
        """(seeds, masks)."""
        return np.array([[iou(one, RULES) for one in row] for row in self.found])

    def best_ious(self) -> NDArray[np.float64]:
        """(seeds, masks)."""
        return np.array([[iou(one, RULES) for one in row] for row in self.best])


def run_sweep(
    recipe: FitRecipe, learn: Examples, look: Sequence[Example], sweep: Sweep, out: Path
) -> list[Trial]:
    """Train and judge every value; runs lie under ``out/VALUE/SEED`` and finished ones are kept."""
    return [_trial(recipe, learn, look, sweep, value, out) for value in sweep.values]


def _trial(
    recipe: FitRecipe,
    learn: Examples,
    look: Sequence[Example],
    sweep: Sweep,
    value: str,
    out: Path,
) -> Trial:
    own = changed(recipe, {sweep.key: value})
    found, best, steps, costs = [], [], [], []
    for seed in sweep.seeds:
        folder = out / value.strip('"') / str(seed)
        sys.stderr.write(f"{sweep.key} = {value}, seed {seed}\n")
        options = FitOptions(
            folder, seed, max_minutes=sweep.max_minutes, resume=folder.is_dir(), cpu=sweep.cpu
        )
        steps.append(fit(own, learn, options).step)
        if steps[-1] < own.course.steps and sweep.max_minutes == float("inf"):
            raise Cancelled(
                f"The training with {sweep.key} = {value} and seed {seed} was stopped after "
                f"{steps[-1]} steps.",
                hint="The same command goes on with it.",
            )
        lesson, collation = open_lesson(folder)
        looks = examine(lesson, collation, look, forced=sweep.forced)
        found.append(tuple(looks.picked))
        best.append(tuple(looks.best))
        costs.append(cost(lesson, collation([look[0]], [0]), collation.codec.end))
    cheapest = min(costs, key=lambda c: c.seconds)
    return Trial(value, tuple(found), tuple(best), tuple(steps), cheapest)
