"""How well a straight line tells drawn pictures from real ones, and by what.

Both kinds show the same things in equal numbers, at the same size and through the same JPEG. A
linear probe looks at frozen ImageNet features, stage by stage, and at groups of numbers that have
names: colours, spectrum, noise, edges. Cut into squares that are put together anew at random, the
pictures show how small a piece still gives the drawing away: squares of one pixel leave nothing but
colours, those of eight the texture. 50 % is what a drawing that cannot be told would get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.data.errors import DataError
from training.synth.probe.linear import Told, told_apart
from training.synth.probe.pictures import Picture
from training.synth.probe.stages import STAGES, stage_features
from training.synth.probe.telltales import GROUPS, telltales

FEWEST: Final = 40
"""Pairs below which a percentage says nothing."""

SQUARES: Final = (1, 8, 32)
"""Sides of the pieces that pictures are cut into, in pixels."""

_NAMED: Final = 12
"""Numbers that the report names."""


def matched(
    drawn: Sequence[Picture], real: Sequence[Picture], seed: int, most: int = 200
) -> tuple[list[Picture], list[Picture]]:
    """As many drawn pictures of each kind as real ones, the i-th of both of one kind.

    At most `most` pairs, drawn from all; DataError where there are fewer than `FEWEST`.
    """
    random = np.random.default_rng(seed)
    pairs: list[tuple[Picture, Picture]] = []
    for kind in sorted({picture.kind for picture in drawn}):
        sides = [[p for p in side if p.kind == kind] for side in (drawn, real)]
        first, second = ([side[i] for i in random.permutation(len(side))] for side in sides)
        pairs += zip(first, second, strict=False)
    if len(pairs) < FEWEST:
        raise DataError(
            "the probe",
            f"only {len(pairs)} drawn pictures can be held against a real one of the same kind.",
            hint=f"Draw more: at least {FEWEST} pairs are needed, and 200 say more.",
        )
    kept = [pairs[i] for i in sorted(random.permutation(len(pairs))[:most])]
    return [one for one, _ in kept], [other for _, other in kept]


def probe(drawn: Sequence[Picture], real: Sequence[Picture], *, seed: int = 0) -> dict[str, Any]:
    """The report on pictures that are in pairs, as `matched` makes them."""
    shown = np.stack([picture.rgb for picture in (*drawn, *real)])
    is_drawn = np.arange(len(shown)) < len(drawn)
    pair = np.arange(len(shown)) % len(drawn)

    def tell(features: NDArray[np.float64]) -> dict[str, Any]:
        return _row(told_apart(features, is_drawn, pair, seed=seed))

    by_stage = dict(zip(STAGES, stage_features(shown), strict=True))
    told = [telltales(rgb) for rgb in shown]
    numbers = {name: np.array([each[name] for each in told]) for name in told[0]}
    together = tell(by_stage[STAGES[-1]])
    return {
        "pairs": len(drawn),
        "kinds": dict(sorted(Counter(picture.kind for picture in drawn).items())),
        "accuracy": together["accuracy"],
        "interval": together["interval"],
        "by_stage": {name: tell(features) for name, features in by_stage.items()},
        "by_square": {
            str(side): tell(np.concatenate(stage_features(shuffled(shown, side, seed)), 1))
            for side in SQUARES
        },
        "by_group": {
            group: tell(np.stack([numbers[name] for name in names], 1))
            for group, names in GROUPS.items()
        },
        "gives_away": _giveaways(numbers, is_drawn),
    }


def shuffled(pictures: NDArray[np.uint8], side: int, seed: int) -> NDArray[np.uint8]:
    """Each picture's squares of `side` pixels in an order of its own, (N, H, W, 3)."""
    count, height, width, channels = pictures.shape
    rows, columns = height // side, width // side
    grid = pictures.reshape(count, rows, side, columns, side, channels).swapaxes(2, 3)
    squares = grid.reshape(count, rows * columns, side, side, channels)
    random = np.random.default_rng(seed)
    mixed = np.stack([random.permutation(of_one) for of_one in squares])
    grid = mixed.reshape(count, rows, columns, side, side, channels).swapaxes(2, 3)
    return np.ascontiguousarray(grid.reshape(pictures.shape))


def _row(told: Told) -> dict[str, Any]:
    return {
        "accuracy": round(told.accuracy, 3),
        "interval": [round(told.low, 3), round(told.high, 3)],
    }


def _giveaways(
    numbers: Mapping[str, NDArray[np.float64]], is_drawn: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """The numbers that differ most, by how often a drawn picture has more than a real one."""
    more = {
        name: _share_above(values[is_drawn], values[~is_drawn]) for name, values in numbers.items()
    }
    most = sorted(more, key=lambda name: -abs(more[name] - 0.5))[:_NAMED]
    return [
        {
            "what": name,
            "drawn": _rounded(np.median(numbers[name][is_drawn])),
            "real": _rounded(np.median(numbers[name][~is_drawn])),
            "drawn_has_more": round(more[name], 3),
        }
        for name in most
    ]


def _rounded(value: np.floating[Any]) -> float:
    return float(f"{value:.4g}")


def _share_above(drawn: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Over all pairs of a drawn and a real one; ties count half."""
    above = drawn[:, None] > real[None]
    equal = drawn[:, None] == real[None]
    return float(above.mean() + equal.mean() / 2)
