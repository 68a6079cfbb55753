"""Random fields that do not depend on where a picture is cut: neighbours agree at their seam."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BLOCK = 128
"""Lattice points that one random stream gives, each way."""

_MARGIN = 3
"""Lattice points that bicubic interpolation looks beyond a pixel."""


def field(
    seed: int, octave: int, origin: tuple[int, int], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Noise (H, W) of mean 0 and standard deviation about 1, smooth over ``2**octave`` pixels.

    `origin` is the row and column of the first pixel in the scene. The values of a pixel are the
    same in whatever window it is asked for.
    """
    step = 2**octave
    if octave == 0:
        return _lattice(seed, octave, origin, shape)
    first = (origin[0] // step - _MARGIN, origin[1] // step - _MARGIN)
    last = [-(-(origin[i] + shape[i]) // step) + _MARGIN for i in (0, 1)]
    points = _lattice(seed, octave, first, (last[0] - first[0], last[1] - first[1]))
    size = (points.shape[1] * step, points.shape[0] * step)
    wide = np.asarray(Image.fromarray(points).resize(size, Image.Resampling.BICUBIC))
    row, column = (origin[i] - first[i] * step for i in (0, 1))
    return wide[row : row + shape[0], column : column + shape[1]] * np.float32(1.25)


def _lattice(
    seed: int, octave: int, first: tuple[int, int], shape: tuple[int, int]
) -> NDArray[np.float32]:
    start = [first[i] // _BLOCK for i in (0, 1)]
    stop = [-(-(first[i] + shape[i]) // _BLOCK) for i in (0, 1)]
    rows = [
        np.concatenate(
            [_block(seed, octave, row, column) for column in range(start[1], stop[1])], axis=1
        )
        for row in range(start[0], stop[0])
    ]
    row, column = (first[i] - start[i] * _BLOCK for i in (0, 1))
    whole = np.concatenate(rows)
    return np.ascontiguousarray(whole[row : row + shape[0], column : column + shape[1]])


def _block(seed: int, octave: int, row: int, column: int) -> NDArray[np.float32]:
    # Rows and columns may be negative; a seed may not.
    random = np.random.default_rng([seed, octave, row + 2**20, column + 2**20])
    return random.standard_normal((_BLOCK, _BLOCK), np.float32)
