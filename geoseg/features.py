"""Shapes in pixels become features on the ground: simplified, clipped, measured, reprojected.

Everything that compares geometries happens in pixel space, where neighbouring polygons share exact
coordinates; the affine transform comes once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from shapely import MultiPolygon, Polygon

from geoseg.contours import Shape
from geoseg.dialogue import Target
from geoseg.ellipsoid import ring_areas
from geoseg.errors import SceneError
from geoseg.grid import Grid

SIMPLIFY_PX = 0.25
"""Largest distance a vertex may move, in pixels. At 0.5 px a house would lose 3 % of its area."""

_BATCH = 512
"""Shapes handled at once: enough to keep the work in C, few enough to weigh nothing."""

_CHORD_PX = 256.0
"""Edges are measured and reprojected in pieces of at most this length, in pixels: a straight line
on the map is not a geodesic."""

_CLUTTER_PX2 = 1e-6
"""Pieces of a cut smaller than this, in square pixels, are rounding and not ground."""

Geometries = NDArray[Any]
"""1-D object array of shapely polygons."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One polygon on the ground, with what is known about it."""

    geometry: Polygon
    """Valid; exterior counter-clockwise; in the output's CRS."""

    target: Target

    score: float
    """Mean foreground probability × [SEG] probability over the tiles that found it, 0 to 1."""

    agreement: float
    """Of the tiles that saw the place, the share that found it: area-weighted mean, 0 to 1."""

    n_seen: int
    """Tiles that saw it."""

    n_found: int
    """Tiles that found it."""

    area_m2: float
    """Geodesic area, on the ellipsoid of the scene's CRS."""

    touches_edge: bool
    """Whether it is cut by the scene's edge, the area of interest, or ground nobody looked at."""


def features(
    shapes: Iterable[Shape],
    target: Target,
    grid: Grid,
    *,
    simplify_px: float = SIMPLIFY_PX,
    min_area_m2: float = 0.0,
    clip: Polygon | MultiPolygon | None = None,
    crs: str | None = None,
) -> Iterator[Feature]:
    """Turn one target's shapes into features, in batches of bounded size.

    `clip` is an area in the scene's CRS: what lies outside is cut away, and a shape cut in several
    pieces becomes several features. `crs` is the output's (WKT); None keeps the scene's. Features
    smaller than `min_area_m2` are left out. Raises SceneError where the ground cannot be placed in
    the CRS.
    """
    placing = Placing(grid, crs)
    inside = None if clip is None else placing.to_pixels(clip)
    pending = iter(shapes)
    while batch := list(islice(pending, _BATCH)):
        pixels = _simplified(np.array([shape.polygon for shape in batch], object), simplify_px)
        pixels, owners, cut = _clipped(pixels, inside)
        areas = placing.areas(pixels)
        kept = areas >= min_area_m2
        pieces, ids = _on_ground(placing, pixels[kept])
        rows = zip(
            pieces,
            owners[kept][ids],
            cut[kept][ids],
            _shares(pieces, ids, areas[kept]),
            strict=True,
        )
        for geometry, owner, was_cut, area in rows:
            shape = batch[owner]
            yield Feature(
                geometry,
                target,
                shape.score,
                shape.agreement,
                shape.n_seen,
                shape.n_found,
                float(area),
                bool(shape.touches_edge or was_cut),
            )


class Placing:
    """From pixels to the ground: one scene's transform and CRS, and the output's CRS."""

    def __init__(self, grid: Grid, crs: str | None = None) -> None:
        scene_crs = CRS.from_wkt(grid.crs)
        self._transform = grid.transform
        self._unit = float(scene_crs.axis_info[0].unit_conversion_factor)
        self._geod: Geod | None = scene_crs.get_geod()
        self._to_degrees: Transformer | None = None
        if self._geod is not None:
            # Same ellipsoid, degrees, no change of datum: an area needs no grids to be measured.
            degrees = CRS.from_dict({"proj": "longlat", "a": self._geod.a, "b": self._geod.b})
            self._to_degrees = Transformer.from_crs(scene_crs, degrees, always_xy=True)
        self._to_output: Transformer | None = None
        if crs is not None and CRS.from_wkt(crs) != scene_crs:
            self._to_output = Transformer.from_crs(scene_crs, CRS.from_wkt(crs), always_xy=True)

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
        _, points, (rings, polygons) = shapely.to_ragged_array(_dense(pixels))
        degrees = _projected(self._to_degrees, _affine(self._transform, points))
        sizes = ring_areas(degrees, rings, self._geod)
        # Of each polygon's rings the first is its outside, the others are holes.
        outer = np.zeros(len(sizes), bool)
        outer[polygons[:-1]] = True
        signed = np.where(outer, sizes, -sizes)
        areas: NDArray[np.float64] = np.add.reduceat(signed, polygons[:-1])
        return areas

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


def _dense(pixels: Geometries) -> Geometries:
    """The polygons, with vertices in between where an edge is long."""
    points, owners = shapely.get_coordinates(pixels, return_index=True)
    # From one ring of a polygon to its next is no edge, but no harm either.
    far = np.hypot(*np.diff(points, axis=0).T) > _CHORD_PX
    large = np.unique(owners[1:][far & (owners[1:] == owners[:-1])])
    if not len(large):
        return pixels
    dense = pixels.copy()
    dense[large] = shapely.segmentize(pixels[large], _CHORD_PX)
    return dense


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


def _simplified(pixels: Geometries, tolerance: float) -> Geometries:
    """Fewer vertices; a polygon that would break or lose a hole stays as it was."""
    if tolerance <= 0 or not len(pixels):
        return pixels
    simple = shapely.simplify(pixels, tolerance, preserve_topology=False)
    good = (
        shapely.is_valid(simple)
        & ~shapely.is_empty(simple)
        & (shapely.get_type_id(simple) == shapely.GeometryType.POLYGON)
        & (shapely.get_num_interior_rings(simple) == shapely.get_num_interior_rings(pixels))
    )
    kept: Geometries = np.where(good, simple, pixels)
    return kept


def _clipped(
    pixels: Geometries, inside: Polygon | MultiPolygon | None
) -> tuple[Geometries, NDArray[np.intp], NDArray[np.bool_]]:
    """(pieces inside the area, which polygon each came from, whether it was cut)."""
    owners = np.arange(len(pixels))
    if inside is None:
        return pixels, owners, np.zeros(len(pixels), bool)
    cut = ~shapely.covers(inside, pixels)
    pixels = pixels.copy()
    pixels[cut] = shapely.intersection(pixels[cut], inside)
    pieces, ids = _polygons(pixels)
    solid = ~cut[ids] | (shapely.area(pieces) > _CLUTTER_PX2)
    return pieces[solid], owners[ids][solid], cut[ids][solid]


def _on_ground(placing: Placing, pixels: Geometries) -> tuple[Geometries, NDArray[np.intp]]:
    """(valid polygons in the output's CRS, which polygon each came from)."""
    placed = placing.ground(pixels)
    broken = ~shapely.is_valid(placed)
    if broken.any():
        # Rounding far from the origin can let two vertices of a thin neck change places.
        placed[broken] = shapely.make_valid(placed[broken])
    pieces, ids = _polygons(placed)
    return np.asarray(shapely.orient_polygons(pieces), object), ids


def _polygons(geometries: Geometries) -> tuple[Geometries, NDArray[np.intp]]:
    """(the polygons inside any geometries, which geometry each came from)."""
    parts, ids = shapely.get_parts(geometries, return_index=True)
    nested = shapely.get_type_id(parts) == shapely.GeometryType.MULTIPOLYGON
    if nested.any():
        inner, inner_ids = shapely.get_parts(parts, return_index=True)
        parts, ids = inner, ids[inner_ids]
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    areal &= ~shapely.is_empty(parts)
    return parts[areal], ids[areal]


def _shares(
    pieces: Geometries, ids: NDArray[np.intp], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The area of each piece: its whole's, shared out where the whole came apart."""
    if len(pieces) == len(areas):
        return areas
    plane = np.asarray(shapely.area(pieces), np.float64)
    wholes = np.bincount(ids, plane, minlength=len(areas))
    shared: NDArray[np.float64] = areas[ids] * plane / wholes[ids]
    return shared
