"""How far two judgements of the same things agree. Paper: 7.5, the random sample at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.lasers.review.decisions import Decision, newest
from training.lasers.review.points import Kind, names


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two judgements of the same things."""

    things: int
    raw: float
    """Share that was judged alike."""

    kappa: float | None
    """Cohen's; None where chance alone would agree on everything, or nothing was judged twice."""


def agreement(first: Sequence[bool], second: Sequence[bool]) -> Agreement:
    """Of two lists in the same order. Cohen's kappa: (observed - chance) / (1 - chance)."""
    if not first:
        return Agreement(0, 0.0, None)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    p, q = sum(first) / len(first), sum(second) / len(second)
    raw, chance = same / len(first), p * q + (1 - p) * (1 - q)
    return Agreement(len(first), raw, None if chance == 1 else (raw - chance) / (1 - chance))


def audited(decisions: Sequence[Decision], kind: Kind) -> dict[str, Agreement]:
    """Of the first judgements and the audit: of each point, and "all" for staying or going."""
    before = newest(decisions, kind, audit=False)
    after = newest(decisions, kind, audit=True)
    pairs = [
        (next(iter(before[name].values())), second)
        for name, by_reviewer in after.items()
        if name in before
        for second in by_reviewer.values()
    ]
    found = {
        point: agreement([a.points[point] for a, _ in pairs], [b.points[point] for _, b in pairs])
        for point in names(kind)
    }
    return found | {"all": agreement([a.good for a, _ in pairs], [b.good for _, b in pairs])}


def draw_sample(decisions: Sequence[Decision], kind: Kind, n: int, seed: int) -> tuple[str, ...]:
    """Ids of so many things that were judged, whatever the verdict, drawn by the seed.

    Were only those that stay looked at again, chance would explain any agreement.
    """
    judged = sorted(newest(decisions, kind, audit=False))
    drawn = np.random.default_rng(seed).permutation(len(judged))[:n]
    return tuple(judged[place] for place in drawn)
