"""What a picture shows of each item: how much, where, and the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.synth.rendering import Picture
from training.synth.world import Item


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The visible piece of one item."""

    item: Item
    area: int
    """In pixels."""

    x: float
    """Of its centre, in pixels from the left edge of the picture."""

    y: float
    top: int
    left: int
    crop: NDArray[np.bool_]
    """Its pixels, from row `top` and column `left` on."""

    @property
    def touches(self) -> tuple[int, int, int, int]:
        """First and behind the last row and column."""
        height, width = self.crop.shape
        return self.top, self.left, self.top + height, self.left + width


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything that a picture shows of the world's items."""

    height: int
    width: int
    seen: Mapping[int, Seen]
    """By the number of the item; what is not visible is missing."""

    by_category: Mapping[str, tuple[Seen, ...]]
    gsd: float = 0.0
    """Metres per pixel; 0 where it is not known."""

    def of(self, kinds: frozenset[str]) -> tuple[Seen, ...]:
        """What is visible of some categories, by number."""
        found = [each for kind in kinds for each in self.by_category.get(kind, ())]
        return tuple(sorted(found, key=lambda each: each.item.number))

    def mask(self, chosen: Sequence[Seen]) -> NDArray[np.bool_]:
        """(H, W): the pixels of all of them."""
        plane = np.zeros((self.height, self.width), bool)
        for each in chosen:
            top, left, bottom, right = each.touches
            plane[top:bottom, left:right] |= each.crop
        return plane

    def cut(self, each: Seen) -> bool:
        """Whether it reaches the edge of the picture."""
        top, left, bottom, right = each.touches
        return top == 0 or left == 0 or bottom == self.height or right == self.width


def look_at(picture: Picture, items: Sequence[Item], gsd: float = 0.0) -> View:
    """Measure every item that a picture shows."""
    height, width = picture.things.shape
    seen: dict[int, Seen] = {}
    for raster in (picture.things, picture.parts, picture.sites):
        if raster.any():
            _measure(raster, items, seen)
    by_category: dict[str, list[Seen]] = {}
    for number in sorted(seen):
        by_category.setdefault(seen[number].item.category, []).append(seen[number])
    kinds = {name: tuple(row) for name, row in by_category.items()}
    return View(height, width, seen, kinds, gsd)


def _measure(raster: NDArray[np.uint32], items: Sequence[Item], seen: dict[int, Seen]) -> None:
    sums, boxes = _sums(raster, len(items) + 1)
    for number in np.flatnonzero(sums[:, 0]).tolist():
        area, x, y = sums[number].tolist()
        top, left, bottom, right = boxes[number].tolist()
        crop = raster[top:bottom, left:right] == number
        center = x / area + 0.5, y / area + 0.5
        seen[number] = Seen(items[number - 1], area, *center, top, left, crop)


@njit(cache=True, nogil=True, error_model="numpy")
def _sums(raster: NDArray[np.uint32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each number below `count` but 0: pixels, sums of columns and rows, (count, 3); first and
    behind the last row and column, as top, left, bottom, right, (count, 4)."""
    sums = np.zeros((count, 3), np.int64)
    boxes = np.zeros((count, 4), np.int64)
    boxes[:, :2] = max(raster.shape)
    for y in range(raster.shape[0]):
        for x in range(raster.shape[1]):
            number = raster[y, x]
            if number:
                sums[number, 0] += 1
                sums[number, 1] += x
                sums[number, 2] += y
                box = boxes[number]
                box[0], box[1] = min(box[0], y), min(box[1], x)
                box[2], box[3] = max(box[2], y + 1), max(box[3], x + 1)
    return sums, boxes
