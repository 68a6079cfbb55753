"""Contours: a field becomes polygons at sub-pixel positions, strip by strip.

Only outlines and sums of what is still open below the last strip are kept, so memory does not
grow with the scene's height. Neither the points of a polygon nor its first point depend on where
strips begin.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoseg.contours import chains, marching, shapes
from geoseg.contours.chains import Chain, Order
from geoseg.contours.lattice import NOTHING, Floats, Ints, Lattice, Rows, Trace
from geoseg.contours.shapes import Assembly, Shape, SumUp, without_steps
from geoseg.fuse import Field, Strip

__all__ = ["Shape", "polygonize"]

_log = logging.getLogger(__name__)

_LARGE = 2**24
"""Cells from which compiled loops pay for loading them."""


@dataclass(frozen=True, slots=True)
class _Loops:
    """Who does the work on cells and nodes: NumPy or compiled code, with the same result."""

    trace: Callable[[Rows, int, int, Lattice], Trace]
    order: Callable[[Floats, Ints], Order]
    sum_up: SumUp


def polygonize(
    field: Field, *, pixel_edges: bool = False, compiled: bool | None = None
) -> Iterator[Shape]:
    """The polygons of a field, each as soon as it is complete, in scene pixels.

    Outlines follow the level between cell centres by linear interpolation. At the end of the
    coverage and at the scene's edge they follow the cells' edges. Cells that touch by a corner
    are joined when the mean of the four cells around it is foreground. Things that the field keeps
    apart are polygons of their own, with common outlines where they touch.

    With `pixel_edges` outlines follow the cells' edges everywhere, and cells that touch by a corner
    are apart.

    `compiled` asks for loops compiled by numba; None means on large fields, where numba is
    installed. The polygons are the same. Raises ImportError when they are asked for and are not
    there.
    """
    loops = _loops(field, compiled)
    lattice = Lattice(field.scene.height, field.scene.width, field.stride, pixel_edges)
    tracers = [_Tracer(field, lattice, loops) for _ in range(max(field.planes, 1))]
    for strip in _with_margin(field):
        for tracer, plane in zip(tracers, _planes(strip, len(tracers)), strict=True):
            found = tracer.push(plane)
            yield from map(without_steps, found) if pixel_edges else found


class _Tracer:
    """Follows the outlines of one plane of a field from strip to strip."""

    def __init__(self, field: Field, lattice: Lattice, loops: _Loops) -> None:
        self._loops, self._level, self._lattice = loops, field.level, lattice
        self._assembly = Assembly(loops.sum_up)
        self._chains: list[Chain] = []
        self._last = np.full(field.grid.width + 2, NOTHING, np.int32)
        self._row = -1

    def push(self, strip: Strip | None) -> Iterator[Shape]:
        """Add a strip, or None for the margin below the field."""
        rows = _rows(self._last, strip)
        self._last = rows.last()
        outline = self._loops.trace(rows, self._level, self._row, self._lattice)
        rings, self._chains = chains.link(outline, self._chains, self._loops.order)
        yield from self._assembly.push(outline, rings, strip)
        self._row += len(rows.samples)


def _loops(field: Field, compiled: bool | None) -> _Loops:
    plain = _Loops(marching.trace, chains.order, shapes.sum_up)
    large = field.grid.height * field.grid.width >= _LARGE
    if not (large if compiled is None else compiled):
        return plain
    try:
        from geoseg.contours import compiled as fast
    except ImportError as error:  # not installed, or not for this NumPy
        if compiled:
            raise
        _log.info("outlines are traced without numba: %s", error)
        return plain
    return _Loops(fast.trace, fast.order, fast.sum_up)


def _with_margin(field: Field) -> Iterator[Strip | None]:
    yield from field.strips()
    yield None


def _planes(strip: Strip | None, count: int) -> Iterator[Strip | None]:
    """A strip for each plane that is kept apart."""
    if strip is None or not strip.apart:
        yield from [strip] * count
    else:
        yield from (replace(strip, samples=plane, apart=()) for plane in strip.apart)


def _rows(above: NDArray[np.int32], strip: Strip | None) -> Rows:
    if strip is not None:
        return Rows(above, strip.samples, strip.coverage)
    nothing = np.zeros((1, len(above) - 2), np.int16)
    return Rows(above, nothing, nothing.astype(np.bool_))
