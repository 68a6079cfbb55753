"""Open areas: ground that keeps its distance from what could fall or drive over it."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from training.data.labelled import Mask

_COARSENING = 2


def away_from(obstacles: Mask, distance: float, gsd: float) -> Mask:
    """Where the nearest obstacle is at least `distance` metres away. (H, W) in and out.

    Measured between the edges of cells of 2 x 2 pixels, an obstacle anywhere in a cell filling it:
    errs towards too far.
    """
    height, width = obstacles.shape
    padded = np.pad(obstacles, ((0, height % _COARSENING), (0, width % _COARSENING)), mode="edge")
    rows, cols = (side // _COARSENING for side in padded.shape)
    cells = padded.reshape(rows, _COARSENING, cols, _COARSENING).any(axis=(1, 3))
    if not cells.any():
        return np.ones_like(obstacles)
    cell = gsd * _COARSENING
    far = distance_transform_edt(~cells, sampling=cell) >= distance + cell
    fine = far.repeat(_COARSENING, axis=0).repeat(_COARSENING, axis=1)
    return np.ascontiguousarray(fine[:height, :width])
