"""Outcomes by kind: where a model is good, and where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from training.data.categories import find_category
from training.data.records import DIMENSIONS
from training.eval.outcomes import Outcome
from training.eval.pairing import Pair
from training.eval.tallies import Rules, Tally, tally

Breakdown = Mapping[str, Mapping[str, Tally]]
"""What outcomes are told apart by → value → sums."""

_Key = Callable[[Outcome, Pair], str | None]

_MANY = 4
"""Numbers of targets from here on are one group."""


def whole(outcomes: Iterable[Outcome], rules: Rules) -> Tally:
    """Sums over all outcomes."""
    return tally((pair for one in outcomes for pair in one.pairs), rules)


def break_down(outcomes: Sequence[Outcome], rules: Rules) -> Breakdown:
    """Sums by dimension, source, category, number of targets and size of the true mask.

    A sample counts under each of its tags. Sizes are deciles of the true masks' shares of their
    pictures, over these outcomes; masks of nothing have none.
    """
    table: dict[str, dict[str, Tally]] = {}
    for dimension, values in DIMENSIONS.items():
        for value in values:
            _put(table, dimension, value, [one for one in outcomes if value in one.tags], rules)
    keys: dict[str, _Key] = {
        "source": lambda one, _: one.source or None,
        "targets": lambda one, _: f"{_MANY}+" if one.targets >= _MANY else str(one.targets),
        "category": lambda _, pair: _category(pair.phrase),
        "area": _deciles(outcomes),
    }
    for name, key in keys.items():
        groups: dict[str, list[Pair]] = {}
        for one in outcomes:
            for pair in one.pairs:
                if (kind := key(one, pair)) is not None:
                    groups.setdefault(kind, []).append(pair)
        if groups:
            table[name] = {kind: tally(groups[kind], rules) for kind in sorted(groups)}
    return table


def _put(
    table: dict[str, dict[str, Tally]],
    name: str,
    value: str,
    outcomes: Sequence[Outcome],
    rules: Rules,
) -> None:
    if outcomes:
        table.setdefault(name, {})[value] = whole(outcomes, rules)


def _category(phrase: str) -> str | None:
    found = find_category(phrase) if phrase else None
    return found.name if found else None


def _share(one: Outcome, pair: Pair) -> float:
    return pair.true / one.pixels if one.pixels else 0.0


def _deciles(outcomes: Sequence[Outcome]) -> _Key:
    """Name the tenth of all true masks to which a mask belongs, with its bounds in percent."""
    shares = [_share(one, pair) for one in outcomes for pair in one.pairs if pair.true]
    edges = np.quantile(shares, np.linspace(0, 1, 11)) if shares else np.zeros(11)
    names = [
        f"{place + 1:02d} ({100 * low:.3g}-{100 * high:.3g} %)"
        for place, (low, high) in enumerate(pairwise(edges))
    ]

    def key(one: Outcome, pair: Pair) -> str | None:
        if not pair.true:
            return None
        return names[int(np.searchsorted(edges[1:-1], _share(one, pair), side="right"))]

    return key
