"""Contours: a field becomes polygons at sub-pixel positions, strip by strip.

Only outlines and sums of what is still open below the last strip are kept, so memory does not
grow with the scene's height. Neither the points of a polygon nor its first point depend on where
strips begin.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geoseg.contours.chains import Chain, link
from geoseg.contours.marching import NOTHING, Lattice, trace
from geoseg.contours.shapes import Assembly, Shape
from geoseg.fuse import Field, Strip

__all__ = ["Shape", "polygonize"]


def polygonize(field: Field) -> Iterator[Shape]:
    """The polygons of a field, each as soon as it is complete, in scene pixels.

    Outlines follow the level between cell centres by linear interpolation. At the end of the
    coverage and at the scene's edge they follow the cells' edges. Cells that touch by a corner
    are joined when the mean of the four cells around it is foreground.
    """
    lattice = Lattice(field.scene.height, field.scene.width, field.stride)
    assembly = Assembly()
    chains: list[Chain] = []
    last = np.full(field.grid.width + 2, NOTHING, np.int32)
    row = -1
    for strip in _with_margin(field):
        values = _values(last, strip)
        last = values[-1]
        outline = trace(values, field.level, row, lattice)
        rings, chains = link(outline, chains)
        yield from assembly.push(outline, rings, strip)
        row += len(values) - 1


def _with_margin(field: Field) -> Iterator[Strip | None]:
    yield from field.strips()
    yield None


def _values(above: NDArray[np.int32], strip: Strip | None) -> NDArray[np.int32]:
    """(h + 1, W + 2): the row above, then the strip's samples, `NOTHING` where nobody looked."""
    height = 1 if strip is None else len(strip.samples)
    values = np.full((height + 1, len(above)), NOTHING, np.int32)
    values[0] = above
    if strip is not None:
        np.copyto(values[1:, 1:-1], strip.samples, where=strip.coverage)
    return values
