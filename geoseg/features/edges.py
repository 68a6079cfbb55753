"""Rings as edges, and edges turned to given directions as corners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

TOLERANCE = 1.25
"""Pixels: how far a contour strays from the edge that stands for it, and from a line that two
edges share."""

TURN = np.radians(22.5)
"""Edges further than this from every direction keep their own."""

SHORT = 8.0
"""Pixels: up to this long, an edge must have a direction by half that angle, or it is the cut of a
corner."""

_FLAT = 0.1
"""Sine of the angle under which two lines are parallel."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The edges of one simplified ring, (n,) each, in order."""

    starts: Floats
    """(n, 2) where each edge begins."""

    middles: Floats
    """(n, 2) mean of the contour that the edge stands for, without its ends."""

    angles: Floats
    """Direction, radians."""

    lengths: Floats


def edges_of(ring: shapely.LinearRing, frame: Floats) -> Edges:
    """The edges of a ring, in the lengths of a frame (2, 2)."""
    contour = shapely.get_coordinates(ring)[:-1] @ frame.T
    # The point furthest from the middle is a corner; any other may lie within an edge.
    far = np.argmax(np.hypot(*(contour - contour.mean(0)).T))
    contour = np.concatenate([contour[far:], contour[: far + 1]])
    simple = shapely.LineString(contour).simplify(TOLERANCE, preserve_topology=False)
    starts = shapely.get_coordinates(simple)[:-1]
    if len(starts) < 3:
        starts = contour[:-1]
    place = {point: index for index, point in enumerate(map(tuple, contour[:-1].tolist()))}
    at = [place[point] for point in map(tuple, starts.tolist())] + [len(contour) - 1]
    steps = np.roll(starts, -1, axis=0) - starts
    return Edges(
        starts=starts,
        middles=np.array([_middle(contour[a : b + 1]) for a, b in pairwise(at)]),
        angles=np.arctan2(steps[:, 1], steps[:, 0]),
        lengths=np.hypot(*steps.T),
    )


def _middle(contour: Floats) -> Floats:
    """Mean position of a piece of contour (n, 2), without the fifth at each end, where it turns."""
    steps = np.diff(contour, axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])
    at = np.linspace(0.2, 0.8, 7) * along[-1]
    return np.array([np.interp(at, along, contour[:, axis]).mean() for axis in (0, 1)])


def corners_of(edges: Edges, directions: Sequence[float]) -> Floats | None:
    """(n, 2) corners of a ring whose edges are turned to directions; None if none are left."""
    lines = _joined(_turned(edges, directions))
    if len(lines) < 3:
        return None
    corners = [_meeting(*pair) for pair in zip([lines[-1], *lines[:-1]], lines, strict=True)]
    return np.array(corners)


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """An edge's line."""

    angle: float
    point: Floats
    start: Floats
    """Where the edge began."""
    length: float

    @property
    def along(self) -> Floats:
        return np.array([np.cos(self.angle), np.sin(self.angle)])

    def offset(self, other: _Line) -> float:
        """How far another line's point lies beside this line."""
        (x, y), (dx, dy) = self.along, other.point - self.point
        return float(x * dy - y * dx)


def _turned(edges: Edges, directions: Sequence[float]) -> list[_Line]:
    """The edges as lines in the nearest directions, without the cuts of corners."""
    lines = []
    for angle, point, start, length in zip(
        edges.angles.tolist(), edges.middles, edges.starts, edges.lengths.tolist(), strict=True
    ):
        off = min((_quarter(angle - direction) for direction in directions), key=abs)
        if abs(off) <= (TURN if length > SHORT else TURN / 2):
            lines.append(_Line(angle - off, point, start, length))
        elif length > SHORT:
            lines.append(_Line(angle, point, start, length))
    return lines


def _joined(lines: Sequence[_Line]) -> list[_Line]:
    """Neighbours that run the same way become one line, or get a step between them."""
    ring: list[_Line] = []
    for line in lines:
        if ring and _parallel(ring[-1], line):
            ring[-1:] = _pair(ring[-1], line)
        else:
            ring.append(line)
    if len(ring) > 2 and _parallel(ring[-1], ring[0]):
        last, first = ring.pop(), ring.pop(0)
        *step, first = _pair(last, first)
        ring = [first, *ring, *step]
    return ring


def _pair(one: _Line, other: _Line) -> list[_Line]:
    """Two parallel neighbours: merged when they nearly meet, else with a step between them."""
    if abs(one.offset(other)) <= TOLERANCE and np.cos(one.angle - other.angle) > 0:
        total = one.length + other.length
        point = (one.point * one.length + other.point * other.length) / total
        return [_Line(one.angle, point, one.start, total)]
    return [one, _Line(one.angle + np.pi / 2, other.start, other.start, 0.0), other]


def _parallel(one: _Line, other: _Line) -> bool:
    return bool(abs(np.sin(one.angle - other.angle)) < _FLAT)


def _meeting(one: _Line, other: _Line) -> Floats:
    """Where two lines cross."""
    (x, y), (u, v) = one.along, other.along
    turn = x * v - y * u
    dx, dy = other.point - one.point
    return np.asarray(one.point + (dx * v - dy * u) / turn * one.along)


def _quarter(angle: float) -> float:
    """A difference of directions modulo a right angle, in [−π/4, π/4)."""
    return (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
