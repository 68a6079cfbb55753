"""Outlines to paint: rectangles, discs, bands along a line, crowns of trees."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry as Geometry

from training.synth.world import Face, Points

Outlines = NDArray[np.float64]
"""(K, N, 2): as many polygons of N corners each."""


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Corners of an upright rectangle."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def box(length: float, width: float, x: float = 0.0, y: float = 0.0) -> Points:
    """A rectangle by its size, along x and y, and its centre."""
    return rectangle(x - length / 2, y - width / 2, x + length / 2, y + width / 2)


def ellipse(rx: float, ry: float, x: float = 0.0, y: float = 0.0, *, corners: int = 0) -> Points:
    """An ellipse; without `corners`, as many as its size asks for."""
    n = corners or int(np.clip(12 + 2 * max(rx, ry), 12, 64))
    turn = np.arange(n) * (2 * math.pi / n)
    return np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1)


def disc(radius: float, x: float = 0.0, y: float = 0.0, *, corners: int = 0) -> Points:
    """A circle."""
    return ellipse(radius, radius, x, y, corners=corners)


def arc_band(
    inner: float, outer: float, start: float, end: float, x: float = 0.0, y: float = 0.0
) -> Points:
    """The piece of a ring between two angles in radians."""
    n = max(3, int(abs(end - start) * 10))
    turn = np.linspace(start, end, n)
    ray = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    outline: Points = np.concatenate([ray * outer, ray[::-1] * inner])
    outline += np.array([x, y])
    return outline


def blob(radius: float, random: np.random.Generator, *, rough: float = 0.18) -> Points:
    """A roundish outline around the origin, as crowns and ponds have it."""
    return np.asarray(blobs(np.array([radius]), random, rough=rough)[0])


def blobs(radii: NDArray[np.float64], random: np.random.Generator, *, rough: float) -> Outlines:
    """Roundish outlines around the origin, (K, N, 2), of as many corners as the largest needs."""
    n = min(48, max(8, int(7 + radii.max())))
    reach = 1 + rough * random.standard_normal((len(radii), n))
    around = np.concatenate([reach[:, -1:], reach, reach[:, :1]], axis=1)
    reach = (around[:, :-2] + 2 * reach + around[:, 2:]) / 4
    outlines: Outlines = _rays(n) * (radii[:, None] * reach)[..., None]
    return outlines


@cache
def _rays(count: int) -> Points:
    """Directions all around, of length 1."""
    turn = np.arange(count) * (2 * math.pi / count)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def band(line: Points, width: float | Points) -> Points:
    """The strip around an open line; `width` is one for all or one for each point."""
    ahead = np.gradient(line, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * (np.reshape(width, (-1, 1)) / 2)
    return np.concatenate([line + aside, (line - aside)[::-1]])


def shifted(line: Points, by: float) -> Points:
    """A line parallel to another, `by` metres to its right."""
    ahead = np.gradient(line, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    return line + np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * by


def wave(reach: float, random: np.random.Generator, *, bend: float) -> Points:
    """A gently winding line from x = -reach to x = reach, at most about `bend` off the axis."""
    x = np.linspace(-reach, reach, 41)
    y = np.zeros_like(x)
    for cycles in (0.5, 1.1):
        y += np.sin(x / reach * math.pi * cycles + random.uniform(0, 6.3)) / (1 + cycles)
    return np.stack([x, bend * (y - y[len(y) // 2])], axis=1)


def clipped(face: Face, area: Geometry) -> Iterator[Face]:
    """The pieces of a face that lie in an area, (multi)polygon; their holes are filled."""
    whole = shapely.make_valid(shapely.Polygon(face.points))
    for piece in shapely.get_parts(shapely.intersection(whole, area)):
        if isinstance(piece, shapely.Polygon) and not piece.is_empty:
            yield replace(face, points=shapely.get_coordinates(piece.exterior)[:-1])


@dataclass(frozen=True, slots=True)
class Area:
    """An upright rectangle of ground to build on, in metres."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Along x."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Along y."""
        return self.y1 - self.y0

    @property
    def center(self) -> tuple[float, float]:
        """x, y."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def points(self) -> Points:
        """Its corners."""
        return rectangle(self.x0, self.y0, self.x1, self.y1)

    def inset(self, by: float) -> Area:
        """Smaller by a margin on each side."""
        return Area(self.x0 + by, self.y0 + by, self.x1 - by, self.y1 - by)

    def grid(self, columns: int, rows: int) -> list[Area]:
        """Equal cells, row by row."""
        xs = np.linspace(self.x0, self.x1, columns + 1)
        ys = np.linspace(self.y0, self.y1, rows + 1)
        return [
            Area(float(xs[i]), float(ys[j]), float(xs[i + 1]), float(ys[j + 1]))
            for j in range(rows)
            for i in range(columns)
        ]

    def cut_x(self, at: float) -> tuple[Area, Area]:
        """What lies left and right of x = at."""
        return Area(self.x0, self.y0, at, self.y1), Area(at, self.y0, self.x1, self.y1)

    def cut_y(self, at: float) -> tuple[Area, Area]:
        """What lies above and below y = at."""
        return Area(self.x0, self.y0, self.x1, at), Area(self.x0, at, self.x1, self.y1)

    def somewhere(self, random: np.random.Generator, margin: float = 0.0) -> tuple[float, float]:
        """A random point, a margin away from the edge where there is room."""
        return (
            _between(self.x0, self.x1, margin, random),
            _between(self.y0, self.y1, margin, random),
        )


def _between(low: float, high: float, margin: float, random: np.random.Generator) -> float:
    inset = min(margin, (high - low) / 2)
    # Where the margin leaves one point, rounding may put its upper end below its lower one.
    return float(random.uniform(low + inset, max(low + inset, high - inset)))
