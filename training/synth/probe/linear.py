"""A straight line between two kinds of pictures, tested on pictures that it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

_STRENGTHS: Final = (1e-3, 1e-2, 1e-1, 1.0)
"""Of the penalty on the squared weights, per picture: the best on an inner split is taken."""

_FOLDS: Final = 5

_STEPS: Final = 200
"""Of the fit, at most: numbers that say nearly the same would take many more for nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """How often the line was right, with its 95 % interval (Wilson)."""

    accuracy: float
    low: float
    high: float


def told_apart(
    features: NDArray[np.float64],
    labels: NDArray[np.bool_],
    pair: NDArray[np.int64],
    *,
    seed: int,
) -> Told:
    """Logistic regression over five folds; both pictures of a pair are in the same fold.

    `features` (N, D), `labels` and `pair` (N,). Where nothing tells the two apart it comes out a
    little below one half: a fold held back leaves the rest with the other side of its chance.
    """
    places = np.random.default_rng(seed).permutation(int(pair.max()) + 1) % _FOLDS
    fold = places[pair]
    right = 0
    for held in range(_FOLDS):
        tested, inner = fold == held, fold == (held + 1) % _FOLDS
        tried = [
            _right(features, labels, ~tested & ~inner, inner, strength) for strength in _STRENGTHS
        ]
        # Of equally good ones the strongest penalty: it promises least about these pictures.
        best = max(zip(tried, _STRENGTHS, strict=True))[1]
        right += _right(features, labels, ~tested, tested, best)
    return _with_interval(right, len(labels))


def _right(
    features: NDArray[np.float64],
    labels: NDArray[np.bool_],
    learnt: NDArray[np.bool_],
    tested: NDArray[np.bool_],
    strength: float,
) -> int:
    """How many of the tested are on the right side of a line fitted to the learnt."""
    middle, spread = features[learnt].mean(0), features[learnt].std(0)
    scaled = (features - middle) / np.where(spread > 0, spread, 1)
    weights = _fitted(scaled[learnt], labels[learnt], strength)
    says = scaled[tested] @ weights[:-1] + weights[-1] > 0
    return int((says == labels[tested]).sum())


def _fitted(
    x: NDArray[np.float64], labels: NDArray[np.bool_], strength: float
) -> NDArray[np.float64]:
    """Weights and, last, the offset, which is free of the penalty."""
    signs = np.where(labels, 1.0, -1.0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (x @ weights[:-1] + weights[-1])
        slopes = -signs * expit(-margins) / len(x)
        value = np.logaddexp(0, -margins).mean() + strength / 2 * np.square(weights[:-1]).sum()
        return float(value), np.append(x.T @ slopes + strength * weights[:-1], slopes.sum())

    start = np.zeros(x.shape[1] + 1)
    found: NDArray[np.float64] = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    ).x
    return found


def _with_interval(right: int, of: int) -> Told:
    z = 1.96
    share = right / of
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    reach = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2)) / (1 + z**2 / of)
    return Told(share, float(middle - reach), float(middle + reach))
