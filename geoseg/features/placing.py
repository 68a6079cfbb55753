"""From pixels to the ground, and areas there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from shapely import MultiPolygon, Polygon

from geoseg.ellipsoid import ring_areas
from geoseg.errors import SceneError
from geoseg.grid import Grid

_CHORD_PX = 256.0
"""Edges are measured and reprojected in pieces of at most this length, in pixels: a straight line
on the map is not a geodesic."""

_TURN = 0.5
"""Of an edge, or of a piece of it that is measured, at most so many degrees of longitude: near a
pole even a short line on the map crosses many meridians, and follows no parallel."""

Geometries = NDArray[Any]
"""1-D object array of shapely polygons."""

_Starts = NDArray[np.integer[Any]]
"""Where each ring begins among the vertices of all, and where the last one ends."""


class Placing:
    """From pixels to the ground: one scene's transform and CRS, and the output's CRS."""

    def __init__(self, grid: Grid, crs: str | None = None) -> None:
        scene_crs = CRS.from_wkt(grid.crs)
        self._transform = grid.transform
        self._unit = float(scene_crs.axis_info[0].unit_conversion_factor)
        self._degrees = self._unit * 180 / np.pi if scene_crs.is_geographic else 0.0
        self._geod: Geod | None = scene_crs.get_geod()
        self._to_degrees: Transformer | None = None
        if self._geod is not None:
            # Same ellipsoid, degrees, no change of datum: an area needs no grids to be measured.
            degrees = CRS.from_dict({"proj": "longlat", "a": self._geod.a, "b": self._geod.b})
            self._to_degrees = _transformer(scene_crs, degrees)
        self._to_output: Transformer | None = None
        if crs is not None and CRS.from_wkt(crs) != scene_crs:
            self._to_output = _transformer(scene_crs, CRS.from_wkt(crs))

    def to_pixels(self, area: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
        """An area of the scene's CRS in (column, row) of pixel corners."""
        pixels: Polygon | MultiPolygon = shapely.transform(
            area, lambda points: _affine(~self._transform, points)
        )
        shapely.prepare(pixels)
        return pixels

    def areas(self, pixels: Geometries) -> NDArray[np.float64]:
        """Areas of polygons in pixel coordinates, in m² on the ellipsoid.

        A CRS without an ellipsoid, such as a construction site's, is measured in its plane.
        """
        if self._geod is None or self._to_degrees is None:
            plane = abs(self._transform.determinant) * self._unit**2
            return np.asarray(shapely.area(pixels), np.float64) * plane
        if not len(pixels):
            return np.zeros(0)
        rings: _Starts
        _, points, (rings, polygons) = shapely.to_ragged_array(pixels)
        chords = np.ceil(_edges(points, rings) / _CHORD_PX).astype(np.int64)
        points, rings = _cut(points, rings, np.maximum(chords, 1))
        degrees = _projected(self._to_degrees, _affine(self._transform, points))
        pieces = _pieces(degrees, rings)
        if (pieces > 1).any():
            points, rings = _cut(points, rings, pieces)
            degrees = _projected(self._to_degrees, _affine(self._transform, points))
        sizes = ring_areas(degrees, rings, self._geod)
        # Of each polygon's rings the first is its outside, the others are holes.
        outer = np.zeros(len(sizes), bool)
        outer[polygons[:-1]] = True
        signed = np.where(outer, sizes, -sizes)
        areas: NDArray[np.float64] = np.add.reduceat(signed, polygons[:-1])
        return areas

    def frame(self, column: float, row: float) -> NDArray[np.float64]:
        """(2, 2) what a pixel at a place is on the ground: maps (column, row) steps to lengths.

        Lengths share a unit that is not the metre; degrees are shortened with the latitude.
        """
        t = self._transform
        linear = np.array([[t.a, t.b], [t.d, t.e]])
        if self._degrees:
            latitude = np.radians(t.d * column + t.e * row + t.f) * self._degrees
            linear[0] *= max(float(np.cos(latitude)), 0.01)
        return linear

    def ground(self, pixels: Geometries) -> Geometries:
        """Polygons in the output's CRS, exteriors counter-clockwise."""
        if self._to_output is None:
            placed = shapely.transform(pixels, lambda points: _affine(self._transform, points))
        else:
            to_output = self._to_output
            placed = shapely.transform(
                _dense(pixels),
                lambda points: _projected(to_output, _affine(self._transform, points)),
            )
        # A transform with a negative determinant, the usual one, turns rings around.
        oriented: Geometries = shapely.orient_polygons(placed)
        return oriented


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    """PROJ takes some 10 ms to find one, and many scenes share a CRS."""
    return Transformer.from_crs(source, target, always_xy=True)


def _dense(pixels: Geometries) -> Geometries:
    """The polygons, with vertices in between where an edge is long."""
    if not len(pixels):
        return pixels
    rings: _Starts
    _, points, (rings, polygons) = shapely.to_ragged_array(pixels)
    far = np.flatnonzero(_edges(points, rings) > _CHORD_PX)
    large = np.unique(np.searchsorted(rings[polygons[1:]], far, side="right"))
    if not len(large):
        return pixels
    dense = pixels.copy()
    dense[large] = shapely.segmentize(pixels[large], _CHORD_PX)
    return dense


def _edges(points: NDArray[np.float64], rings: _Starts) -> NDArray[np.float64]:
    """(n,) the length of the edge after each vertex; a ring's last vertex has none."""
    lengths = np.append(np.hypot(*np.diff(points, axis=0).T), 0.0)
    lengths[rings[1:] - 1] = 0.0
    return lengths


def _pieces(degrees: NDArray[np.float64], rings: _Starts) -> NDArray[np.int64]:
    """(n,) in how many pieces the edge after each vertex is to be cut; a ring's last has none."""
    turns = np.append(np.abs(np.remainder(np.diff(degrees[:, 0]) + 180, 360) - 180), 0.0)
    turns[rings[1:] - 1] = 0.0
    return np.maximum(np.ceil(turns / _TURN), 1).astype(np.int64)


def _cut(
    points: NDArray[np.float64], rings: _Starts, pieces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], _Starts]:
    """The vertices with new ones at even distances on edges, and where rings begin then."""
    if not (pieces > 1).any():
        return points, rings
    ends = np.cumsum(pieces)
    edges = np.repeat(np.arange(len(points)), pieces)
    share = (np.arange(ends[-1]) - (ends - pieces)[edges]) / pieces[edges]
    along = np.diff(points, axis=0, append=points[-1:])
    cut = points[edges] + share[:, np.newaxis] * along[edges]
    return cut, np.append(0, ends)[rings]


def _affine(transform: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map (n, 2) points (column, row) → (x, y)."""
    cols, rows = points[:, 0], points[:, 1]
    t = transform
    return np.column_stack([t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f])


def _projected(transformer: Transformer, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map (n, 2) points from one CRS to another."""
    try:
        moved = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
    except ProjError as error:
        raise SceneError(f"The result cannot be reprojected: {error}.") from error
    if not np.isfinite(moved).all():
        x, y = points[~np.isfinite(moved).all(axis=1)][0]
        raise SceneError(
            f"The place ({x:.6g}, {y:.6g}) of the scene's CRS has no position in "
            f"{transformer.target_crs.name if transformer.target_crs else 'the output CRS'}.",
            hint="Choose another --dst-crs, or check the scene's own CRS and transform.",
        )
    return moved
