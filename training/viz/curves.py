"""Losses and scores of runs over their steps, from the metrics.jsonl that they write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from geoseg.errors import InstructionError
from training.data.errors import DataError

METRICS = "metrics.jsonl"

USUAL = (
    "loss",
    "text",
    "mask",
    "dice",
    "attention",
    "score",
    "lr",
    "grad_norm",
    "evaluation.giou",
    "evaluation.ciou",
    "samples_per_s",
)
"""Drawn unless others are asked for, if they are there and not 0 throughout."""

_SCHEDULED = "lr"
"""Never noisy: its mean would only come late."""

_ACROSS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a run wrote, by key; that of a table in a line is ``table.key``."""

    name: str
    curves: Mapping[str, Mapping[int, float]]
    """Key → step → value. A step that was done twice, after a resume, has its last value."""


def read_run(path: Path) -> Run:
    """A run by its folder or its metrics.jsonl.

    DataError names the line that cannot be read. A last line that was cut off is left out: a run
    may be drawn while it writes.
    """
    file = path / METRICS if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            str(file), f"it cannot be read ({error}).", hint="Give the -o of a fit."
        ) from error
    whole, _, _ = text.rpartition("\n")
    curves: dict[str, dict[int, float]] = {}
    for number, line in enumerate(whole.splitlines(), 1):
        step, values = _numbers(line, f"{file}, line {number}")
        for key, value in values.items():
            curves.setdefault(key, {})[step] = value
    if not curves:
        raise DataError(str(file), "it has no numbers yet.", hint="Wait for the first steps.")
    return Run(file.parent.name, {key: dict(sorted(c.items())) for key, c in curves.items()})


def _numbers(line: str, where: str) -> tuple[int, dict[str, float]]:
    try:
        values = json.loads(line)
        step = int(values.pop("step"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            where,
            f"it is no line of metrics with a step ({error!r}).",
            hint="Delete the line and draw again.",
        ) from error
    return step, _flat(values, "")


def _flat(values: Mapping[str, Any], above: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[f"{above}{key}"] = float(value)
    return found


def keys_to_draw(runs: Sequence[Run], wanted: Sequence[str]) -> list[str]:
    """Keys that are asked for, or the usual ones; InstructionError for one that no run has."""
    there = sorted({key for run in runs for key in run.curves})
    for key in wanted:
        if key not in there:
            raise InstructionError(f"No run has {key!r}; there are {', '.join(there)}.")
    if wanted:
        return list(wanted)
    alive = {key for run in runs for key, curve in run.curves.items() if any(curve.values())}
    return [key for key in USUAL if key in alive] or there


def smoothed(values: NDArray[np.float64], over: int) -> NDArray[np.float64]:
    """Mean of each value and those before it, `over` in all; fewer at the start."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - over, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def curves_figure(runs: Sequence[Run], keys: Sequence[str], *, smooth: int = 1) -> Figure:
    """A place per key, a line per run, in one colour everywhere.

    With `smooth` lines are means over as many values, and the values themselves are pale.
    """
    across = min(_ACROSS, len(keys))
    down = -(-len(keys) // across)
    figure = Figure(figsize=(4.6 * across, 3.0 * down + 0.4), layout="constrained")
    places = figure.subplots(down, across, squeeze=False).ravel()
    for axes, key in zip(places, keys, strict=False):
        axes.set_title(key, fontsize=10, parse_math=False)
        axes.set_xlabel("step", fontsize=8)
        axes.grid(alpha=0.3)
        for number, run in enumerate(runs):
            curve = run.curves.get(key, {})
            if not curve:
                continue
            steps, values = list(curve), np.array(list(curve.values()))
            color, dots = f"C{number % 10}", "." if len(steps) < 30 else ""
            if smooth > 1 and key != _SCHEDULED:
                axes.plot(steps, values, color=color, alpha=0.25, linewidth=0.8)
                values = smoothed(values, smooth)
            axes.plot(steps, values, color=color, marker=dots, linewidth=1.4, label=run.name)
    for axes in places[len(keys) :]:
        axes.set_axis_off()
    if len(runs) > 1:
        lines = [Line2D([], [], color=f"C{number % 10}") for number in range(len(runs))]
        names = [run.name for run in runs]
        figure.legend(lines, names, loc="outside lower center", ncols=min(4, len(names)))
    return figure
