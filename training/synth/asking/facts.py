"""What a picture shows of each item: how much, where, and the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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


def look_at(picture: Picture, items: Sequence[Item]) -> View:
    """Measure every item that a picture shows."""
    height, width = picture.things.shape
    seen: dict[int, Seen] = {}
    for raster in (picture.things, picture.parts, picture.sites):
        if raster.any():
            _measure(raster, items, seen)
    by_category: dict[str, list[Seen]] = {}
    for number in sorted(seen):
        by_category.setdefault(seen[number].item.category, []).append(seen[number])
    return View(height, width, seen, {name: tuple(row) for name, row in by_category.items()})


def _measure(raster: NDArray[np.uint32], items: Sequence[Item], seen: dict[int, Seen]) -> None:
    places = np.flatnonzero(raster)
    numbers = raster.ravel()[places]
    rows, columns = np.divmod(places, raster.shape[1])
    areas = np.bincount(numbers)
    x, y = np.bincount(numbers, columns), np.bincount(numbers, rows)
    for number, place in enumerate(ndimage.find_objects(raster.astype(np.int32)), 1):
        if place is None:
            continue
        area = int(areas[number])
        crop = raster[place] == number
        center = x[number] / area + 0.5, y[number] / area + 0.5
        item = items[number - 1]
        seen[number] = Seen(item, area, *center, place[0].start, place[1].start, crop)
