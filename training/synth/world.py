"""The world that is drawn: items with names, and the painted faces that show them, in metres.

x runs to the right, y downwards, both in metres from the centre of the scene. An *item* is
something that can be asked for: a thing (a car), a part of a thing or a zone beside it (a wing, the
wake of a ship), or a site that holds many things (an airport). A *face* is one painted polygon. It
may show one item of each of the three sorts, so that one raster of faces gives the truth for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(N, 2): x, y of a polygon's corners, in their order, not closed."""

Sort = Literal["thing", "part", "site"]


class Layer(IntEnum):
    """What lies over what; within a layer the later face covers the earlier one."""

    GROUND = 0
    WATER = 1
    SURFACE = 2
    ROAD = 3
    MARKING = 4
    LOW = 5
    VEHICLE = 6
    BUILDING = 7
    ROOF = 8
    CANOPY = 9
    DECK = 10
    ABOVE = 11
    SMOKE = 12


@dataclass(frozen=True, slots=True)
class Paint:
    """Colour and texture of a face."""

    rgb: tuple[int, int, int]
    material: str = "plain"
    """Key of `rendering.materials.MATERIALS`."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be asked for."""

    number: int
    """Its place in `World.items`, from 1; rasters hold it."""

    category: str
    sort: Sort
    whole: int = 0
    """Number of the thing that a part belongs to; 0 for none."""

    color: str = ""
    """In words, where it has one that can be told; "" otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One painted polygon."""

    points: Points
    paint: Paint
    layer: Layer
    height: float = 0.0
    """Of its upper side above the ground, in metres; it casts a shadow if `casts`."""

    base: float = 0.0
    """Height of what it stands on, so of its shadow's end too."""

    under: float = 0.0
    """Height of its lower side, where light comes through below it."""

    casts: bool = False
    hidden: bool = False
    """Only its shadow is drawn."""

    thing: int = 0
    part: int = 0
    site: int = 0


@dataclass(frozen=True, slots=True)
class Sun:
    """Where shadows fall."""

    direction: float
    """Of the shadows, in radians from the x axis towards the y axis."""

    length: float
    """Of a shadow on level ground, in heights of what casts it."""

    @property
    def shift(self) -> Points:
        """Where the shadow of a point one metre up falls, (2,)."""
        return self.length * np.array([math.cos(self.direction), math.sin(self.direction)])


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Everything that is drawn, bottom first."""

    items: tuple[Item, ...]
    """Item number n is ``items[n - 1]``."""

    faces: tuple[Face, ...]
    sun: Sun
    land_use: str
    direction: float = 0.0
    """Of what runs along the layout, in radians from the x axis towards the y axis."""

    def item(self, number: int) -> Item:
        """The item of a number, as rasters hold it."""
        return self.items[number - 1]


@dataclass(frozen=True, slots=True)
class Frame:
    """A place and a direction to draw something at: its own axes, seen from the world's."""

    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0
    """In radians, from the world's x axis towards its y axis."""

    def at(self, x: float, y: float, angle: float = 0.0) -> Frame:
        """A frame whose origin and direction are given in this one's axes."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return Frame(self.x + cos * x - sin * y, self.y + sin * x + cos * y, self.angle + angle)

    def within(self, other: Frame) -> Frame:
        """`other`, which is given in this frame's axes, as one in the world's."""
        return other if self is ORIGIN else self.at(other.x, other.y, other.angle)

    def map(self, points: Points) -> Points:
        """Own coordinates to the world's, (N, 2)."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        mapped = np.empty(points.shape)
        x, y = points[:, 0], points[:, 1]
        mapped[:, 0] = cos * x - sin * y + self.x
        mapped[:, 1] = sin * x + cos * y + self.y
        return mapped


ORIGIN: Final = Frame()


@dataclass(slots=True)
class Canvas:
    """Collects items and faces while a scene is laid out."""

    random: np.random.Generator
    sun: Sun
    base: Frame = ORIGIN
    """Where the layout's own axes lie in the world."""

    items: list[Item] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    site: int = 0
    """Site that whatever is drawn now belongs to; 0 for none."""

    def thing(self, category: str, color: str = "") -> int:
        """A new thing; its number."""
        return self._item(category, "thing", 0, color)

    def part(self, category: str, whole: int) -> int:
        """A new part of a thing or zone beside it; its number."""
        return self._item(category, "part", whole, "")

    def new_site(self, category: str) -> int:
        """A new site; its number. Set `site` to it while drawing what it holds."""
        return self._item(category, "site", 0, "")

    def fill(
        self, points: Points, paint: Paint, layer: Layer, frame: Frame = ORIGIN, **shown: Any
    ) -> None:
        """Paint a polygon, given in the axes of `frame` of the layout; `shown`: fields of Face."""
        outline = self.base.within(frame).map(points)
        self.faces.append(Face(outline, paint, layer, site=self.site, **shown))

    def child(self) -> np.random.Generator:
        """A random stream of its own for one object: what it draws shifts nothing else."""
        return np.random.default_rng(int(self.random.integers(2**63)))

    def world(self, land_use: str) -> World:
        """What was drawn, faces from the bottom up."""
        faces = sorted(self.faces, key=lambda face: face.layer)
        return World(tuple(self.items), tuple(faces), self.sun, land_use, self.base.angle)

    def light(self, side: Points) -> float:
        """How bright a slope is that looks towards `side`, (2,) in the layout's axes."""
        return float(self.lights(side[None])[0])

    def lights(self, sides: Points) -> NDArray[np.float64]:
        """How bright slopes are, (N,), that look towards `sides`, (N, 2)."""
        turns = np.arctan2(sides[:, 1], sides[:, 0]) + self.base.angle - self.sun.direction
        return np.asarray(1 - 0.17 * np.cos(turns))

    def _item(self, category: str, sort: Sort, whole: int, color: str) -> int:
        self.items.append(Item(len(self.items) + 1, category, sort, whole, color))
        return len(self.items)


def varied(
    rgb: Sequence[float], random: np.random.Generator, by: float = 8
) -> tuple[int, int, int]:
    """A colour a little lighter or darker, and a little off in hue."""
    shade, *off = random.normal(0, by, 4).tolist()
    r, g, b = [int(min(255, max(0, c + shade + o / 3))) for c, o in zip(rgb, off, strict=True)]
    return r, g, b


def tinted(rgb: Sequence[float], by: float) -> tuple[int, int, int]:
    """A colour in more or less light."""
    r, g, b = (int(min(255, c * by)) for c in rgb)
    return r, g, b
