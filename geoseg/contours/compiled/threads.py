"""Outlines followed from node to node."""

from __future__ import annotations

from typing import Any

import numpy as np

from geoseg.contours.chains import Order
from geoseg.contours.compiled.loops import Array, compiled, small


@compiled
def order(nodes: Array, successor: Array) -> Order:
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


@small
def _before(nodes: Array, one: int, other: int) -> Any:
    """Whether a node is higher than another, or as high and further left, or last in the list."""
    if nodes[one, 1] != nodes[other, 1]:
        return nodes[one, 1] < nodes[other, 1]
    if nodes[one, 0] != nodes[other, 0]:
        return nodes[one, 0] < nodes[other, 0]
    return one > other
