"""What of each item can be seen, as polygons: exact, whatever the size of a pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from training.synth.shapes import Area
from training.synth.world import Face, Item, World


@dataclass(frozen=True, slots=True, eq=False)
class Visible:
    """An item and its visible outline, in metres."""

    item: Item
    geometry: Geometry
    """Polygon or MultiPolygon, valid, not empty."""


def visible(world: World, extent: Area) -> Iterator[Visible]:
    """Every item that can be seen within an extent, by number."""
    faces = [face for face in world.faces if not face.hidden]
    outlines = np.array([shapely.Polygon(face.points) for face in faces], object)
    broken = ~shapely.is_valid(outlines)
    outlines[broken] = [_areal(shapely.make_valid(each)) for each in outlines[broken]]
    pieces: dict[int, list[Geometry]] = {}
    for face, piece in zip(faces, _uncovered(outlines, faces), strict=True):
        for number in (face.thing, face.part, face.site):
            if number and not piece.is_empty:
                pieces.setdefault(number, []).append(piece)
    frame = shapely.box(extent.x0, extent.y0, extent.x1, extent.y1)
    for number in sorted(pieces):
        whole = _areal(shapely.intersection(shapely.union_all(pieces[number]), frame))
        if not whole.is_empty:
            yield Visible(world.item(number), whole)


def _uncovered(outlines: np.ndarray, faces: Sequence[Face]) -> Iterator[Geometry]:
    """Each outline without what later faces of other items cover of it."""
    tree = STRtree(outlines)
    below, above = tree.query(outlines, predicate="intersects")
    order = np.lexsort((above, below))
    below, above = below[order], above[order]
    starts = np.searchsorted(below, np.arange(len(outlines) + 1))
    for index, outline in enumerate(outlines):
        over = above[starts[index] : starts[index + 1]]
        mine = _shown(faces[index])
        over = [other for other in over if other > index and _shown(faces[other]) != mine]
        yield (
            _areal(shapely.difference(outline, shapely.union_all(outlines[over])))
            if over
            else outline
        )


def _shown(face: Face) -> tuple[int, int, int]:
    return face.thing, face.part, face.site


def _areal(geometry: Geometry) -> Geometry:
    """The polygons of a geometry, without lines and points."""
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.Polygon)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
