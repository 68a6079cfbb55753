"""Outlines put in order: closed rings of a strip, and open chains handed to the next strip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph, csr_array

from geoseg.contours.lattice import Flags, Floats, Ints, Trace
from geoseg.contours.rings import Rings, rings_of

Order = tuple[Ints, Ints, Flags]
"""Nodes thread by thread, each in its own order; thread offsets; which threads are rings."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """An outline that both begins and ends in a strip's last row."""

    begin: int
    """Which crossing of the row it begins at, counted from the left."""

    end: int
    """Which crossing of the row it ends at."""

    pieces: tuple[Floats, ...]
    """(n, 2) each: the points between those two, without them."""


def link(
    trace: Trace, open_chains: Sequence[Chain], order_of: Callable[[Floats, Ints], Order]
) -> tuple[Rings, list[Chain]]:
    """Join a strip's outline with the chains that came from above.

    `order_of` is `order`, or its compiled twin. Returns what closed and the chains that leave
    through the last row.
    """
    if not len(trace.nodes):
        return rings_of([], trace.runs, trace.runs), []
    successor = trace.successor.copy()
    above = {chain.begin: chain for chain in open_chains}
    for chain in open_chains:
        successor[chain.begin] = chain.end
    walked, offsets, is_ring = order_of(trace.nodes, successor)
    points = trace.nodes[walked]
    joints = _joints(walked, above)
    joined = np.searchsorted(offsets, joints, side="right") - 1
    plain = is_ring.copy()
    plain[joined] = False

    lengths, runs = np.diff(offsets), trace.runs[walked[offsets[:-1]]]
    edges = offsets[np.flatnonzero(np.diff(plain, prepend=False, append=False))]
    kept = [points[begin:end] for begin, end in edges.reshape(-1, 2).tolist()]
    closed: list[int] = []
    leaving: list[Chain] = []
    for thread in np.flatnonzero(~plain).tolist():
        begin, end = int(offsets[thread]), int(offsets[thread + 1])
        place = np.searchsorted(joined, [thread, thread + 1])
        inner = joints[place[0] : place[1]].tolist()
        if is_ring[thread]:
            parts = _from_top(np.concatenate(_expanded(points, (begin, end), inner, walked, above)))
            kept.extend(parts)
            lengths[thread] = sum(map(len, parts))
            closed.append(thread)
        else:
            pieces = _expanded(points, (begin + 1, end - 1), inner, walked, above)
            first, last = (int(walked[at]) - trace.last_row for at in (begin, end - 1))
            leaving.append(Chain(first, last, tuple(pieces)))
    whole = np.concatenate([np.flatnonzero(plain), np.array(closed, np.intp)])
    return rings_of(kept, lengths[whole], runs[whole]), leaving


def _joints(walked: Ints, above: Mapping[int, Chain]) -> Ints:
    """Places in the walk of the nodes that chains from above begin at, in order."""
    if not above:
        return np.empty(0, np.intp)
    early = np.flatnonzero(walked <= max(above))
    return early[np.isin(walked[early], list(above))]


def order(nodes: Floats, successor: Ints) -> Order:
    """Follow every outline, in the order of their first nodes in the list.

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
    walked = csgraph.breadth_first_order(walk, begin[0], return_predecessors=False)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(thread_of, minlength=threads))])
    return np.asarray(walked, np.intp), offsets.astype(np.intp), is_ring


def _topmost(nodes: Floats, group: Ints, groups: int) -> Ints:
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
    points: Floats,
    span: tuple[int, int],
    joints: Sequence[int],
    walked: Ints,
    above: Mapping[int, Chain],
) -> list[Floats]:
    """A thread's points, with the chains from above in their places."""
    pieces: list[Floats] = []
    begin, end = span
    for place in joints:
        pieces.append(points[begin : place + 1].copy())  # a view would keep the strip alive
        pieces.extend(above[int(walked[place])].pieces)
        begin = place + 1
    pieces.append(points[begin:end].copy())
    return pieces


def _from_top(ring: Floats) -> tuple[Floats, Floats]:
    """The same ring in two parts, begun at its topmost, then leftmost point."""
    top = np.flatnonzero(ring[:, 1] == ring[:, 1].min())
    first = int(top[np.argmin(ring[top, 0])])
    return ring[first:], ring[:first]
