"""Outlines put in order: closed rings of a strip, and open chains handed to the next strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

from geoseg.contours.marching import Floats, Ints, Trace


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """An outline that both begins and ends in a strip's last row."""

    begin: int
    """Which crossing of the row it begins at, counted from the left."""

    end: int
    """Which crossing of the row it ends at."""

    pieces: tuple[Floats, ...]
    """(n, 2) each: the points between those two, without them."""


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Closed outlines, ragged. Each begins at its topmost, then leftmost point."""

    points: Floats
    """(n, 2) all rings' points; the first one of a ring is not repeated."""

    offsets: Ints
    """(rings + 1,) where each ring begins."""

    runs: Ints
    """(rings,) a run of foreground cells inside the outline's left bank."""

    def ring(self, index: int) -> Floats:
        """One ring's points."""
        return self.points[self.offsets[index] : self.offsets[index + 1]]


def link(trace: Trace, open_chains: Sequence[Chain]) -> tuple[Rings, list[Chain]]:
    """Join a strip's outline with the chains that came from above.

    Returns what closed and the chains that leave through the last row.
    """
    if not len(trace.nodes):
        return Rings(np.empty((0, 2)), np.zeros(1, np.intp), np.empty(0, np.intp)), []
    successor = trace.successor.copy()
    above = {chain.begin: chain for chain in open_chains}
    for chain in open_chains:
        successor[chain.begin] = chain.end
    order, offsets, is_ring = _order(trace.nodes, successor)

    special = ~is_ring
    threads = np.repeat(np.arange(len(is_ring)), np.diff(offsets))
    joints = np.zeros(len(successor), np.bool_)
    joints[list(above)] = True
    special[threads[joints[order]]] = True

    plain = np.flatnonzero(~special)
    members = order[~special[threads]]
    parts = [trace.nodes[members]]
    lengths = [np.diff(offsets)[plain]]
    runs = [trace.runs[order[offsets[plain]]]]
    leaving: list[Chain] = []
    for thread in np.flatnonzero(special):
        nodes = order[offsets[thread] : offsets[thread + 1]]
        if is_ring[thread]:
            ring = _from_top(np.concatenate(_expanded(trace, nodes, joints, above)))
            parts.append(ring)
            lengths.append(np.array([len(ring)]))
            runs.append(trace.runs[nodes[:1]])
        else:
            first, last = (int(nodes[end]) - trace.last_row for end in (0, -1))
            pieces = _expanded(trace, nodes[1:-1], joints, above)
            leaving.append(Chain(first, last, tuple(pieces)))
    ends = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.intp)
    return Rings(np.concatenate(parts), ends, np.concatenate(runs)), leaving


def _order(nodes: Floats, successor: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Nodes thread by thread, each in its own order; thread offsets; which threads are rings.

    A ring begins at its topmost, then leftmost node, so that nothing depends on strips.
    """
    count = len(successor)
    leads = successor >= 0
    head = np.concatenate([[0], np.cumsum(leads)])
    graph = csr_array((np.ones(head[-1]), successor[leads], head), shape=(count, count))
    threads, thread_of = csgraph.connected_components(graph, directed=False)

    predecessor = np.full(count, -1, np.intp)
    predecessor[successor[leads]] = np.flatnonzero(leads)
    is_ring = np.ones(threads, np.bool_)
    is_ring[thread_of[~leads]] = False

    begin = _topmost(nodes, thread_of, threads)
    entry = np.flatnonzero(predecessor < 0)
    begin[thread_of[entry]] = entry
    finish = predecessor[begin]
    last = np.flatnonzero(~leads)
    finish[thread_of[last]] = last

    # All threads as one path, walked once in C: the end of each leads to the begin of the next.
    path = successor.copy()
    path[finish[:-1]] = begin[1:]
    path[finish[-1]] = begin[-1]  # a step back to a visited node ends the walk
    walk = csr_array((np.ones(count), path, np.arange(count + 1)), shape=(count, count))
    order = csgraph.breadth_first_order(walk, begin[0], return_predecessors=False)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(thread_of, minlength=threads))])
    return np.asarray(order, np.intp), offsets.astype(np.intp), is_ring


def _topmost(nodes: Floats, group: NDArray[np.int32], groups: int) -> Ints:
    """Of each group the node with the least row, then the least column."""
    top = np.full(groups, np.inf)
    np.minimum.at(top, group, nodes[:, 1])
    rivals = np.flatnonzero(nodes[:, 1] == top[group])
    left = np.full(groups, np.inf)
    np.minimum.at(left, group[rivals], nodes[rivals, 0])
    winners = rivals[nodes[rivals, 0] == left[group[rivals]]]
    chosen = np.empty(groups, np.intp)
    chosen[group[winners]] = winners
    return chosen


def _expanded(
    trace: Trace, nodes: Ints, joints: NDArray[np.bool_], above: dict[int, Chain]
) -> list[Floats]:
    """A thread's points, with the chains from above in their places."""
    pieces: list[Floats] = []
    begin = 0
    for position in np.flatnonzero(joints[nodes]):
        pieces.append(trace.nodes[nodes[begin : position + 1]])
        pieces.extend(above[int(nodes[position])].pieces)
        begin = int(position) + 1
    pieces.append(trace.nodes[nodes[begin:]])
    return pieces


def _from_top(ring: Floats) -> Floats:
    """The same ring, begun at its topmost, then leftmost point."""
    top = np.flatnonzero(ring[:, 1] == ring[:, 1].min())
    return np.roll(ring, -int(top[np.argmin(ring[top, 0])]), axis=0)
