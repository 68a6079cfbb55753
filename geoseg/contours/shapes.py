"""Rings become polygons with what is known about them, as soon as nothing can be added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.contours.lattice import Flags, Floats, Ints, Trace
from geoseg.contours.marching import pieces
from geoseg.contours.rings import Rings, together
from geoseg.fuse import Strip

UNIT = 2.0**24
"""Shares are added up as whole numbers of 1 / UNIT, so that no sum depends on its order."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Runs of foreground cells of a strip, and the piece that each belongs to."""

    start: Ints
    """(runs,) first cell, in the flat strip."""

    length: Ints
    """(runs,)"""

    piece: Ints
    """(runs,)"""

    pieces: int


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What the cells of each piece add up to, (pieces,) each."""

    cells: Ints
    score: Floats
    """In units of 1 / UNIT, as `agreement`."""
    agreement: Floats
    n_seen: Ints
    """The most of any run's first cell, as `n_found`."""
    n_found: Ints


SumUp = Callable[[Cells, Strip], Sums]
"""As `sum_up`."""


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


def without_steps(shape: Shape) -> Shape:
    """A shape with no points but those where its outline turns.

    An outline on the edges of cells meets itself where two of its cells touch by a corner: what it
    encloses there becomes a hole that touches the outside.
    """
    polygon: Any = shapely.simplify(shape.polygon, 0.0)
    if not polygon.is_valid:
        polygon = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    return replace(shape, polygon=polygon)


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


class Assembly:
    """Keeps the pieces that go on below the last strip; hands out those that are complete."""

    def __init__(self, sum_up: SumUp) -> None:
        self._sum_up = sum_up
        self._open: list[Growing] = []
        self._owner: Ints = np.empty(0, np.intp)  # per run of the last row: index into _open

    def push(self, trace: Trace, rings: Rings, strip: Strip | None) -> Iterator[Shape]:
        """Add a strip, or None for the margin below the field."""
        runs = len(trace.starts)
        if not runs:
            return
        piece_of = self._pieces(trace)
        sums = self._sums(trace, piece_of, strip)
        carried, leaving = trace.first_row // 2, trace.last_row // 2
        lasting = np.zeros(len(sums.cells), np.bool_)
        cut = np.zeros(len(sums.cells), np.bool_)
        cut[piece_of[trace.runs[trace.at_edge]]] = True
        lasting[piece_of[:carried]] = True
        lasting[piece_of[leaving:]] = True
        ring_piece = piece_of[rings.runs]

        within = ~lasting[ring_piece]
        yield from _closed_within(rings.chosen(within), ring_piece[within], sums, cut)
        grown = {piece: _begun(sums, cut, piece) for piece in np.flatnonzero(lasting).tolist()}
        first_runs = np.unique(self._owner, return_index=True)[1]
        for piece, before in zip(piece_of[first_runs].tolist(), self._open, strict=True):
            grown[piece].absorb(before)
        for piece, part in _by_piece(rings, ring_piece, lasting):
            grown[piece].rings.append(part)
        going_on, self._owner = np.unique(piece_of[leaving:], return_inverse=True)
        self._open = [grown.pop(piece) for piece in going_on.tolist()]
        yield from _finished(list(grown.values()))

    def _pieces(self, trace: Trace) -> Ints:
        """Which connected piece each run belongs to, with what is joined above the strip."""
        order = np.argsort(self._owner, kind="stable")
        same = self._owner[order[1:]] == self._owner[order[:-1]]
        if not same.any():
            return trace.piece_of
        carried = np.stack([order[:-1][same], order[1:][same]], axis=1)
        joined = pieces(trace.piece_of[carried], int(trace.piece_of.max()) + 1)
        return joined[trace.piece_of]

    def _sums(self, trace: Trace, piece_of: Ints, strip: Strip | None) -> Sums:
        """Per piece, without the first row, which was counted before."""
        pieces = int(piece_of.max()) + 1
        if strip is None:
            return Sums(*np.zeros((5, pieces), np.intp))
        new = slice(trace.first_row // 2, None)
        padded = strip.samples.shape[1] + 2
        row, column = np.divmod(trace.starts[new], padded)
        start = (row - 1) * (padded - 2) + column - 1
        length = trace.ends[new] - trace.starts[new]
        return self._sum_up(Cells(start, length, piece_of[new], pieces), strip)


def sum_up(cells: Cells, strip: Strip) -> Sums:
    """Add up what a strip knows of its foreground."""
    before = np.cumsum(cells.length) - cells.length
    places = np.arange(int(cells.length.sum())) + np.repeat(cells.start - before, cells.length)

    def total(values: Ints | Floats) -> NDArray[Any]:
        return np.bincount(cells.piece, values, cells.pieces)

    def share(plane: NDArray[np.float32]) -> Floats:
        units = np.trunc(plane.ravel()[places] * np.float32(UNIT))
        per_run: Floats = np.add.reduceat(units, before, dtype=np.float64)
        return total(per_run)

    def most(plane: NDArray[np.uint16]) -> Ints:
        values = np.zeros(cells.pieces, np.intp)
        np.maximum.at(values, cells.piece, plane.ravel()[cells.start])
        return values

    return Sums(
        cells=total(cells.length).astype(np.intp),
        score=share(strip.score) if len(before) else np.zeros(cells.pieces),
        agreement=share(strip.agreement) if len(before) else np.zeros(cells.pieces),
        n_seen=most(strip.n_seen),
        n_found=most(strip.n_found),
    )


def _begun(sums: Sums, cut: Flags, piece: int) -> Growing:
    return Growing(
        cells=int(sums.cells[piece]),
        score=int(sums.score[piece]),
        agreement=int(sums.agreement[piece]),
        n_seen=int(sums.n_seen[piece]),
        n_found=int(sums.n_found[piece]),
        touches_edge=bool(cut[piece]),
    )


def _by_piece(rings: Rings, piece: Ints, lasting: Flags) -> Iterator[tuple[int, Rings]]:
    """The rings of each piece that lasts."""
    chosen = np.flatnonzero(lasting[piece])
    chosen = chosen[np.argsort(piece[chosen], kind="stable")]
    for group in np.split(chosen, np.flatnonzero(np.diff(piece[chosen])) + 1):
        if len(group):
            yield int(piece[group[0]]), rings.chosen(group)


def _closed_within(rings: Rings, ring_piece: Ints, sums: Sums, cut: Flags) -> Iterator[Shape]:
    """Pieces that begin and end inside the strip, all at once."""
    if not len(rings.runs):
        return
    polygons, piece = _polygons(rings, ring_piece)
    cells = sums.cells[piece]
    columns = (
        sums.score[piece] / cells / UNIT,
        sums.agreement[piece] / cells / UNIT,
        sums.n_seen[piece],
        sums.n_found[piece],
        cut[piece],
    )
    for polygon, *values in zip(polygons, *(column.tolist() for column in columns), strict=True):
        yield Shape(polygon, *values)


def _finished(grown: Sequence[Growing]) -> Iterator[Shape]:
    """The polygons of pieces that nothing can be added to."""
    if not grown:
        return
    rings = together([part for piece in grown for part in piece.rings])
    counts = [sum(len(part.runs) for part in piece.rings) for piece in grown]
    polygons, _ = _polygons(rings, np.repeat(np.arange(len(grown)), counts))
    for polygon, piece in zip(polygons, grown, strict=True):
        yield Shape(
            polygon=polygon,
            score=piece.score / piece.cells / UNIT,
            agreement=piece.agreement / piece.cells / UNIT,
            n_seen=piece.n_seen,
            n_found=piece.n_found,
            touches_edge=piece.touches_edge,
        )


def _polygons(rings: Rings, piece: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Polygons of rings, and their pieces; each piece has one outer ring, and any holes."""
    rank = np.lexsort((rings.tops[:, 0], rings.tops[:, 1], rings.holes, piece))
    number = np.cumsum(~rings.holes[rank]) - 1
    polygons: NDArray[Any] = shapely.polygons(rings.lines[rank], indices=number)  # type: ignore[assignment]
    return polygons, piece[rank[~rings.holes[rank]]]
