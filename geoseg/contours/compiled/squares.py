"""The squares of a strip, eight at a time: where nothing changes they are passed over as a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from geoseg.contours.compiled.loops import Array, compiled, small
from geoseg.contours.lattice import NOTHING, Lattice, Rows, Trace, with_corners
from geoseg.contours.marching import FROM, FROM_2, ONE_CORNER, TO, TO_2

_Cells = tuple[Array, Array, Array]
"""The row above, samples and coverage of a strip."""

_Where = tuple[Array, Array, Array, Array, bool]
"""Centres of columns and rows, their edges, and whether outlines run on those."""

_Nodes = tuple[Array, Array, Array, Array]
"""Positions of nodes and whether they are at an edge; of crossings along rows where they are in the
flat strip, and how many lie before each row."""

_Links = tuple[Array, Array, Array, Array]
"""Of each node the next one, whether the outline turns there, and its run; of each run another one
of the same piece."""

# Eight cells to a word, the first in its lowest byte; no machine that numba knows does otherwise.
_NO, _ONE = np.uint64(0), np.uint64(1)
_BYTE = np.uint64(8)
_TOP = np.uint64(56)
_ONES = np.uint64(0x0101010101010101)


def trace(strip: Rows, level: int, row: int, lattice: Lattice) -> Trace:
    """As `marching.trace`."""
    height, width = strip.samples.shape
    columns = width + 2
    # Rows of whole words of eight cells, and a word more: every cell has a right neighbour.
    inside = np.zeros((height + 1, columns // 8 + 2, 8), np.bool_).reshape(height + 1, -1)
    inside[0, :columns] = strip.above > level
    _mark(strip.samples, strip.coverage, level, inside)
    words = inside.view(np.uint64)
    along, down = _count(words)
    before = np.concatenate([[0], np.cumsum(along)])
    cells = (strip.above, strip.samples, strip.coverage)
    where = (
        lattice.centres(-1, columns, lattice.width),
        lattice.centres(row, height + 1, lattice.height),
        lattice.edges(0, columns, lattice.width),
        lattice.edges(row + 1, height + 1, lattice.height),
        lattice.stepped,
    )
    nodes = np.empty((int(before[-1]) + down, 2))
    at_edge = np.empty(len(nodes), np.bool_)
    across = np.empty(int(before[-1]), np.intp)
    runs = np.empty(len(nodes), np.intp)
    runs[: before[-1]] = np.arange(before[-1]) // 2
    successor, turning = np.full(len(nodes), -1, np.intp), np.zeros(len(nodes), np.bool_)
    parent = np.arange(before[-1] // 2)
    busy = np.empty(words.shape[1], np.intp)
    links = (successor, turning, runs, parent)
    _follow((words, busy), cells, level, where, (nodes, at_edge, across, before), links)
    return with_corners(
        Trace(
            nodes=nodes,
            successor=successor,
            runs=runs,
            at_edge=at_edge,
            starts=across[0::2] + 1,
            ends=across[1::2] + 1,
            piece_of=_numbered(parent),
            first_row=int(along[0]),
            last_row=int(before[height]),
        ),
        turning,
        lattice.stepped,
    )


@small
def _shifted(words: Array, r: int, w: int) -> Any:
    """The right neighbours of a word's cells."""
    return (words[r, w] >> _BYTE) | (words[r, w + 1] << _TOP)


@small
def _changes(words: Array, r: int, w: int) -> Any:
    """A word that is 1 in the bytes of the cells that differ from their right neighbours."""
    return words[r, w] ^ _shifted(words, r, w)


@small
def _find_busy(words: Array, r: int, busy: Array) -> int:
    """List the words of a row whose squares, down to the next row, the outline passes."""
    count = 0
    for w in range(words.shape[1] - 1):
        changes = _changes(words, r, w) | _changes(words, r + 1, w)
        if changes | (words[r, w] ^ words[r + 1, w]) != _NO:
            busy[count] = w
            count += 1
    return count


@small
def _bytes_set(word: Any) -> Any:
    """How many bytes of a word are 1; the others are 0."""
    return np.int64((word * _ONES) >> _TOP)


@small
def _mark(samples: Array, coverage: Array, level: int, inside: Array) -> None:
    """Note the foreground, below a first row and right of a first column."""
    bound = np.int16(level)
    for r in range(samples.shape[0]):
        for c in range(samples.shape[1]):
            inside[r + 1, c + 1] = (samples[r, c] > bound) & coverage[r, c]


@compiled
def _count(words: Array) -> tuple[Array, int]:
    """Crossings along each row, and between rows altogether."""
    height, width = words.shape
    along = np.zeros(height, np.intp)
    down = 0
    for r in range(height):
        for w in range(width - 1):
            along[r] += _bytes_set(_changes(words, r, w))
            if r:
                down += _bytes_set(words[r, w] ^ words[r - 1, w])
    return along, down


@small
def _value(cells: _Cells, r: int, c: int) -> Any:
    """Sample of a cell of the padded strip."""
    above, samples, coverage = cells
    if r == 0:
        return np.int64(above[c])
    if c == 0 or c > samples.shape[1] or not coverage[r - 1, c - 1]:
        return np.int64(NOTHING)
    return np.int64(samples[r - 1, c - 1])


@small
def _crossing(
    level: int, pair: tuple[int, int], centres: tuple[float, float], edge: float
) -> tuple[float, bool]:
    """Where the level lies between two cells, and whether one of them is nothing."""
    before, after = pair
    if before == NOTHING or after == NOTHING:
        return edge, True
    share = (level - before) / (after - before)
    return centres[0] + share * (centres[1] - centres[0]), False


@small
def _cross_row(
    at: tuple[int, int, int], cells: _Cells, level: int, where: _Where, out: _Nodes
) -> None:
    """Fill in a crossing along a row: its node, its row, and the cell on its left."""
    n, r, c = at
    x_centres, y_centres, x_edges, _, stepped = where
    nodes, at_edge, across, _ = out
    pair = _value(cells, r, c), _value(cells, r, c + 1)
    x, cut = _crossing(level, pair, (x_centres[c], x_centres[c + 1]), x_edges[c])
    nodes[n, 0], nodes[n, 1] = x_edges[c] if stepped else x, y_centres[r]
    at_edge[n] = cut
    across[n] = r * len(x_centres) + c


@small
def _cross_column(
    at: tuple[int, int, int], cells: _Cells, level: int, where: _Where, out: _Nodes
) -> None:
    """Fill in a crossing between rows: its node, and the cell above it."""
    n, r, c = at
    x_centres, y_centres, _, y_edges, stepped = where
    nodes, at_edge, _, _ = out
    pair = _value(cells, r, c), _value(cells, r + 1, c)
    y, cut = _crossing(level, pair, (y_centres[r], y_centres[r + 1]), y_edges[r])
    nodes[n, 0], nodes[n, 1] = x_centres[c], y_edges[r] if stepped else y
    at_edge[n] = cut


@small
def _follow(
    rows: tuple[Array, Array], cells: _Cells, level: int, where: _Where, out: _Nodes, links: _Links
) -> None:
    """Walk through all squares: fill in the crossings and what leads from one to the next."""
    words, busy = rows
    before_row, stepped = out[3], where[4]
    successor, turning, runs, parent = links
    d = before_row[len(words)]
    north = east = south = west = d
    for r in range(len(words) - 1):
        upper, lower = before_row[r], before_row[r + 1]  # crossings up to here; half are runs
        for i in range(_find_busy(words, r, busy)):
            w = busy[i]
            top, low = words[r, w], words[r + 1, w]
            right_top, right_low = _shifted(words, r, w), _shifted(words, r + 1, w)
            squares = (top ^ right_top) | (low ^ right_low) | (top ^ low) | (right_top ^ right_low)
            while squares:
                lowest = squares & (~squares + _ONE)
                squares ^= lowest
                c = 8 * w + _bytes_set((lowest - _ONE) & _ONES)
                nw, ne = (top & lowest) != _NO, (right_top & lowest) != _NO
                sw, se = (low & lowest) != _NO, (right_low & lowest) != _NO
                run_left = upper >> 1, lower >> 1
                if nw != ne:
                    if r == 0:
                        _cross_row((upper, r, c), cells, level, where, out)
                    north = upper
                    upper += 1
                if sw != se:
                    _cross_row((lower, r + 1, c), cells, level, where, out)
                    south = lower
                    lower += 1
                if nw != sw:
                    west = d - 1
                if ne != se:
                    _cross_column((d, r, c + 1), cells, level, where, out)
                    runs[d] = (upper if ne else lower) >> 1
                    east = d
                    d += 1
                elif ne and not (nw and sw):
                    _join(parent, upper >> 1, lower >> 1)
                code = 8 * nw + 4 * ne + 2 * se + sw
                if code == 5 or code == 10:
                    if not stepped and _joins(cells, level, r, c):
                        code = 16 if code == 5 else 17
                        one = upper >> 1 if code == 16 else run_left[0]
                        _join(parent, one, run_left[1] if code == 16 else lower >> 1)
                    begin = _edge(FROM_2[code], north, east, south, west)
                    successor[begin] = _edge(TO_2[code], north, east, south, west)
                    turning[begin] = stepped
                begin = _edge(FROM[code], north, east, south, west)
                successor[begin] = _edge(TO[code], north, east, south, west)
                turning[begin] = ONE_CORNER[code] or (stepped and (code == 5 or code == 10))


@small
def _joins(cells: _Cells, level: int, r: int, c: int) -> Any:
    """Whether the middle of a saddle is foreground."""
    total = _value(cells, r, c) + _value(cells, r, c + 1)
    total += _value(cells, r + 1, c) + _value(cells, r + 1, c + 1)
    return total > 4 * level


@small
def _edge(edge: int, north: int, east: int, south: int, west: int) -> int:
    """The node on one edge of a square."""
    if edge & 1:
        return east if edge == 1 else west
    return north if edge == 0 else south


@small
def _root(parent: Array, run: int) -> int:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@small
def _join(parent: Array, one: int, other: int) -> None:
    one, other = _root(parent, one), _root(parent, other)
    if one < other:
        parent[other] = one
    else:
        parent[one] = other


@compiled
def _numbered(parent: Array) -> Array:
    """Number the sets in the order of their first members, which are their roots."""
    piece_of = np.empty(len(parent), np.intp)
    count = 0
    for run in range(len(parent)):
        root = _root(parent, run)
        if root == run:
            piece_of[run] = count
            count += 1
        else:
            piece_of[run] = piece_of[root]
    return piece_of
