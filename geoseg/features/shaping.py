"""How outlines are shaped before they are measured: fewer vertices, right angles, fewer holes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.errors import InstructionError
from geoseg.features.outlines import NOBODY, Neighbours
from geoseg.features.placing import Geometries, Placing
from geoseg.features.regularize import regularized

_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
"""Odd numbers without a pattern: so multiplied, two coordinates make one mark."""

_HALF = np.uint64(32)
"""Bits. The lower half of a coordinate's bits is mostly 0, the upper has something of all."""

SIMPLIFY_PX = 0.25
"""Largest distance a vertex may move, in pixels. At 0.5 px a house would lose 3 % of its area."""


@dataclass(frozen=True, slots=True)
class Shaping:
    """What becomes of a target's outlines, and which are kept.

    Raises InstructionError for a number out of range.
    """

    simplify_px: float = SIMPLIFY_PX
    """Largest distance a vertex may move, in pixels; 0 keeps every vertex. Edges that outlines have
    in common stay in common."""

    regularize: bool = False
    """Whether outlines become straight edges in a few directions, mostly right angles. An outline
    that this would change much stays as it was."""

    pixel_edges: bool = False
    """Whether outlines follow the edges of mask cells exactly, neither simplified nor straightened;
    to be given to `polygonize` too."""

    fill_holes_m2: float = 0.0
    """Holes smaller than this are filled, in m²."""

    min_area_m2: float = 0.0
    """Smaller features are left out, in m²."""

    max_area_m2: float = math.inf
    """Larger features are left out, in m²."""

    def __post_init__(self) -> None:
        for name, value in (
            ("tolerance of simplification", self.simplify_px),
            ("area of holes to fill", self.fill_holes_m2),
            ("smallest area", self.min_area_m2),
            ("largest area", self.max_area_m2),
        ):
            if not value >= 0:
                raise InstructionError(f"The {name} cannot be negative, got {value}.")
        if self.max_area_m2 < self.min_area_m2:
            raise InstructionError(
                f"Nothing has at least {self.min_area_m2} m² and at most {self.max_area_m2} m².",
                hint="Make the largest area larger than the smallest.",
            )


USUAL = Shaping()
"""The usual shaping."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Polygons in pixel coordinates among those around them, which may touch them."""

    everything: Geometries
    """In the order in which they were finished, the same for every batch."""

    own: slice
    """The batch itself."""

    others: Neighbours = NOBODY
    """What else has vertices in common with polygons of the batch."""

    @property
    def pixels(self) -> Geometries:
        """The batch's polygons."""
        return self.everything[self.own]


def shaped(batch: Batch, shaping: Shaping, placing: Placing) -> Geometries:
    """Shape the polygons of a batch."""
    if shaping.pixel_edges:
        return _filled(batch.pixels, shaping.fill_holes_m2, placing)
    pixels = _simplified(batch, shaping.simplify_px)
    if shaping.regularize:
        straight = regularized(batch.everything, batch.own, placing)
        pixels = np.where(shapely.is_missing(straight), pixels, straight)
    return _filled(pixels, shaping.fill_holes_m2, placing)


def _simplified(batch: Batch, tolerance: float) -> Geometries:
    """Fewer vertices; a polygon that would break or lose a hole stays as it was."""
    pixels = batch.pixels
    if tolerance <= 0:
        return pixels
    simple = shapely.simplify(pixels, tolerance, preserve_topology=False)
    own, other = _touching(batch)
    touching = np.union1d(own, np.flatnonzero(batch.others.met))
    if len(touching):
        # A polygon needs its neighbours beside it for their common edges to come out the same.
        # And all in the same order: an edge is simplified as the first that has it runs along it.
        members = np.union1d(touching + batch.own.start, other)
        before, after = np.split(batch.others.polygons, [batch.others.before])
        coverage = shapely.coverage_simplify(
            np.concatenate([before, batch.everything[members], after]), tolerance
        )
        own_places = len(before) + np.searchsorted(members, touching + batch.own.start)
        simple[touching] = coverage[own_places]
    good = (
        shapely.is_valid(simple)
        & ~shapely.is_empty(simple)
        & (shapely.get_type_id(simple) == shapely.GeometryType.POLYGON)
        & (shapely.get_num_interior_rings(simple) == shapely.get_num_interior_rings(pixels))
    )
    kept: Geometries = np.where(good, simple, pixels)
    return kept


def _touching(batch: Batch) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (place in the batch, place in everything) of polygons that touch."""
    sharing = _with_common_vertices(batch.everything)
    mine, theirs = np.flatnonzero(sharing[batch.own]), np.flatnonzero(sharing)
    own, other = shapely.STRtree(batch.everything[theirs]).query(batch.pixels[mine])
    own, other = mine[own], theirs[other]
    near = own + batch.own.start != other
    own, other = own[near], other[near]
    meeting = shapely.touches(batch.pixels[own], batch.everything[other])
    return own[meeting], other[meeting]


def _with_common_vertices(polygons: Geometries) -> NDArray[np.bool_]:
    """Which polygons may have a vertex in common with another.

    Most have none, and to look for equal numbers is faster than to compare outlines. Now and then
    different vertices make the same number.
    """
    points, owners = shapely.get_coordinates(polygons, return_index=True)
    marks = np.zeros(len(points), np.uint64)
    for values, factor in zip(points.T, _MIX, strict=True):
        bits = (values + 0.0).view(np.uint64)  # 0 has but one sign
        marks += (bits ^ bits >> _HALF) * factor
    # The owner takes the place of the lowest bits, so that what is equal but for them stands side
    # by side when it is sorted.
    low = np.uint64((1 << len(polygons).bit_length()) - 1)
    numbers = np.sort(marks & ~low | owners.astype(np.uint64))
    differing = numbers[1:] ^ numbers[:-1]
    common = np.flatnonzero((differing != 0) & (differing <= low))
    sharing = np.zeros(len(polygons), np.bool_)
    sharing[numbers[common] & low] = sharing[numbers[common + 1] & low] = True
    return sharing


def _filled(pixels: Geometries, least_m2: float, placing: Placing) -> Geometries:
    """Without the holes smaller than an area on the ground."""
    pierced = np.flatnonzero(shapely.get_num_interior_rings(pixels) > 0)
    if least_m2 <= 0 or not len(pierced):
        return pixels
    filled = pixels.copy()
    for index in pierced:
        holes = np.array(pixels[index].interiors, object)
        areas = placing.areas(np.asarray(shapely.polygons(holes), object))
        kept = holes[areas >= least_m2]
        filled[index] = shapely.Polygon(pixels[index].exterior, list(kept))
    return filled
