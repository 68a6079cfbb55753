"""Sums over pairs of masks, and the metrics that follow from them. Paper: section 5.1.

All sums are whole numbers, so that those of batches, processes and interrupted runs add up to the
same whatever their order. An average of averages would not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

from training.eval.pairing import Pair

Empty = Literal["release", "rmsin"]
"""IoU where nothing is there and nothing was found: 1 (LISA, SegEarth-R1, -R2), or 0 (RMSIN)."""

Bound = Literal["ge", "gt"]
"""Whether Pr@t counts an IoU of exactly t (RMSIN) or only what is above (SegEarth-R1)."""

TENTHS = (5, 6, 7, 8, 9)
"""The thresholds of Pr@t."""

_ONE = 1 << 40
"""An IoU of 1: a sum of so fine steps is as exact as one of floating-point numbers."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What papers do differently; part of every number."""

    empty: Empty = "release"
    bound: Bound = "ge"


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over pairs; two tallies add up to that of all their pairs."""

    masks: int = 0
    """Pairs counted."""

    shared: int = 0
    """Pixels in both masks of a pair."""

    union: int = 0
    """Pixels in either."""

    iou: int = 0
    """Sum of IoUs, in units of 2⁻⁴⁰."""

    hits: tuple[int, ...] = (0,) * len(TENTHS)
    """Pairs that reach each threshold of `TENTHS`."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.masks + other.masks,
            self.shared + other.shared,
            self.union + other.union,
            self.iou + other.iou,
            tuple(a + b for a, b in zip(self.hits, other.hits, strict=True)),
        )

    @property
    def giou(self) -> float:
        """Mean IoU of masks; called mIoU in referring segmentation. 0 where there is none."""
        return self.iou / _ONE / self.masks if self.masks else 0.0

    @property
    def ciou(self) -> float:
        """All shared pixels over all united ones; called oIoU. 0 where there is none."""
        return self.shared / self.union if self.union else 0.0

    def precision(self, tenths: int) -> float:
        """Share of masks that reach a threshold."""
        return self.hits[TENTHS.index(tenths)] / self.masks if self.masks else 0.0

    def metrics(self) -> dict[str, float]:
        """All metrics by the names that papers give them."""
        return {
            "gIoU": self.giou,
            "cIoU": self.ciou,
            "mIoU": self.giou,
            "oIoU": self.ciou,
            **{f"Pr@0.{tenths}": self.precision(tenths) for tenths in TENTHS},
        }

    def to_json(self) -> dict[str, int | list[int]]:
        """The sums by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"hits": list(self.hits)}


def tally(pairs: Iterable[Pair], rules: Rules) -> Tally:
    """The sums over pairs."""
    masks = shared = union = iou = 0
    hits = [0] * len(TENTHS)
    for one in pairs:
        part, whole = one.shared, one.union
        if whole == 0:
            part = whole = int(rules.empty == "release" and not one.surplus)
        masks += 1
        shared += one.shared
        union += one.union
        iou += (part * _ONE + whole // 2) // whole if whole else 0
        for place, tenths in enumerate(TENTHS):
            # In whole numbers: 0.6 has no exact floating-point value.
            above = 10 * part - tenths * whole
            hits[place] += above > 0 or (above == 0 and whole > 0 and rules.bound == "ge")
    return Tally(masks, shared, union, iou, tuple(hits))


def iou(one: Pair, rules: Rules) -> float:
    """IoU of one pair."""
    return tally((one,), rules).giou
