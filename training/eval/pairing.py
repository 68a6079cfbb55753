"""Which found mask answers for which true one. Letters: N masks, H rows, W columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Mask = NDArray[np.bool_]

Pairing = Literal["ordered", "strict", "hungarian", "union"]
"""How masks are paired.

ordered     the i-th with the i-th; too few found: the last one again; too many: the rest is
            dropped (the released evaluation)
strict      the i-th with the i-th; what is missing is empty; what is too many is held against
            nothing
hungarian   the one-to-one assignment of most IoU; then as strict
union       all found together with all true together
"""

PAIRINGS: tuple[Pairing, ...] = ("ordered", "strict", "hungarian", "union")


@dataclass(frozen=True, slots=True)
class Pair:
    """A found mask held against a true one, in pixels."""

    shared: int
    """Pixels in both."""

    found: int
    """Pixels of the found mask."""

    true: int
    """Pixels of the true mask."""

    phrase: str = ""
    """What the true one is called, if known."""

    surplus: bool = False
    """A found mask that no true one asks for: wrong even if it is empty."""

    @property
    def union(self) -> int:
        """Pixels in either."""
        return self.found + self.true - self.shared


def pair(
    found: NDArray[Any], truth: NDArray[Any], mode: Pairing, phrases: Sequence[str] = ()
) -> tuple[Pair, ...]:
    """Hold (M, H, W) found masks against (N, H, W) true ones; everything but 0 is foreground.

    No true mask at all is one empty true mask. `phrases` name the true masks.

    Raises ValueError for masks of different sizes.
    """
    if found.shape[1:] != truth.shape[1:] and len(found) and len(truth):
        raise ValueError(
            f"Found masks of {found.shape[1:]} pixels cannot be held against true ones of "
            f"{truth.shape[1:]} (rows, columns)."
        )
    seen, facts = [mask != 0 for mask in found], [mask != 0 for mask in truth]
    names = [*phrases, *[""] * (len(facts) - len(phrases))] or [""]
    if not facts:
        facts = [_nothing_like(seen)]
    if mode == "union":
        both = (_any(seen, facts[0]), _any(facts, facts[0]))
        return (_pair(*both, phrase=names[0] if len(set(names)) == 1 else ""),)
    if mode == "ordered":
        return tuple(
            _pair(_repeated(seen, i, fact), fact, phrase=name)
            for i, (fact, name) in enumerate(zip(facts, names, strict=True))
        )
    order = _best(seen, facts) if mode == "hungarian" else list(range(min(len(seen), len(facts))))
    pairs = [
        _pair(
            seen[order[i]] if i < len(order) and order[i] >= 0 else np.zeros_like(fact),
            fact,
            phrase=name,
        )
        for i, (fact, name) in enumerate(zip(facts, names, strict=True))
    ]
    used = {index for index in order if index >= 0}
    surplus = [mask for i, mask in enumerate(seen) if i not in used]
    return (*pairs, *(Pair(0, int(mask.sum()), 0, surplus=True) for mask in surplus))


def _pair(found: Mask, true: Mask, *, phrase: str) -> Pair:
    return Pair(
        int(np.count_nonzero(found & true)),
        int(np.count_nonzero(found)),
        int(np.count_nonzero(true)),
        phrase,
    )


def _repeated(seen: Sequence[Mask], index: int, like: Mask) -> Mask:
    """The index-th found mask; the last one if there are fewer; nothing if there is none."""
    return seen[min(index, len(seen) - 1)] if seen else np.zeros_like(like)


def _any(masks: Sequence[Mask], like: Mask) -> Mask:
    return np.logical_or.reduce(masks) if masks else np.zeros_like(like)


def _nothing_like(masks: Sequence[Mask]) -> Mask:
    return np.zeros_like(masks[0]) if masks else np.zeros((0, 0), bool)


def _best(seen: Sequence[Mask], facts: Sequence[Mask]) -> list[int]:
    """For each true mask the found one that answers for it, −1 where there is none."""
    iou = np.zeros((len(facts), len(seen)))
    for i, fact in enumerate(facts):
        for j, mask in enumerate(seen):
            union = np.count_nonzero(fact | mask)
            iou[i, j] = np.count_nonzero(fact & mask) / union if union else 1.0
    chosen = [-1] * len(facts)
    rows, columns = linear_sum_assignment(iou, maximize=True)
    for i, j in zip(rows, columns, strict=True):
        chosen[i] = int(j)
    return chosen
