"""What an evaluation found, for people and as JSON; the conventions stand beside every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.eval.bootstrap import Interval, intervals
from training.eval.breakdown import Breakdown, break_down, whole
from training.eval.conventions import Conventions
from training.eval.outcomes import Outcome
from training.eval.tallies import TENTHS, Tally


@dataclass(frozen=True, slots=True)
class Report:
    """Metrics of a set of outcomes."""

    conventions: Conventions
    samples: int
    images: int
    cut: int
    """Answers that ended at the token limit."""

    overall: Tally
    intervals: Mapping[str, Interval]
    breakdown: Breakdown


def report(outcomes: Sequence[Outcome], conventions: Conventions, *, seed: int = 0) -> Report:
    """Metrics of outcomes, each sample of which counts once."""
    rules = conventions.rules
    return Report(
        conventions,
        samples=len(outcomes),
        images=len({(one.source, one.image) for one in outcomes}),
        cut=sum(one.cut for one in outcomes),
        overall=whole(outcomes, rules),
        intervals=intervals(outcomes, rules, seed=seed),
        breakdown=break_down(outcomes, rules),
    )


def to_json(found: Report) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        **found.conventions.to_json(),
        "samples": found.samples,
        "images": found.images,
        "masks": found.overall.masks,
        "cut": found.cut,
        **found.overall.metrics(),
        "intervals": {name: list(ends) for name, ends in found.intervals.items()},
        "sums": found.overall.to_json(),
        "by": {
            name: {value: {"masks": one.masks, **one.metrics()} for value, one in values.items()}
            for name, values in found.breakdown.items()
        },
    }


def as_text(found: Report) -> str:
    """For people."""
    lines = [
        f"{found.samples} samples on {found.images} pictures, {found.overall.masks} masks",
        found.conventions.text(),
        "",
        *(f"{name:8} {_with_interval(found, name)}" for name in ("gIoU", "cIoU")),
        *(f"Pr@0.{tenths}   {found.overall.precision(tenths):.4f}" for tenths in TENTHS),
    ]
    if found.cut:
        lines.append(f"{found.cut} answers were cut off at the token limit")
    for name, values in found.breakdown.items():
        lines += ["", f"by {name}:{'masks':>33}    gIoU    cIoU"]
        lines += [
            f"  {value:32}{one.masks:>8}  {one.giou:.4f}  {one.ciou:.4f}"
            for value, one in values.items()
        ]
    return "\n".join(lines)


def _with_interval(found: Report, name: str) -> str:
    value = f"{found.overall.metrics()[name]:.4f}"
    if name not in found.intervals:
        return value
    low, high = found.intervals[name]
    return f"{value}  (95 % of pictures drawn again: {low:.4f} to {high:.4f})"
