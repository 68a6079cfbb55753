"""Sums over the foreground of a strip."""

from __future__ import annotations

import numpy as np

from geoseg.contours.compiled.loops import Array, compiled
from geoseg.contours.shapes import UNIT, Cells, Sums
from geoseg.fuse import Strip


def sum_up(cells: Cells, strip: Strip) -> Sums:
    """As `shapes.sum_up`."""
    runs = (cells.start, cells.length, cells.piece)
    shares = (strip.score.ravel(), strip.agreement.ravel())
    counts = (strip.n_seen.ravel(), strip.n_found.ravel())
    return Sums(*_sums(runs, cells.pieces, shares, counts))


@compiled
def _sums(
    runs: tuple[Array, Array, Array],
    pieces: int,
    shares: tuple[Array, Array],
    counts: tuple[Array, Array],
) -> tuple[Array, Array, Array, Array, Array]:
    starts, lengths, piece_of = runs
    cells, n_seen, n_found = np.zeros((3, pieces), np.intp)
    score, agreement = np.zeros((2, pieces))
    for run in range(len(starts)):
        first, piece = starts[run], piece_of[run]
        cells[piece] += lengths[run]
        in_score, in_agreement = np.int64(0), np.int64(0)
        for cell in range(first, first + lengths[run]):
            in_score += np.int64(shares[0][cell] * np.float32(UNIT))
            in_agreement += np.int64(shares[1][cell] * np.float32(UNIT))
        score[piece] += in_score
        agreement[piece] += in_agreement
        n_seen[piece] = max(n_seen[piece], counts[0][first])
        n_found[piece] = max(n_found[piece], counts[1][first])
    return cells, score, agreement, n_seen, n_found
