"""Rings become polygons with what is known about them, as soon as nothing can be added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

from geoseg.contours.chains import Rings
from geoseg.contours.marching import Floats, Ints, Trace
from geoseg.fuse import Strip


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One polygon of a field."""

    polygon: shapely.Polygon
    """In scene pixels, (column, row) of pixel corners; valid; the outer ring is positive there."""

    score: float
    """Mean score of the tiles that found it, over its cells."""

    agreement: float
    """Of the tiles that saw a cell, the share that found it; mean over its cells."""

    n_seen: int
    """Tiles that saw its region properly or found it."""

    n_found: int
    """Tiles that found its region."""

    touches_edge: bool
    """Whether the scene's edge or the end of the coverage cuts it."""


@dataclass(slots=True, eq=False)
class Growing:
    """A connected piece of foreground: its sums so far, its rings so far."""

    cells: float = 0.0
    score: float = 0.0
    agreement: float = 0.0
    n_seen: int = 0
    n_found: int = 0
    touches_edge: bool = False
    rings: list[Floats] = field(default_factory=list)

    def absorb(self, other: Growing) -> None:
        """Take over what belongs to a piece that turned out to be the same."""
        self.cells += other.cells
        self.score += other.score
        self.agreement += other.agreement
        self.n_seen = max(self.n_seen, other.n_seen)
        self.n_found = max(self.n_found, other.n_found)
        self.touches_edge |= other.touches_edge
        self.rings += other.rings

    def shape(self) -> Shape:
        """The finished polygon."""
        outer = [ring for ring in self.rings if signed_area(ring) > 0]
        holes = [ring for ring in self.rings if signed_area(ring) <= 0]
        holes.sort(key=lambda ring: (ring[0, 1], ring[0, 0]))
        return Shape(
            polygon=shapely.Polygon(outer[0], holes),
            score=self.score / self.cells,
            agreement=self.agreement / self.cells,
            n_seen=self.n_seen,
            n_found=self.n_found,
            touches_edge=self.touches_edge,
        )


def signed_area(ring: Floats) -> float:
    """Shoelace area of a ring; positive when x turns towards y."""
    x, y = (ring - ring[0]).T
    return float(x[:-1] @ y[1:] - x[1:] @ y[:-1]) / 2


class Assembly:
    """Keeps the pieces that go on below the last strip; hands out those that are complete."""

    def __init__(self) -> None:
        self._open: list[Growing] = []
        self._owner: Ints = np.empty(0, np.intp)  # per run of the last row: index into _open

    def push(self, trace: Trace, rings: Rings, strip: Strip | None) -> Iterator[Shape]:
        """Add a strip, or None for the margin below the field."""
        runs = len(trace.starts)
        if not runs:
            return
        piece_of, pieces = self._pieces(trace, runs)
        sums = _Sums(trace, piece_of, pieces, strip)
        carried, leaving = trace.first_row // 2, trace.last_row // 2
        lasting = np.zeros(pieces, np.bool_)
        lasting[piece_of[:carried]] = True
        lasting[piece_of[leaving:]] = True
        ring_piece = piece_of[rings.runs]

        yield from _closed_within(rings, ring_piece, lasting, sums)
        grown = {int(piece): sums.growing(int(piece)) for piece in np.flatnonzero(lasting)}
        first_runs = np.unique(self._owner, return_index=True)[1]
        for piece, before in zip(piece_of[first_runs].tolist(), self._open, strict=True):
            grown[piece].absorb(before)
        for ring in np.flatnonzero(lasting[ring_piece]):
            grown[int(ring_piece[ring])].rings.append(rings.ring(int(ring)))
        going_on, self._owner = np.unique(piece_of[leaving:], return_inverse=True)
        self._open = [grown.pop(piece) for piece in going_on.tolist()]
        for complete in grown.values():
            yield complete.shape()

    def _pieces(self, trace: Trace, runs: int) -> tuple[Ints, int]:
        """Which connected piece each run belongs to, and how many pieces there are."""
        order = np.argsort(self._owner, kind="stable")
        same = self._owner[order[1:]] == self._owner[order[:-1]]
        carried = np.stack([order[:-1][same], order[1:][same]], axis=1)
        links = np.concatenate([trace.links, carried])
        graph = csr_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(runs, runs))
        pieces, piece_of = csgraph.connected_components(graph, directed=False)
        return piece_of.astype(np.intp), int(pieces)


class _Sums:
    """Per piece of one strip: what its cells add up to. The first row was counted before."""

    def __init__(self, trace: Trace, piece_of: Ints, pieces: int, strip: Strip | None) -> None:
        self.cells = self.score = self.agreement = np.zeros(pieces)
        self.n_seen = self.n_found = np.zeros(pieces, np.int64)
        self.touches_edge = np.zeros(pieces, np.bool_)
        self.touches_edge[piece_of[trace.runs[trace.at_edge]]] = True
        new = slice(trace.first_row // 2, None)
        if strip is None or len(trace.starts[new]) == 0:
            return
        padded = strip.samples.shape[1] + 2
        row, column = np.divmod(trace.starts[new], padded)
        length = trace.ends[new] - trace.starts[new]
        start = (row - 1) * (padded - 2) + column - 1
        piece = piece_of[new]
        before = np.cumsum(length) - length
        cells = np.arange(int(length.sum())) + np.repeat(start - before, length)

        def total(plane: NDArray[np.float32]) -> Floats:
            per_run = np.add.reduceat(plane.ravel()[cells], before, dtype=float)
            return _bincount(piece, per_run, pieces)

        self.cells = _bincount(piece, length, pieces)
        self.score, self.agreement = total(strip.score), total(strip.agreement)
        self.n_seen, self.n_found = np.zeros((2, pieces), np.int64)
        np.maximum.at(self.n_seen, piece, strip.n_seen.ravel()[start])
        np.maximum.at(self.n_found, piece, strip.n_found.ravel()[start])

    def growing(self, piece: int) -> Growing:
        return Growing(
            cells=float(self.cells[piece]),
            score=float(self.score[piece]),
            agreement=float(self.agreement[piece]),
            n_seen=int(self.n_seen[piece]),
            n_found=int(self.n_found[piece]),
            touches_edge=bool(self.touches_edge[piece]),
        )


def _bincount(group: Ints, values: Floats | Ints, groups: int) -> Floats:
    return np.asarray(np.bincount(group, values, groups), np.float64)


def _closed_within(
    rings: Rings, ring_piece: Ints, lasting: NDArray[np.bool_], sums: _Sums
) -> Iterator[Shape]:
    """Pieces that begin and end inside the strip, all at once."""
    chosen = np.flatnonzero(~lasting[ring_piece])
    if not len(chosen):
        return
    lengths = np.diff(rings.offsets)
    first = rings.points[rings.offsets[:-1]]
    # Seen from the ring's own first point: far from the origin, small areas would drown.
    x, y = (rings.points - np.repeat(first, lengths, axis=0)).T
    crosses = x[:-1] * y[1:] - x[1:] * y[:-1]
    crosses[rings.offsets[1:-1] - 1] = 0  # from one ring to the next
    is_hole = np.add.reduceat(crosses, rings.offsets[:-1]) <= 0
    rank = np.lexsort((first[chosen, 0], first[chosen, 1], is_hole[chosen], ring_piece[chosen]))
    chosen = chosen[rank]

    closed = lengths[chosen] + 1
    ends = np.concatenate([[0], np.cumsum(closed)])
    index = np.arange(ends[-1]) - np.repeat(ends[:-1], closed)
    index %= np.repeat(lengths[chosen], closed)
    points = rings.points[index + np.repeat(rings.offsets[chosen], closed)]
    outer = np.append(np.flatnonzero(~is_hole[chosen]), len(chosen))
    polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (ends, outer))
    piece = ring_piece[chosen[outer[:-1]]]
    cells = sums.cells[piece]
    columns = (
        sums.score[piece] / cells,
        sums.agreement[piece] / cells,
        sums.n_seen[piece],
        sums.n_found[piece],
        sums.touches_edge[piece],
    )
    for polygon, *values in zip(polygons, *(column.tolist() for column in columns), strict=True):
        yield Shape(polygon, *values)
