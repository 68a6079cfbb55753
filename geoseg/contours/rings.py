"""Closed outlines, many in few arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.contours.lattice import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Closed outlines, each begun at its topmost, then leftmost point. Arrays are one per ring."""

    lines: NDArray[Any]
    """shapely.LinearRing"""

    tops: Floats
    """(rings, 2) the first point."""

    holes: Flags
    """Whether the foreground is outside of the ring."""

    runs: Ints
    """A run of foreground cells inside the outline's left bank."""

    def chosen(self, which: Ints | Flags) -> Rings:
        """Some of the rings."""
        return Rings(self.lines[which], self.tops[which], self.holes[which], self.runs[which])


def rings_of(parts: Sequence[Floats], lengths: Ints, runs: Ints) -> Rings:
    """Rings of points, (n, 2) one after another in parts, the last point not the first again."""
    if not len(lengths):
        return Rings(np.empty(0, object), np.empty((0, 2)), np.empty(0, np.bool_), runs)
    points = parts[0] if len(parts) == 1 else np.concatenate(parts)
    ends = np.cumsum(lengths)
    begins = ends - lengths
    tops = points[begins]
    # At its topmost, then leftmost point a ring is convex, so it turns there as it does on the
    # whole; unlike an area, that does not drown in the coordinates far from the origin.
    x_in, y_in = (tops - points[ends - 1]).T
    x_out, y_out = (points[begins + 1] - tops).T
    ring_of = np.repeat(np.arange(len(lengths)), lengths)
    lines: NDArray[Any] = shapely.linearrings(points, indices=ring_of)  # type: ignore[assignment]
    return Rings(lines, tops, x_in * y_out < x_out * y_in, runs)


def together(parts: Sequence[Rings]) -> Rings:
    """The rings of all parts."""
    return Rings(
        lines=np.concatenate([part.lines for part in parts]),
        tops=np.concatenate([part.tops for part in parts]),
        holes=np.concatenate([part.holes for part in parts]),
        runs=np.concatenate([part.runs for part in parts]),
    )
