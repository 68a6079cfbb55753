"""Closed outlines, many in few arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoseg.contours.lattice import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Closed outlines, each begun at its topmost, then leftmost point, which is not repeated."""

    points: Floats
    """(n, 2) the rings' points, with others between them."""

    begins: Ints
    """(rings,) where each ring begins."""

    lengths: Ints
    """(rings,) how many points it has."""

    runs: Ints
    """(rings,) a run of foreground cells inside the outline's left bank."""

    def holes(self) -> Flags:
        """(rings,) whether a ring has the foreground outside of it.

        At its topmost, then leftmost point a ring is convex, so it turns there as it does on the
        whole; unlike an area, that does not drown in the coordinates far from the origin.
        """
        first = self.points[self.begins]
        x_in, y_in = (first - self.points[self.begins + self.lengths - 1]).T
        x_out, y_out = (self.points[self.begins + 1] - first).T
        return np.asarray(x_in * y_out < x_out * y_in)

    def chosen(self, which: Ints) -> Rings:
        """Some of the rings, among the same points."""
        return Rings(self.points, self.begins[which], self.lengths[which], self.runs[which])

    def only(self, which: Ints) -> Rings:
        """Some of the rings, with no points but their own."""
        lengths = self.lengths[which]
        begins = np.cumsum(lengths) - lengths
        index = np.arange(int(lengths.sum())) + np.repeat(self.begins[which] - begins, lengths)
        return Rings(self.points[index], begins, lengths, self.runs[which])


def gathered(rings: Sequence[Floats], runs: Sequence[int]) -> Rings:
    """Rings of points, (n, 2) each, and the runs that they bound."""
    lengths = np.array([len(ring) for ring in rings], np.intp)
    points = np.concatenate(rings) if rings else np.empty((0, 2))
    return Rings(points, np.cumsum(lengths) - lengths, lengths, np.array(runs, np.intp))


def together(parts: Sequence[Rings]) -> Rings:
    """The rings of all parts."""
    filled = [part for part in parts if len(part.begins)] or list(parts[:1])
    if len(filled) == 1:
        return filled[0]
    sizes = np.array([len(part.points) for part in filled])
    shifts = np.cumsum(sizes) - sizes
    return Rings(
        points=np.concatenate([part.points for part in filled]),
        begins=np.concatenate([p.begins + shift for p, shift in zip(filled, shifts, strict=True)]),
        lengths=np.concatenate([part.lengths for part in filled]),
        runs=np.concatenate([part.runs for part in filled]),
    )
