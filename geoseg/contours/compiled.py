"""The loops of `marching`, `chains` and `shapes`, compiled by numba, where it is installed.

Their results are the same to the last bit: positions come from the same operations on the same
numbers, lists are in the same order. Nothing is compiled before it is called, and what was compiled
is kept on disk for the next process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoseg.contours.chains import Order
from geoseg.contours.lattice import NOTHING, Floats, Lattice, Rows, Trace, with_corners
from geoseg.contours.marching import FROM, FROM_2, ONE_CORNER, TO, TO_2
from geoseg.contours.shapes import UNIT

_Array = NDArray[Any]

_Cells = tuple[_Array, _Array, _Array]
"""The row above, samples and coverage of a strip."""

_Where = tuple[_Array, _Array, _Array, _Array]
"""Centres of columns and rows, then their edges."""

_Nodes = tuple[_Array, _Array, _Array]
"""Positions of nodes and whether they are at an edge; then of crossings along rows where they are
in the flat strip, or how many lie before each row."""

# Eight cells to a word, the first in its lowest byte; no machine that numba knows does otherwise.
_NO, _ONE = np.uint64(0), np.uint64(1)
_BYTE = np.uint64(8)
_TOP = np.uint64(56)
_ONES = np.uint64(0x0101010101010101)

_F = TypeVar("_F", bound=Callable[..., Any])


def _compiled(function: _F) -> _F:
    try:
        return njit(function, nogil=True, cache=True)  # type: ignore[no-any-return]
    except RuntimeError:  # there is no folder to keep it in
        return njit(function, nogil=True)  # type: ignore[no-any-return]


def trace(strip: Rows, level: int, row: int, lattice: Lattice) -> Trace:
    """As `marching.trace`."""
    height, width = strip.samples.shape
    columns = width + 2
    # Rows of whole words of eight cells, and a word more: every cell has a right neighbour.
    inside = np.zeros((height + 1, columns // 8 + 2, 8), np.bool_).reshape(height + 1, -1)
    inside[0, :columns] = strip.above > level
    np.greater(strip.samples, level, out=inside[1:, 1 : width + 1])
    inside[1:, 1 : width + 1] &= strip.coverage
    words = inside.view(np.uint64)
    along, down = _count(words)
    before = np.concatenate([[0], np.cumsum(along)])
    cells = (strip.above, strip.samples, strip.coverage)
    where = (
        lattice.centres(-1, columns, lattice.width),
        lattice.centres(row, height + 1, lattice.height),
        lattice.edges(0, columns, lattice.width),
        lattice.edges(row + 1, height + 1, lattice.height),
    )
    nodes = np.empty((int(before[-1]) + down, 2))
    at_edge = np.empty(len(nodes), np.bool_)
    across = np.empty(int(before[-1]), np.intp)
    _cross_rows(words, cells, level, where, (nodes, at_edge, across))
    runs, successor, turns, piece_of = _cross_columns(
        words, cells, level, where, (nodes, at_edge, before)
    )
    return with_corners(
        Trace(
            nodes=nodes,
            successor=successor,
            runs=runs,
            at_edge=at_edge,
            starts=across[0::2] + 1,
            ends=across[1::2] + 1,
            piece_of=piece_of,
            first_row=int(along[0]),
            last_row=int(before[height]),
        ),
        turns,
    )


@_compiled
def _changes(words: _Array, r: int, w: int) -> Any:
    """A word that is 1 in the bytes of the cells that differ from their right neighbours."""
    return words[r, w] ^ ((words[r, w] >> _BYTE) | (words[r, w + 1] << _TOP))


@_compiled
def _bytes_set(word: Any) -> Any:
    """How many bytes of a word are 1; the others are 0."""
    return np.int64((word * _ONES) >> _TOP)


@_compiled
def _count(words: _Array) -> tuple[_Array, int]:
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


@_compiled
def _value(cells: _Cells, r: int, c: int) -> Any:
    """Sample of a cell of the padded strip."""
    above, samples, coverage = cells
    if r == 0:
        return np.int64(above[c])
    if c == 0 or c > samples.shape[1] or not coverage[r - 1, c - 1]:
        return np.int64(NOTHING)
    return np.int64(samples[r - 1, c - 1])


@_compiled
def _crossing(
    level: int, pair: tuple[int, int], centres: tuple[float, float], edge: float
) -> tuple[float, bool]:
    """Where the level lies between two cells, and whether one of them is nothing."""
    before, after = pair
    if before == NOTHING or after == NOTHING:
        return edge, True
    share = (level - before) / (after - before)
    return centres[0] + share * (centres[1] - centres[0]), False


@_compiled
def _cross_rows(words: _Array, cells: _Cells, level: int, where: _Where, out: _Nodes) -> None:
    """Fill in the crossings along rows, in reading order."""
    x_centres, y_centres, x_edges, _ = where
    nodes, at_edge, across = out
    height, width = words.shape
    n = 0
    for r in range(height):
        for w in range(width - 1):
            changes = _changes(words, r, w)
            while changes:
                lowest = changes & (~changes + _ONE)
                changes ^= lowest
                c = 8 * w + _bytes_set((lowest - _ONE) & _ONES)
                x, cut = _crossing(
                    level,
                    (_value(cells, r, c), _value(cells, r, c + 1)),
                    (x_centres[c], x_centres[c + 1]),
                    x_edges[c],
                )
                nodes[n, 0], nodes[n, 1], at_edge[n] = x, y_centres[r], cut
                across[n] = r * len(x_centres) + c
                n += 1


@_compiled
def _cross_columns(
    words: _Array, cells: _Cells, level: int, where: _Where, out: _Nodes
) -> tuple[_Array, _Array, _Array, _Array]:
    """Fill in the crossings between rows, and walk through all squares.

    Returns the run of each node, its successor, the nodes around each corner, and the connected
    piece of each run.
    """
    x_centres, y_centres, _, y_edges = where
    nodes, at_edge, before_row = out
    height, width = words.shape
    d: Any = before_row[height]
    runs = np.empty(len(nodes), np.intp)
    runs[:d] = np.arange(d) // 2
    successor = np.full(len(nodes), -1, np.intp)
    turns, turned = np.empty((64, 2), np.intp), 0
    parent = np.arange(d // 2)
    of_edge = np.zeros(4, np.intp)
    for r in range(height - 1):
        upper, lower = before_row[r], before_row[r + 1]  # crossings up to here; half are runs
        for w in range(width - 1):
            top, low = words[r, w], words[r + 1, w]
            right_top = (top >> _BYTE) | (words[r, w + 1] << _TOP)
            right_low = (low >> _BYTE) | (words[r + 1, w + 1] << _TOP)
            squares = (top ^ right_top) | (low ^ right_low) | (top ^ low) | (right_top ^ right_low)
            while squares:
                lowest = squares & (~squares + _ONE)
                squares ^= lowest
                c = 8 * w + _bytes_set((lowest - _ONE) & _ONES)
                nw, ne = (top & lowest) != _NO, (right_top & lowest) != _NO
                sw, se = (low & lowest) != _NO, (right_low & lowest) != _NO
                run_up, run_low = upper >> 1, lower >> 1  # of the cells on the left
                if nw != ne:
                    of_edge[0] = upper
                    upper += 1
                if sw != se:
                    of_edge[2] = lower
                    lower += 1
                if nw != sw:
                    of_edge[3] = d - 1
                if ne != se:
                    y, cut = _crossing(
                        level,
                        (_value(cells, r, c + 1), _value(cells, r + 1, c + 1)),
                        (y_centres[r], y_centres[r + 1]),
                        y_edges[r],
                    )
                    nodes[d, 0], nodes[d, 1], at_edge[d] = x_centres[c + 1], y, cut
                    runs[d] = (upper if ne else lower) >> 1
                    of_edge[1] = d
                    d += 1
                elif ne and not (nw and sw):
                    _join(parent, upper >> 1, lower >> 1)
                code = 8 * nw + 4 * ne + 2 * se + sw
                if code == 5 or code == 10:
                    total = _value(cells, r, c) + _value(cells, r, c + 1)
                    total += _value(cells, r + 1, c) + _value(cells, r + 1, c + 1)
                    if total > 4 * level and code == 5:
                        _join(parent, upper >> 1, run_low)
                        code = 16
                    elif total > 4 * level:
                        _join(parent, run_up, lower >> 1)
                        code = 17
                    successor[of_edge[FROM_2[code]]] = of_edge[TO_2[code]]
                begin, end = of_edge[FROM[code]], of_edge[TO[code]]
                successor[begin] = end
                if ONE_CORNER[code] and (at_edge[begin] or at_edge[end]):
                    if turned == len(turns):
                        turns = np.concatenate((turns, np.empty_like(turns)))
                    turns[turned, 0], turns[turned, 1] = begin, end
                    turned += 1
    return runs, successor, turns[:turned], _pieces(parent)


@_compiled
def _root(parent: _Array, run: int) -> int:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@_compiled
def _join(parent: _Array, one: int, other: int) -> None:
    one, other = _root(parent, one), _root(parent, other)
    if one < other:
        parent[other] = one
    else:
        parent[one] = other


@_compiled
def _pieces(parent: _Array) -> _Array:
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


@_compiled
def order(nodes: _Array, successor: _Array) -> Order:
    """As `chains.order`."""
    count = len(successor)
    predecessor = np.full(count, -1, np.intp)
    for node in range(count):
        if successor[node] >= 0:
            predecessor[successor[node]] = node
    walked, offsets = np.empty(count, np.intp), np.zeros(count + 1, np.intp)
    is_ring, seen = np.empty(count, np.bool_), np.zeros(count, np.bool_)
    threads = filled = 0
    for node in range(count):
        if seen[node]:
            continue
        top, entry, back = node, node, predecessor[node]
        while back >= 0 and back != node:
            if _before(nodes, back, top):
                top = back
            entry, back = back, predecessor[back]
        is_ring[threads] = back == node
        step = top if back == node else entry
        while step >= 0 and not seen[step]:
            seen[step] = True
            walked[filled] = step
            filled += 1
            step = successor[step]
        threads += 1
        offsets[threads] = filled
    return walked, offsets[: threads + 1], is_ring[:threads]


@_compiled
def _before(nodes: _Array, one: int, other: int) -> Any:
    """Whether a node is higher than another, or as high and further left, or last in the list."""
    if nodes[one, 1] != nodes[other, 1]:
        return nodes[one, 1] < nodes[other, 1]
    if nodes[one, 0] != nodes[other, 0]:
        return nodes[one, 0] < nodes[other, 0]
    return one > other


@_compiled
def run_totals(plane: _Array, start: _Array, length: _Array) -> Floats:
    """As `shapes.run_totals`."""
    cells = plane.ravel()
    totals = np.empty(len(start))
    for run in range(len(start)):
        total = np.int64(0)
        for cell in range(start[run], start[run] + length[run]):
            total += np.int64(cells[cell] * np.float32(UNIT))
        totals[run] = total
    return totals
