"""Where a proposer is prompted: over a whole picture, and over the box of a thing. Paper: 7.2.

Points are (N, 2), x and y in pixels, row by row; (0, 0) is the top left corner of the picture, so
that the centre of its first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.records import Box

Points = NDArray[np.float64]

GLOBAL: Final = (4, 4)
"""R and C over a whole picture."""

LOCAL: Final = (4, 4)
"""R and C over the box of a thing that is not long."""

LONG: Final = Fraction(5, 2)
"""Long side over short side from which on a box is long."""


def global_points(height: float, width: float) -> Points:
    """The 16 points over a whole picture, at the centres of its cells."""
    return _centres(0.0, 0.0, height, width, GLOBAL)


def local_grid(height: float, width: float) -> tuple[int, int]:
    """Rows and columns of points over a box: a line along a long one, 4 x 4 over any other.

    ValueError for a box without area.
    """
    if not (0 < height < math.inf and 0 < width < math.inf):
        raise ValueError(f"A box of {width} x {height} pixels has no place for points.")
    # As fractions: 2.5 and whole ratios are exact whatever the sides are.
    ratio = Fraction(max(height, width)) / Fraction(min(height, width))
    if ratio < LONG:
        return LOCAL
    along = math.ceil(ratio) + 1
    return (along, 1) if height > width else (1, along)


def local_points(box: Box) -> Points:
    """The points over a box, in the pixels that the box is in. ValueError as `local_grid`."""
    x0, y0, x1, y1 = box
    return _centres(x0, y0, y1 - y0, x1 - x0, local_grid(y1 - y0, x1 - x0))


def _centres(x0: float, y0: float, height: float, width: float, grid: tuple[int, int]) -> Points:
    rows, columns = grid
    y = y0 + (np.arange(rows) + 0.5) * height / rows
    x = x0 + (np.arange(columns) + 0.5) * width / columns
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)
