"""Intervals: pictures drawn again with replacement, since questions on one picture are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.eval.breakdown import whole
from training.eval.outcomes import Outcome
from training.eval.tallies import Rules

DRAWS = 2000

Interval = tuple[float, float]


def intervals(
    outcomes: Sequence[Outcome], rules: Rules, *, seed: int = 0, draws: int = DRAWS
) -> Mapping[str, Interval]:
    """95 % intervals of gIoU and cIoU over pictures; empty for fewer than two pictures."""
    pictures: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        pictures.setdefault((one.source, one.image), []).append(one)
    if len(pictures) < 2:
        return {}
    tallies = [whole(pictures[key], rules) for key in sorted(pictures)]
    sums = np.array([[t.iou / 2**40, t.masks, t.shared, t.union] for t in tallies])
    count = len(sums)
    chances = np.full(count, 1 / count)
    drawn = np.random.default_rng(seed).multinomial(count, chances, size=draws) @ sums
    return {"gIoU": _middle(drawn[:, 0], drawn[:, 1]), "cIoU": _middle(drawn[:, 2], drawn[:, 3])}


def _middle(parts: NDArray[np.float64], wholes: NDArray[np.float64]) -> Interval:
    ratios = np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)
