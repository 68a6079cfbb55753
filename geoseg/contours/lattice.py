"""The lattice that outlines are traced on, the rows handed to a tracer, and what it returns.

The lattice joins the centres of neighbouring cells. A *node* is a lattice edge that the outline
crosses, a *square* lies between four centres. Outside of the coverage, and around the scene, the
outline runs on the cells' own edges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOTHING = -(2**28)
"""Value of a cell that nobody saw: background, and far enough down to decide every saddle."""


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Where the centres and edges of a field's cells lie, in scene pixels."""

    height: int
    """Of the scene, pixels."""

    width: int
    """Of the scene, pixels."""

    stride: int
    """Pixels a side per cell."""

    stepped: bool = False
    """Whether outlines run on the cells' own edges everywhere."""

    def centres(self, first: int, count: int, length: int) -> Floats:
        """Middles of the part of each cell that lies inside the scene."""
        edges = self.edges(first, count + 1, length)
        return (edges[:-1] + edges[1:]) / 2

    def edges(self, first: int, count: int, length: int) -> Floats:
        """Where each cell begins."""
        starts = np.arange(first, first + count, dtype=np.float64) * self.stride
        return np.minimum(starts, length)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A strip of h rows with the row above it; a margin of nothing lies left and right."""

    above: NDArray[np.int32]
    """(W + 2,) the last row of the strip before, with its margin; `NOTHING` where nobody looked."""

    samples: NDArray[np.int16]
    """(h, W)"""

    coverage: Flags
    """(h, W): where samples mean anything."""

    def values(self) -> NDArray[np.int32]:
        """(h + 1, W + 2): the row above, then the strip with its margin."""
        height, width = self.samples.shape
        values = np.full((height + 1, width + 2), NOTHING, np.int32)
        values[0] = self.above
        np.copyto(values[1:, 1:-1], self.samples, where=self.coverage)
        return values

    def last(self) -> NDArray[np.int32]:
        """(W + 2,) the strip's last row, with its margin."""
        values = np.full(len(self.above), NOTHING, np.int32)
        np.copyto(values[1:-1], self.samples[-1], where=self.coverage[-1])
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The outline inside one strip, whose first row is the last one of the strip before."""

    nodes: Floats
    """(n, 2) column and row in scene pixels. Crossings along rows come first, in reading order."""

    successor: Ints
    """(n,) next node, −1 where the outline leaves through the last row or came from the first."""

    runs: Ints
    """(n,) the run of foreground cells that the node bounds."""

    at_edge: Flags
    """(n,) whether the outline is cut here by the scene or the coverage."""

    starts: Ints
    """Runs of foreground cells: first cell, in the flat padded strip."""

    ends: Ints
    """One past the last cell of each run."""

    piece_of: Ints
    """(runs,) which connected piece of the strip each run belongs to, counted as they appear."""

    first_row: int
    """Crossings (twice the runs) in the first row."""

    last_row: int
    """Crossings before those of the last row."""


def with_corners(trace: Trace, turning: Flags, stepped: bool) -> Trace:
    """Add the corner where the outline turns from one cell's edge into another.

    `turning` is (n,): whether the outline turns right after a node. With `stepped` it does so at
    every turn, not only at the end of the coverage.
    """
    if not stepped:
        if not trace.at_edge.any():
            return trace
        turning = turning & (trace.at_edge | trace.at_edge[trace.successor])
    first = np.flatnonzero(turning)
    second = trace.successor[first]
    along = first < len(trace.starts) * 2
    corners = np.stack(
        [
            trace.nodes[np.where(along, first, second), 0],
            trace.nodes[np.where(along, second, first), 1],
        ],
        axis=1,
    )
    count = len(trace.nodes)
    successor = np.concatenate([trace.successor, second])
    successor[first] = np.arange(count, count + len(first))
    return replace(
        trace,
        nodes=np.concatenate([trace.nodes, corners]),
        successor=successor,
        runs=np.concatenate([trace.runs, trace.runs[first]]),
        at_edge=np.concatenate([trace.at_edge, trace.at_edge[first] | trace.at_edge[second]]),
    )
