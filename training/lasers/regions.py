"""Masks without weights: the region around a point whose colour is like the point's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.lasers.grids import Points
from training.lasers.proposing import Mask, Proposal, Rgb, Thresholds

_TOLERANCES: Final = (12.0, 22.0, 36.0)
"""Distances of RGB colours up to which a region grows: three masks for a point, as SAM has."""

_MARGIN: Final = 0.1
"""Share by which a tolerance is made stricter and laxer to see how stable a region is."""

_SMOOTHING: Final = 3
"""Pixels a side of the window whose median is taken: odd pixels stop no region, edges stay."""

_SMALL_HOLE: Final = 0.02
"""Share of a region up to which a hole in it is filled."""


_AROUND: Final = 4
"""Pixels around a region that say how it differs from what is there."""


class FloodFillProposer:
    """Grows regions of like colour from points. For use without weights, and in tests."""

    thresholds = Thresholds(quality=0.5, stability=0.7)

    def propose(self, picture: Rgb, points: Points) -> list[Proposal]:
        """A region for each tolerance around each point that lies in the picture."""
        smooth = ndimage.median_filter(picture, (_SMOOTHING, _SMOOTHING, 1)).astype(np.float32)
        found: list[Proposal] = []
        for x, y in points:
            if 0 <= y < picture.shape[0] and 0 <= x < picture.shape[1]:
                found += _around(smooth, (float(x), float(y)))
        return found


def _around(smooth: NDArray[np.float32], point: tuple[float, float]) -> list[Proposal]:
    """A region for each tolerance around a point."""
    row, column = int(point[1]), int(point[0])
    away = np.linalg.norm(smooth - smooth[row, column], axis=2)
    # No region reaches out of the laxest, so that only its surroundings are looked at.
    laxest = _region(away, (row, column), max(_TOLERANCES) * (1 + _MARGIN))
    rows, columns = (_reach(np.asarray(laxest.any(axis=axis))) for axis in (1, 0))
    near, place = away[rows, columns], (row - rows.start, column - columns.start)
    found = []
    for tolerance in _TOLERANCES:
        part, quality, stability = _grown(near, place, tolerance)
        mask = np.zeros(away.shape, bool)
        mask[rows, columns] = part
        found.append(Proposal(mask, quality, stability, point))
    return found


def _reach(touched: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(touched)
    return slice(max(0, int(places[0]) - _AROUND), int(places[-1]) + 1 + _AROUND)


def _grown(
    away: NDArray[np.float32], place: tuple[int, int], tolerance: float
) -> tuple[Mask, float, float]:
    mask = _smooth(_filled(_region(away, place, tolerance)), place)
    strict = np.count_nonzero(_region(away, place, tolerance * (1 - _MARGIN)))
    lax = np.count_nonzero(_region(away, place, tolerance * (1 + _MARGIN)))
    return mask, _contrast(away, mask), strict / lax


def _region(away: NDArray[np.float32], place: tuple[int, int], tolerance: float) -> Mask:
    labels, _ = ndimage.label(away <= tolerance)
    return np.asarray(labels == labels[place])


def _filled(mask: Mask) -> Mask:
    holes, count = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    if not count:
        return mask
    sizes = np.bincount(holes.ravel())
    small = sizes <= max(4.0, _SMALL_HOLE * np.count_nonzero(mask))
    small[0] = False
    return np.asarray(mask | small[holes])


def _smooth(mask: Mask, place: tuple[int, int]) -> Mask:
    """Without fringes one pixel wide, as far as the point stays inside."""
    most = ndimage.uniform_filter(mask.astype(np.float32), 3, mode="nearest") > 0.5
    if not most[place]:
        return mask
    labels, _ = ndimage.label(most)
    return np.asarray(labels == labels[place])


def _contrast(away: NDArray[np.float32], mask: Mask) -> float:
    """How much farther colours are just outside than just inside: 0 no more, 1 much more."""
    outside = ndimage.binary_dilation(mask, iterations=2) & ~mask
    inside = mask & ~ndimage.binary_erosion(mask, iterations=2, border_value=1)
    if not outside.any() or not inside.any():
        return 0.0
    near, far = float(away[inside].mean()), float(away[outside].mean())
    return max(0.0, (far - near) / (far + near)) if far + near else 0.0
