"""A world of any size: districts of every land use beside one another, with roads between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from training.synth.layouts import LAYOUTS, Plot
from training.synth.rendering import Window
from training.synth.scenes import draw_sun
from training.synth.shapes import Area, clipped
from training.synth.things import roads
from training.synth.things.plants import draw_season
from training.synth.world import Canvas, Face, Frame, World

_CELL: Final = 210.0
"""Side of a district, in metres."""

_ROAD: Final = 11.0

_ENDLESS: Final = frozenset({"riverside", "canalside", "beach"})
"""Land uses whose water would end at the edge of a district."""


@dataclass(frozen=True, slots=True)
class GroundRequest:
    """A georeferenced scene of any size."""

    seed: int
    number: int
    height: int
    """In pixels."""

    width: int
    gsd: float
    """Metres per pixel."""


def lay_out_ground(request: GroundRequest) -> World:
    """Districts from the upper left corner, which is the origin, to the lower right one."""
    columns = math.ceil(request.width * request.gsd / _CELL)
    rows = math.ceil(request.height * request.gsd / _CELL)
    random = np.random.default_rng([request.seed, request.number, 10])
    canvas = Canvas(random, draw_sun(random))
    season = draw_season(random)
    names = [name for name in LAYOUTS if name not in _ENDLESS]
    shares = np.array([LAYOUTS[name].share for name in names])
    for row in range(rows):
        for column in range(columns):
            # A stream of its own: a district does not change with the size of the scene.
            own = np.random.default_rng([request.seed, request.number, 11, row, column])
            name = str(own.choice(names, p=shares / shares.sum()))
            _district(canvas, own, name, Plot(_CELL / 2 - _ROAD / 2, season), (row, column))
    canvas.random, canvas.base, canvas.site = random, Frame(), 0
    surface = roads.asphalt(random)
    right, bottom = columns * _CELL, rows * _CELL
    for row in range(rows + 1):
        line = roads.straight(0, row * _CELL, right, row * _CELL)
        roads.road(canvas, line, _ROAD, paint=surface, category="road")
    for column in range(columns + 1):
        line = roads.straight(column * _CELL, 0, column * _CELL, bottom)
        roads.road(canvas, line, _ROAD, paint=surface, category="road")
    return canvas.world("mosaic")


def _district(
    canvas: Canvas,
    random: np.random.Generator,
    name: str,
    plot: Plot,
    place: tuple[int, int],
) -> None:
    """Draw one land use into its cell, and cut off what reaches beyond it."""
    row, column = place
    middle = (column + 0.5) * _CELL, (row + 0.5) * _CELL
    canvas.random, canvas.site = random, 0
    canvas.base = Frame(*middle, int(random.integers(4)) * math.pi / 2)
    first = len(canvas.faces)
    LAYOUTS[name].draw(canvas, plot)
    cell = Area(
        middle[0] - plot.reach,
        middle[1] - plot.reach,
        middle[0] + plot.reach,
        middle[1] + plot.reach,
    )
    canvas.faces[first:] = [piece for face in canvas.faces[first:] for piece in _within(face, cell)]


def _within(face: Face, cell: Area) -> Iterator[Face]:
    """The face, or what of it lies in the cell."""
    low, high = face.points.min(axis=0), face.points.max(axis=0)
    if low[0] >= cell.x0 and low[1] >= cell.y0 and high[0] <= cell.x1 and high[1] <= cell.y1:
        yield face
        return
    if high[0] <= cell.x0 or high[1] <= cell.y0 or low[0] >= cell.x1 or low[1] >= cell.y1:
        return
    yield from clipped(face, shapely.box(cell.x0, cell.y0, cell.x1, cell.y1))


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A world with an index of where its faces and their shadows lie."""

    world: World
    low: np.ndarray
    """(N, 2): least x, y of each face with its shadow, in metres."""

    high: np.ndarray

    @classmethod
    def of(cls, world: World) -> Ground:
        """Measure every face of a world."""
        ends = [(face.points.min(axis=0), face.points.max(axis=0)) for face in world.faces]
        shifts = [world.sun.shift * face.height * face.casts for face in world.faces]
        low = np.array([np.minimum(a, a + s) for (a, _), s in zip(ends, shifts, strict=True)])
        high = np.array([np.maximum(b, b + s) for (_, b), s in zip(ends, shifts, strict=True)])
        return cls(world, low, high)

    def near(self, window: Window, margin: float) -> World:
        """The world with only what a window and so many metres around it can show."""
        first = np.array([window.x, window.y]) - margin
        last = np.array([window.x, window.y]) + margin
        last += np.array([window.width, window.height]) * window.gsd
        shown = np.all((self.high >= first) & (self.low <= last), axis=1)
        faces = tuple(self.world.faces[index] for index in np.flatnonzero(shown))
        return replace(self.world, faces=faces)
