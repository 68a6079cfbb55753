"""Texts are read again and must select exactly their masks.

What they mean is worked out from the rasters anew, without anything of what asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from training.synth import knowledge
from training.synth.asking.reading import ASIDE, FACT, Reading, american, nouns_of, readings_of
from training.synth.asking.vocabulary import COUNTS, RULES
from training.synth.rendering import Picture
from training.synth.world import Item


@dataclass(frozen=True, slots=True, eq=False)
class Checker:
    """Reads requests about one picture."""

    picture: Picture
    items: Sequence[Item]
    gsd: float = 0.0
    """Metres per pixel; 0 where it is not known."""

    _where: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    """x, y and area of the items that were measured."""

    def __post_init__(self) -> None:
        for raster in self._rasters():
            numbers = np.unique(raster)
            numbers = numbers[numbers > 0]
            if numbers.size:
                ones = np.ones(raster.shape, np.uint8)
                areas = ndimage.sum_labels(ones, raster, numbers)
                centers = ndimage.center_of_mass(ones, raster, numbers)
                for number, (y, x), area in zip(numbers, centers, areas, strict=True):
                    self._where[int(number)] = (x + 0.5, y + 0.5, int(area))

    def masks(self, text: str) -> list[NDArray[np.bool_]] | None:
        """The masks that a request asks for, (H, W) each; None if it is not clear what it means."""
        outcomes: list[list[tuple[tuple[int, ...], tuple[str, int] | None]]] = []
        for readings in readings_of(text):
            chosen = [(self._chosen(reading), reading.rule) for reading in readings]
            if all(numbers for numbers, _ in chosen) and chosen not in outcomes:
                outcomes.append(chosen)
        if len(outcomes) != 1 or (not self.gsd and any(rule for _, rule in outcomes[0])):
            return None
        return [self._piece(self._mask(numbers), rule) for numbers, rule in outcomes[0]]

    def finds_nothing(self, text: str) -> bool:
        """Whether nothing in the picture answers to any way of reading the request."""
        every = list(readings_of(text))
        return bool(every) and not any(self._chosen(each) for row in every for each in row)

    def _rasters(self) -> tuple[NDArray[np.uint32], ...]:
        return self.picture.things, self.picture.parts, self.picture.sites

    def _mask(self, numbers: tuple[int, ...]) -> NDArray[np.bool_]:
        plane = np.zeros(self.picture.things.shape, bool)
        for raster in self._rasters():
            plane |= np.isin(raster, np.array(numbers, np.uint32))
        return plane

    def _piece(self, ground: NDArray[np.bool_], rule: tuple[str, int] | None) -> NDArray[np.bool_]:
        """What a rule leaves of a mask, by the distances between all pixels' centres."""
        if rule is None:
            return ground
        name, reach = rule[0], rule[1] / self.gsd
        if name == "landing":
            free = ground & ~_near(np.pad(~ground, 1, constant_values=True), reach / 2)[1:-1, 1:-1]
            return _near(free, reach / 2)
        kinds = knowledge.kinds_of(RULES[name].source)
        sources = self._mask(tuple(self._visible(kinds)))
        if name == "refuge":
            # Nearer than the reach, not at it.
            return ground & ~_near(sources, np.nextafter(reach, 0))
        return ground & _near(sources, reach)

    def _visible(self, kinds: frozenset[str]) -> list[int]:
        return [n for n in self._where if self.items[n - 1].category in kinds]

    def _chosen(self, reading: Reading) -> tuple[int, ...]:
        found = self._visible(reading.kinds)
        if reading.owner is not None:
            owners = self._chosen(reading.owner)
            found = [n for n in found if self.items[n - 1].whole in owners]
        if reading.color:
            found = [n for n in found if self.items[n - 1].color == reading.color]
        found = self._placed(reading, found)
        if reading.one and len(found) != 1:
            return ()
        return tuple(sorted(found))

    def _placed(self, reading: Reading, found: list[int]) -> list[int]:
        height, width = self.picture.things.shape
        quality, rank = reading.first
        if quality:
            if len(found) < 2:
                return []
            return [sorted(found, key=lambda n: self._key(n, quality))[rank]][: len(found)]
        if reading.cell is not None:
            row, column = reading.cell
            return [
                n
                for n in found
                if row <= 3 * self._where[n][1] / height < row + 1
                and column <= 3 * self._where[n][0] / width < column + 1
            ]
        if reading.half:
            limit = (width if reading.half in ("left", "right") else height) / 2
            axis = 0 if reading.half in ("left", "right") else 1
            low = reading.half in ("left", "top")
            return [n for n in found if (self._where[n][axis] < limit) == low]
        if reading.near:
            anchors = self._visible(reading.near)
            if len(anchors) != 1:
                return []
            x, y, _ = self._where[anchors[0]]
            away = {n: np.hypot(self._where[n][0] - x, self._where[n][1] - y) for n in found}
            return sorted(found, key=lambda n: away[n])[:1]
        if reading.ends:
            return self._between(reading.ends, found)
        return found

    def _between(self, ends: tuple[frozenset[str], ...], found: list[int]) -> list[int]:
        """Those nearer to the line between the two than a quarter of its length."""
        anchors = [self._visible(kinds) for kinds in ends]
        if [len(each) for each in anchors] != [1, 1]:
            return []
        a, b = (complex(*self._where[each[0]][:2]) for each in anchors)
        if a == b:
            return []
        # In a plane turned and scaled so that the line runs from 0 to 1.
        turned = {n: (complex(*self._where[n][:2]) - a) / (b - a) for n in found}
        return [n for n, z in turned.items() if 0 < z.real < 1 and abs(z.imag) < 0.25]

    def _key(self, number: int, quality: str) -> float:
        x, y, area = self._where[number]
        keys = {"left": x, "right": -x, "top": y, "bottom": -y, "large": -area, "small": area}
        return float(keys[quality])

    def fact_holds(self, text: str) -> bool:
        """Whether what a request says of the picture besides, at its head and its end, is true."""
        if aside := ASIDE.search(american(text.lower())):
            noun = next(filter(None, aside.groups()))
            if not any(self._visible(kinds) for kinds, _ in nouns_of().get(noun, ())):
                return False
        found = FACT.match(text.lower())
        if not found:
            return True
        counts = {word: number for number, word in enumerate(COUNTS)}
        kinds = [k for k, _ in nouns_of().get(american(found["noun"]), ())]
        return any(len(self._visible(each)) == counts[found["count"]] for each in kinds)


def _near(sources: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    """(H, W): pixels whose centre is at most `reach` pixels from a source's."""
    if not sources.any():
        return np.zeros_like(sources)
    tree = cKDTree(np.argwhere(sources & ~ndimage.binary_erosion(sources)))
    places = np.argwhere(~sources)
    away, _ = tree.query(places, distance_upper_bound=reach + 1)
    near = sources.copy()
    hit = places[away <= reach]
    near[hit[:, 0], hit[:, 1]] = True
    return near
