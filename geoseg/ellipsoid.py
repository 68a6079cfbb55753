"""Areas on the ellipsoid, many rings at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod


def ring_areas(
    degrees: NDArray[np.float64], rings: NDArray[np.integer[Any]], geod: Geod
) -> NDArray[np.float64]:
    """Areas of closed rings on an ellipsoid, m², from (n, 2) longitudes and latitudes.

    `rings` says where each ring begins and the last one ends. Edges are straight in the
    cylindrical equal-area projection (Snyder, Map Projections, 1987, equation 3-12), which makes
    this a sum over vertices: a geodesic per edge costs twenty times as much.
    """
    along, sine = np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1]))
    height, pole = (_authalic(values, geod.es) for values in (sine, np.ones(1)))
    steps = np.append(np.remainder(np.diff(along) + np.pi, 2 * np.pi) - np.pi, 0.0)
    steps[rings[1:] - 1] = 0.0
    base = np.repeat(height[rings[:-1]], np.diff(rings))
    above = height - base
    sums = np.add.reduceat((above + np.append(above[1:], 0.0)) / 2 * steps, rings[:-1])
    # A ring around a pole does not come back to its longitude: the pole's side is its inside.
    turns = 2 * np.pi * np.rint(np.add.reduceat(steps, rings[:-1]) / (2 * np.pi))
    first = height[rings[:-1]]
    sums += (first - np.copysign(pole, first)) * turns
    areas: NDArray[np.float64] = np.abs(sums) * geod.a**2 / 2
    return areas


def _authalic(sine: NDArray[np.float64], es: float) -> NDArray[np.float64]:
    """Heights over the equator of the equal-area cylinder, from sines of latitudes; a pole's is 2
    on a sphere."""
    if es == 0.0:
        return 2 * sine
    e = np.sqrt(es)
    return np.asarray((1 - es) * (sine / (1 - es * sine**2) + np.arctanh(e * sine) / e))
