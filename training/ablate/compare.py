"""What a difference between two trained models is worth: seeds and examples drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two mean IoUs, and the 95 % interval of it."""

    mean: float
    low: float
    high: float


def difference(
    first: NDArray[np.float64], other: NDArray[np.float64], *, seed: int = 0
) -> Difference:
    """`other` less `first`, each (seeds, masks) of IoU on the same masks from the same seeds.

    Both are drawn again with replacement, seeds and masks, in pairs.
    """
    gaps = other - first
    rng = np.random.default_rng(seed)
    seeds, masks = gaps.shape
    drawn = np.empty(_DRAWS)
    for i in range(_DRAWS):
        rows = rng.integers(0, seeds, seeds)
        columns = rng.integers(0, masks, masks)
        drawn[i] = gaps[rows].mean(0)[columns].mean()
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(float(gaps.mean()), float(low), float(high))
