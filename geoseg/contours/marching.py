"""Marching squares over one strip: where the outline crosses the lattice of cell centres.

Inside a square (Lorensen and Cline 1987, in two dimensions) the outline runs from node to node with
the foreground on its left (x right, y down read as x right, y up), so each node has one successor.
Samples never equal the level: every crossing lies strictly inside its edge, no two meet, and rings
are simple without repair. `compiled` does the same in loops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

from geoseg.contours.lattice import NOTHING, Flags, Floats, Ints, Lattice, Rows, Trace, with_corners

# Corners of a square as bits: NW 8, NE 4, SE 2, SW 1. Edges: N 0, E 1, S 2, W 3.
# Saddles (5, 10) come twice: at their own code with the foreground apart, at 16 and 17 with it
# joined through the middle.
_N, _E, _S, _W = range(4)
FROM = np.array([0, _W, _S, _W, _E, _E, _S, _W, _N, _N, _N, _N, _E, _E, _S, 0, _W, _N])
TO = np.array([0, _S, _E, _E, _N, _N, _N, _N, _W, _S, _W, _E, _W, _S, _W, 0, _N, _E])
SADDLES = (5, 10, 16, 17)
FROM_2 = np.zeros(18, np.intp)
TO_2 = np.zeros(18, np.intp)
FROM_2[list(SADDLES)] = _W, _S, _E, _S
TO_2[list(SADDLES)] = _S, _E, _S, _W
ONE_CORNER = np.isin(np.arange(18), [1, 2, 4, 8, 7, 11, 13, 14])
_STRAIGHT = np.isin(np.arange(18), [3, 6, 9, 12])


def trace(strip: Rows, level: int, row: int, lattice: Lattice) -> Trace:
    """Follow the outline through a strip.

    `row` is the field's row of the line above the strip, −1 for the margin above the field.
    """
    values = strip.values()
    columns = values.shape[1]
    inside = values > level
    flat = inside.ravel()
    across = np.flatnonzero(flat[1:] != flat[:-1])
    down = np.flatnonzero(flat[columns:] != flat[:-columns])
    starts, ends = across[0::2] + 1, across[1::2] + 1

    nodes, at_edge = _crossings(values, level, across, down, (row, lattice))
    upper = np.where(flat[down], down, down + columns)
    run_of_down = np.searchsorted(starts, upper, side="right") - 1

    squares, codes = _squares(inside)
    joined = np.zeros(len(squares), np.bool_)
    if not lattice.stepped:
        joined = _joined_saddles(values, level, squares, codes)
    codes = np.where(joined, np.where(codes == 5, 16, 17), codes)
    begin, end, one_corner = _segments(squares, codes, across, down, flat.size, columns)
    if lattice.stepped:
        one_corner = ~_STRAIGHT[np.concatenate([codes, codes[np.isin(codes, SADDLES)]])]
    successor = np.full(len(nodes), -1, np.intp)
    successor[begin] = end
    turning = np.zeros(len(nodes), np.bool_)
    turning[begin] = one_corner

    links = [_stacked(starts, ends, columns), _diagonal(squares, codes, starts, columns)]
    return with_corners(
        Trace(
            nodes=nodes,
            successor=successor,
            runs=np.concatenate([np.arange(len(across)) // 2, run_of_down]),
            at_edge=at_edge,
            starts=starts,
            ends=ends,
            piece_of=pieces(np.concatenate(links), len(starts)),
            first_row=int(np.searchsorted(across, columns)),
            last_row=int(np.searchsorted(across, flat.size - columns)),
        ),
        turning,
        lattice.stepped,
    )


def pieces(links: Ints, count: int) -> Ints:
    """Which connected piece each of `count` things belongs to, by (m, 2) links between them."""
    graph = csr_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    return np.asarray(csgraph.connected_components(graph, directed=False)[1], np.intp)


def _crossings(
    values: NDArray[np.int32],
    level: int,
    across: Ints,
    down: Ints,
    place: tuple[int, Lattice],
) -> tuple[Floats, Flags]:
    """Positions of crossings along rows, then along columns; whether each is on a cell's edge."""
    row, lattice = place
    height, columns = values.shape
    x_centres = lattice.centres(-1, columns, lattice.width)
    y_centres = lattice.centres(row, height, lattice.height)
    x_edges = lattice.edges(0, columns, lattice.width)
    y_edges = lattice.edges(row + 1, height, lattice.height)
    flat = values.ravel()

    def crossing(
        index: Ints, first: Ints, step: int, centres: Floats, edges: Floats
    ) -> tuple[Floats, Flags]:
        before, after = flat[first], flat[first + step]
        cut = (before == NOTHING) | (after == NOTHING)
        share = (level - before) / (after - before)
        between = centres[index] + share * (centres[index + 1] - centres[index])
        return np.where(cut | lattice.stepped, edges[index], between), cut

    line, column = np.divmod(across, columns)
    x, cut_x = crossing(column, across, 1, x_centres, x_edges)
    upper, line_column = np.divmod(down, columns)
    y, cut_y = crossing(upper, down, columns, y_centres, y_edges)
    nodes = np.empty((len(across) + len(down), 2))
    nodes[: len(across), 0], nodes[: len(across), 1] = x, y_centres[line]
    nodes[len(across) :, 0], nodes[len(across) :, 1] = x_centres[line_column], y
    return nodes, np.concatenate([cut_x, cut_y])


def _squares(inside: Flags) -> tuple[Ints, Ints]:
    """Squares that the outline passes, by the flat index of their upper left cell; their codes."""
    bits = inside.view(np.uint8)
    codes = (bits[:-1, :-1] << 3) | (bits[:-1, 1:] << 2) | (bits[1:, 1:] << 1) | bits[1:, :-1]
    passed = np.flatnonzero((codes - np.uint8(1)) < np.uint8(14))  # 0 wraps around to 255
    line, column = np.divmod(passed, codes.shape[1])
    return line * inside.shape[1] + column, codes.ravel()[passed].astype(np.intp)


def _joined_saddles(values: NDArray[np.int32], level: int, squares: Ints, codes: Ints) -> Flags:
    """Saddles whose middle, the mean of the four corners, is foreground."""
    joined = np.zeros(len(squares), np.bool_)
    saddles = np.flatnonzero((codes == 5) | (codes == 10))
    if len(saddles):
        flat, columns, corner = values.ravel(), values.shape[1], squares[saddles]
        total = sum(flat[corner + step].astype(np.int64) for step in (0, 1, columns, columns + 1))
        joined[saddles] = total > 4 * level
    return joined


def _segments(
    squares: Ints, codes: Ints, across: Ints, down: Ints, size: int, columns: int
) -> tuple[Ints, Ints, Flags]:
    """(begin, end) nodes of the outline's pieces, and which of them cut off one corner."""
    numbers = np.empty((size, 2), np.int32)  # unset entries are never looked up
    numbers[across, 0] = np.arange(len(across))
    numbers[down, 1] = np.arange(len(across), len(across) + len(down))
    offset = np.array([0, 1, columns, 0])

    def node(square: Ints, edge: Ints) -> Ints:
        return np.asarray(numbers[square + offset[edge], edge & 1], np.intp)

    begins, finishes = [node(squares, FROM[codes])], [node(squares, TO[codes])]
    twice = np.isin(codes, SADDLES)
    begins.append(node(squares[twice], FROM_2[codes[twice]]))
    finishes.append(node(squares[twice], TO_2[codes[twice]]))
    begin = np.concatenate(begins)
    turning = np.zeros(len(begin), np.bool_)
    turning[: len(codes)] = ONE_CORNER[codes]
    return begin, np.concatenate(finishes), turning


def _stacked(starts: Ints, ends: Ints, columns: int) -> Ints:
    """Pairs (upper, lower) of runs in neighbouring rows that share a column."""
    first = np.searchsorted(ends + columns, starts, side="right")
    last = np.searchsorted(starts + columns, ends, side="left")
    counts = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(len(starts)), counts)
    nth = np.arange(len(lower)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([first[lower] + nth, lower], axis=1)


def _diagonal(squares: Ints, codes: Ints, starts: Ints, columns: int) -> Ints:
    """Pairs of runs that touch through the middle of a joined saddle."""
    rising, falling = squares[codes == 16], squares[codes == 17]
    upper = np.concatenate([rising + 1, falling])
    lower = np.concatenate([rising + columns, falling + columns + 1])
    pairs = np.stack([upper, lower], axis=1)
    return np.asarray(np.searchsorted(starts, pairs, side="right") - 1, np.intp)
