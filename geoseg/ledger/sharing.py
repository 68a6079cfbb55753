"""How far tiles agree where they overlap: what a run says of itself, without any truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import Instruction, Target
from geoseg.grid import Window
from geoseg.ledger.plan import Plan
from geoseg.ledger.store import Ledger

Masks = Mapping[Target, NDArray[np.bool_]]
"""(h, w) at the mask stride, for each target that a tile found."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One target in the rectangles that two finished tiles both saw, all pairs together."""

    cells: int
    """All cells of these rectangles."""

    both: int
    """Those that both tiles mark."""

    one: int
    """Those that one of the two marks."""

    @property
    def agreement(self) -> float | None:
        """Share of the cells about which the two say the same; None when tiles do not overlap."""
        return 1 - self.one / self.cells if self.cells else None

    @property
    def overlap(self) -> float | None:
        """Of the cells that any of the two marks, the share that both mark; None without such."""
        marked = self.both + self.one
        return self.both / marked if marked else None


def shared_cells(ledger: Ledger, instruction: Instruction, plan: Plan) -> dict[Target, Shared]:
    """For every target of an instruction, by how the tiles of the plan overlap.

    Memory grows with the scene's width. Raises OutputError when stored bytes are damaged.
    """
    stride = ledger.key.stride
    cells = 0
    both: dict[Target, int] = dict.fromkeys(ledger.targets(instruction), 0)
    one = dict.fromkeys(both, 0)
    active: list[tuple[Window, Masks]] = []
    for window, masks in _looks(ledger, instruction, plan):
        active = [look for look in active if look[0].row_end > window.row_off]
        for other, others in active:
            place = window.intersection(other)
            if place is None:
                continue
            cells += _height(place, stride) * _width(place, stride)
            for target in masks.keys() | others.keys():
                mine, theirs = (
                    _part(seen.get(target), within, place, stride)
                    for seen, within in ((masks, window), (others, other))
                )
                both[target] += int(np.count_nonzero(mine & theirs))
                one[target] += int(np.count_nonzero(mine ^ theirs))
        active.append((window, masks))
    return {target: Shared(cells, both[target], one[target]) for target in both}


def _looks(ledger: Ledger, instruction: Instruction, plan: Plan) -> Iterator[tuple[Window, Masks]]:
    """Finished tiles of the plan, row by row, and what each marks."""
    planned = {tile.window for tile in plan.tiles}
    for row in ledger.answers(instruction):
        if row.state != "done" or row.tile.window not in planned:
            continue
        found = {
            target: stored.logits > 0
            for target, _ in row.targets
            if (stored := ledger.logits(instruction, target, row.tile)) is not None
        }
        yield row.tile.window, found


def _part(
    mask: NDArray[np.bool_] | None, window: Window, place: Window, stride: int
) -> NDArray[np.bool_]:
    """The cells of a place inside a window; none is marked where a tile did not find the target."""
    height, width = _height(place, stride), _width(place, stride)
    if mask is None:
        return np.zeros((height, width), np.bool_)
    top = (place.row_off - window.row_off) // stride
    left = (place.col_off - window.col_off) // stride
    return mask[top : top + height, left : left + width]


def _height(window: Window, stride: int) -> int:
    return -(-window.row_end // stride) - window.row_off // stride


def _width(window: Window, stride: int) -> int:
    return -(-window.col_end // stride) - window.col_off // stride
