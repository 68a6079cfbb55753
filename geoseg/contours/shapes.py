"""Rings become polygons with what is known about them, as soon as nothing can be added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.contours.lattice import Flags, Floats, Ints, Trace
from geoseg.contours.marching import pieces
from geoseg.contours.rings import Rings, together
from geoseg.fuse import Strip

UNIT = 2.0**24
"""Shares are added up as whole numbers of 1 / UNIT, so that no sum depends on its order."""

RunTotals = Callable[[NDArray[np.float32], Ints, Ints], Floats]
"""As `run_totals`."""


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

    cells: int = 0
    score: int = 0
    """Sum over the cells, in units of 1 / UNIT."""
    agreement: int = 0
    """As `score`."""
    n_seen: int = 0
    n_found: int = 0
    touches_edge: bool = False
    rings: list[Rings] = field(default_factory=list)

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
        rings = together(self.rings)
        (polygon,), _ = _polygons(rings, np.zeros(len(rings.begins), np.intp))
        return Shape(
            polygon=polygon,
            score=self.score / self.cells / UNIT,
            agreement=self.agreement / self.cells / UNIT,
            n_seen=self.n_seen,
            n_found=self.n_found,
            touches_edge=self.touches_edge,
        )


class Assembly:
    """Keeps the pieces that go on below the last strip; hands out those that are complete."""

    def __init__(self, totals: RunTotals) -> None:
        self._totals = totals
        self._open: list[Growing] = []
        self._owner: Ints = np.empty(0, np.intp)  # per run of the last row: index into _open

    def push(self, trace: Trace, rings: Rings, strip: Strip | None) -> Iterator[Shape]:
        """Add a strip, or None for the margin below the field."""
        runs = len(trace.starts)
        if not runs:
            return
        piece_of = self._pieces(trace)
        sums = _Sums(trace, piece_of, strip, self._totals)
        carried, leaving = trace.first_row // 2, trace.last_row // 2
        lasting = np.zeros(len(sums.cells), np.bool_)
        lasting[piece_of[:carried]] = True
        lasting[piece_of[leaving:]] = True
        ring_piece = piece_of[rings.runs]

        yield from _closed_within(rings, ring_piece, lasting, sums)
        grown = {int(piece): sums.growing(int(piece)) for piece in np.flatnonzero(lasting)}
        first_runs = np.unique(self._owner, return_index=True)[1]
        for piece, before in zip(piece_of[first_runs].tolist(), self._open, strict=True):
            grown[piece].absorb(before)
        for piece, part in _by_piece(rings, ring_piece, lasting):
            grown[piece].rings.append(part)
        going_on, self._owner = np.unique(piece_of[leaving:], return_inverse=True)
        self._open = [grown.pop(piece) for piece in going_on.tolist()]
        for complete in grown.values():
            yield complete.shape()

    def _pieces(self, trace: Trace) -> Ints:
        """Which connected piece each run belongs to, with what is joined above the strip."""
        order = np.argsort(self._owner, kind="stable")
        same = self._owner[order[1:]] == self._owner[order[:-1]]
        if not same.any():
            return trace.piece_of
        carried = np.stack([order[:-1][same], order[1:][same]], axis=1)
        joined = pieces(trace.piece_of[carried], int(trace.piece_of.max()) + 1)
        return joined[trace.piece_of]


class _Sums:
    """Per piece of one strip: what its cells add up to. The first row was counted before."""

    def __init__(
        self, trace: Trace, piece_of: Ints, strip: Strip | None, totals: RunTotals
    ) -> None:
        count = int(piece_of.max()) + 1
        self.cells: Ints = np.zeros(count, np.intp)
        self.score: Floats = np.zeros(count)
        self.agreement: Floats = self.score
        self.n_seen = self.n_found = np.zeros(count, np.int64)
        self.touches_edge = np.zeros(count, np.bool_)
        self.touches_edge[piece_of[trace.runs[trace.at_edge]]] = True
        new = slice(trace.first_row // 2, None)
        if strip is None or len(trace.starts[new]) == 0:
            return
        padded = strip.samples.shape[1] + 2
        row, column = np.divmod(trace.starts[new], padded)
        length = trace.ends[new] - trace.starts[new]
        start = (row - 1) * (padded - 2) + column - 1
        piece = piece_of[new]
        self.cells = np.bincount(piece, length, count)
        self.score = np.bincount(piece, totals(strip.score, start, length), count)
        self.agreement = np.bincount(piece, totals(strip.agreement, start, length), count)
        self.n_seen = _most(piece, strip.n_seen.ravel()[start], count)
        self.n_found = _most(piece, strip.n_found.ravel()[start], count)

    def growing(self, piece: int) -> Growing:
        return Growing(
            cells=int(self.cells[piece]),
            score=int(self.score[piece]),
            agreement=int(self.agreement[piece]),
            n_seen=int(self.n_seen[piece]),
            n_found=int(self.n_found[piece]),
            touches_edge=bool(self.touches_edge[piece]),
        )


def run_totals(plane: NDArray[np.float32], start: Ints, length: Ints) -> Floats:
    """Sums over runs of cells of a plane of shares, in units of 1 / UNIT."""
    before = np.cumsum(length) - length
    cells = np.arange(int(length.sum())) + np.repeat(start - before, length)
    shares = np.trunc(plane.ravel()[cells] * np.float32(UNIT))
    totals: Floats = np.add.reduceat(shares, before, dtype=np.float64)
    return totals


def _most(group: Ints, values: NDArray[np.uint16], groups: int) -> NDArray[np.int64]:
    """The largest value of each group, 0 for an empty one."""
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    most = np.zeros(groups, np.int64)
    most[group[order[begins]]] = np.maximum.reduceat(values[order], begins)
    return most


def _by_piece(rings: Rings, piece: Ints, lasting: Flags) -> Iterator[tuple[int, Rings]]:
    """The rings of each piece that lasts, in arrays of their own."""
    chosen = np.flatnonzero(lasting[piece])
    chosen = chosen[np.argsort(piece[chosen], kind="stable")]
    for group in np.split(chosen, np.flatnonzero(np.diff(piece[chosen])) + 1):
        if len(group):
            yield int(piece[group[0]]), rings.only(group)


def _closed_within(rings: Rings, ring_piece: Ints, lasting: Flags, sums: _Sums) -> Iterator[Shape]:
    """Pieces that begin and end inside the strip, all at once."""
    chosen = np.flatnonzero(~lasting[ring_piece])
    if not len(chosen):
        return
    polygons, piece = _polygons(rings.chosen(chosen), ring_piece[chosen])
    cells = sums.cells[piece]
    columns = (
        sums.score[piece] / cells / UNIT,
        sums.agreement[piece] / cells / UNIT,
        sums.n_seen[piece],
        sums.n_found[piece],
        sums.touches_edge[piece],
    )
    for polygon, *values in zip(polygons, *(column.tolist() for column in columns), strict=True):
        yield Shape(polygon, *values)


def _polygons(rings: Rings, piece: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Polygons of rings, and their pieces; each piece has one outer ring, and any holes."""
    is_hole = rings.holes()
    first = rings.points[rings.begins]
    rank = np.lexsort((first[:, 0], first[:, 1], is_hole, piece))
    closed = rings.lengths[rank] + 1
    ends = np.concatenate([[0], np.cumsum(closed)])
    shift = rings.begins[rank] - ends[:-1]
    index = np.arange(ends[-1]) + np.repeat(shift, closed)
    index[ends[1:] - 1] = rings.begins[rank]
    outer = np.append(np.flatnonzero(~is_hole[rank]), len(rank))
    points = rings.points[index]
    polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (ends, outer))
    return polygons, piece[rank[outer[:-1]]]
