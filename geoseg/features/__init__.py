"""Shapes in pixels become features on the ground: shaped, clipped, measured, reprojected.

Everything that compares geometries happens in pixel space, where neighbouring polygons share exact
coordinates; the affine transform comes once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geoseg.contours import Shape
from geoseg.dialogue import Target
from geoseg.features.outlines import Outlines, Traced
from geoseg.features.placing import Geometries, Placing
from geoseg.features.shaping import SIMPLIFY_PX, USUAL, Batch, Shaping, shaped
from geoseg.grid import Grid

__all__ = ["SIMPLIFY_PX", "Feature", "Outlines", "Placing", "Shaping", "Traced", "features"]

_BATCH = 512
"""Shapes handled at once: enough to keep the work in C, few enough to weigh nothing."""

_CLUTTER_PX2 = 1e-6
"""Pieces of a cut smaller than this, in square pixels, are rounding and not ground."""


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
    shapes: Iterable[Shape] | Traced,
    target: Target,
    grid: Grid,
    *,
    shaping: Shaping = USUAL,
    clip: Polygon | MultiPolygon | None = None,
    crs: str | None = None,
) -> Iterator[Feature]:
    """Turn one target's shapes into features, in batches of bounded size.

    Shapes that were traced together with those of others keep the edges that they share with them.
    `clip` is an area in the scene's CRS: what lies outside is cut away, and a shape cut in several
    pieces becomes several features. `crs` is the output's (WKT); None keeps the scene's. Features
    of another size than `shaping` asks for are left out. Raises SceneError where the ground cannot
    be placed in the CRS.
    """
    placing = Placing(grid, crs)
    inside = None if clip is None else placing.to_pixels(clip)
    for batch, pixels in _in_batches(shapes, shaping, placing):
        pixels, owners, cut = _clipped(pixels, inside)
        areas = placing.areas(pixels)
        kept = (areas >= shaping.min_area_m2) & (areas <= shaping.max_area_m2)
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


def _in_batches(
    shapes: Iterable[Shape] | Traced, shaping: Shaping, placing: Placing
) -> Iterator[tuple[list[Shape], Geometries]]:
    """Shapes and what `shaping` makes of them, seen together with the batches around.

    What was traced with others is seen together with whatever has vertices in common with it.
    """
    pending = iter(shapes.shapes() if isinstance(shapes, Traced) else shapes)
    before, following, count = _outlines([]), list(islice(pending, _BATCH)), 0
    while batch := following:
        following = list(islice(pending, _BATCH))
        own = slice(len(before), len(before) + len(batch))
        everything = np.concatenate([before, _outlines(batch), _outlines(following)])
        seen = Batch(everything, own)
        if isinstance(shapes, Traced):
            known = slice(count - len(before), count - len(before) + len(everything))
            seen = Batch(everything, own, shapes.around(seen.pixels, known))
        yield batch, shaped(seen, shaping, placing)
        before, count = everything[own], count + len(batch)


def _outlines(shapes: list[Shape]) -> Geometries:
    return np.array([shape.polygon for shape in shapes], object)


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
