"""Outlines with straight edges in a few directions, mostly at right angles.

An object has one to three directions, each with its perpendicular: the strongest of its edges, then
the strongest of those that are left. Neighbours whose first directions are nearly the same agree on
one. Each edge of the simplified outline becomes a line through the contour it stands for, turned to
the nearest direction; the lines' intersections are the new corners. What departs too far from the
contour is given up.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.features.edges import SHORT, Edges, corners_of, edges_of
from geoseg.features.placing import Geometries, Placing

_LEAST_IOU = 0.85
_MOST_CHANGE = 0.10
"""An outline is given up when less of it stays, or its area changes by a larger share."""

_ALIGNED = np.radians(15.0)
"""Edges within this of a direction or its perpendicular belong to it."""

_STRONG = 0.2
"""A further direction holds at least this share of the outline."""

_MOST_DIRECTIONS = 3

_STRAIGHT, _MAIN = 0.6, 0.4
"""Shares of the outline that must nearly have its directions, and the first of them, or there are
none in it: of a circle, which is simplified to a dozen edges, each direction holds a third."""

_AGREE, _NEAR_PX = np.radians(6.0), 100.0
"""Neighbours at most this far apart agree when their directions are within this angle."""

Floats = NDArray[np.float64]


def regularized(everything: Geometries, own: slice, placing: Placing) -> Geometries:
    """Some of the polygons in pixel coordinates straightened, those around them heard.

    None where a polygon is better left alone.
    """
    frames = [_frame(polygon, placing) for polygon in everything]
    edges = [
        edges_of(polygon.exterior, frame) for polygon, frame in zip(everything, frames, strict=True)
    ]
    known = zip(everything, edges, _agreed(everything, edges), frames, strict=True)
    straight = np.empty(own.stop - own.start, object)
    straight[:] = [_straightened(*facts) for facts in list(known)[own]]
    return straight


def _frame(polygon: shapely.Polygon, placing: Placing) -> Floats:
    """(2, 2) from pixel steps to lengths that are the same in all directions, pixel-sized."""
    left, top, right, bottom = polygon.bounds
    linear = placing.frame((left + right) / 2, (top + bottom) / 2)
    return np.asarray(linear / np.sqrt(abs(np.linalg.det(linear))))


def _agreed(polygons: Geometries, edges: list[Edges]) -> Floats:
    """The first direction of each polygon, after its neighbours had their say; in [0, π/2)."""
    own = np.array([_strongest(one.angles, one.lengths) for one in edges])
    weight = np.array([one.lengths.sum() for one in edges])
    one, other = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=_NEAR_PX)
    near = np.abs(_quarter(own[other] - own[one])) <= _AGREE
    votes = weight[other[near]] * np.exp(4j * own[other[near]])
    size = len(polygons)
    total = np.bincount(one[near], votes.real, size) + 1j * np.bincount(one[near], votes.imag, size)
    return np.asarray(np.angle(total) / 4 % (np.pi / 2))


def _straightened(
    polygon: shapely.Polygon, edges: Edges, first: float, frame: Floats
) -> shapely.Polygon | None:
    directions = _directions(edges, first)
    off = np.min([np.abs(_quarter(edges.angles - d)) for d in directions], axis=0)
    main = np.abs(_quarter(edges.angles - first)) <= _ALIGNED / 2
    length = edges.lengths.sum()
    if edges.lengths[main].sum() < _MAIN * length:
        return None
    if edges.lengths[off <= _ALIGNED / 2].sum() < _STRAIGHT * length:
        return None
    rings = []
    for ring in (polygon.exterior, *polygon.interiors):
        corners = corners_of(edges_of(ring, frame), directions)
        if corners is None:
            return None
        rings.append(corners @ np.linalg.inv(frame).T)
    straight = shapely.Polygon(rings[0], rings[1:])
    if not straight.is_valid or straight.is_empty:
        return None
    common = straight.intersection(polygon).area
    union = straight.area + polygon.area - common
    change = abs(straight.area / polygon.area - 1)
    return straight if common >= _LEAST_IOU * union and change <= _MOST_CHANGE else None


def _directions(edges: Edges, first: float) -> list[float]:
    """The directions of an outline, in [0, π/2), the strongest first."""
    directions = [first]
    left = (np.abs(_quarter(edges.angles - first)) > _ALIGNED) & (edges.lengths > SHORT)
    while len(directions) < _MOST_DIRECTIONS:
        share = edges.lengths[left].sum() / edges.lengths.sum()
        if share < _STRONG:
            break
        following = _strongest(edges.angles[left], edges.lengths[left])
        near = np.abs(_quarter(edges.angles - following)) <= _ALIGNED
        if edges.lengths[left & near].sum() < _STRONG * edges.lengths.sum():
            break
        directions.append(following)
        left &= ~near
    return directions


def _strongest(angles: Floats, lengths: Floats) -> float:
    """The direction modulo a right angle that most of the length has."""
    apart = np.abs(_quarter(angles[:, None] - angles[None, :])) <= _ALIGNED / 2
    best = int(np.argmax(apart @ lengths))
    votes = (lengths * np.exp(4j * angles))[apart[best]]
    return float(np.angle(votes.sum()) / 4 % (np.pi / 2))


def _quarter(angles: Floats) -> Floats:
    """Differences of directions modulo a right angle, in [−π/4, π/4)."""
    return np.asarray((angles + np.pi / 4) % (np.pi / 2) - np.pi / 4)
