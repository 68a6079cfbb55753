"""Random fields that do not depend on where a picture is cut: neighbours agree at their seam."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]

_BLOCK = 128
"""Points of a lattice that are drawn together, each way."""

_POOL = 1024
"""Side of the store of random numbers that blocks are cut from."""

_MARGIN = 3
"""Points that bicubic interpolation looks beyond a pixel."""

_GAIN = 1.25
"""Brings interpolated noise back to a standard deviation of about 1."""


def white(seed: int, origin: tuple[int, int], shape: tuple[int, int]) -> Field:
    """Noise (H, W) of mean 0 and standard deviation 1, each pixel on its own.

    `origin` is the row and column of the first pixel in the scene. The values of a pixel are the
    same in whatever window it is asked for.
    """
    start = [origin[i] // _BLOCK for i in (0, 1)]
    stop = [-(-(origin[i] + shape[i]) // _BLOCK) for i in (0, 1)]
    whole = np.empty(((stop[0] - start[0]) * _BLOCK, (stop[1] - start[1]) * _BLOCK), np.float32)
    for row in range(start[0], stop[0]):
        for column in range(start[1], stop[1]):
            y, x = (row - start[0]) * _BLOCK, (column - start[1]) * _BLOCK
            whole[y : y + _BLOCK, x : x + _BLOCK] = _block(seed, row, column)
    row, column = (origin[i] - start[i] * _BLOCK for i in (0, 1))
    return whole[row : row + shape[0], column : column + shape[1]]


def smooth(
    seed: int,
    weights: dict[int, float],
    origin: tuple[int, int],
    shape: tuple[int, int],
) -> Field:
    """A weighted sum of noises, each smooth over ``2**octave`` pixels, by their octaves from 1."""
    step = 2 ** min(weights)
    first = (origin[0] // step - _MARGIN, origin[1] // step - _MARGIN)
    last = [-(-(origin[i] + shape[i]) // step) + _MARGIN for i in (0, 1)]
    size = (last[0] - first[0], last[1] - first[1])
    total = np.zeros(size, np.float32)
    for octave, weight in weights.items():
        left = octave - min(weights)
        own = seed * 8 + octave
        layer = smooth(own, {left: 1.0}, first, size) if left else white(own, first, size)
        total += np.float32(weight) * layer
    # Where points lie far apart and weigh little, straight lines between them will do.
    way = Image.Resampling.BICUBIC if step < 16 else Image.Resampling.BILINEAR
    wide = Image.fromarray(total).resize((size[1] * step, size[0] * step), way)
    row, column = (origin[i] - first[i] * step for i in (0, 1))
    cut = np.asarray(wide)[row : row + shape[0], column : column + shape[1]]
    return cut * np.float32(_GAIN)


def _block(seed: int, row: int, column: int) -> Field:
    # Rows and columns may be negative; a seed may not.
    random = np.random.default_rng([seed, row + 2**20, column + 2**20])
    y, x = random.integers(_POOL - _BLOCK, size=2)
    return pool()[y : y + _BLOCK, x : x + _BLOCK]


@cache
def pool() -> Field:
    """The store, (1024, 1024), of mean 0 and standard deviation 1; always the same."""
    return np.random.default_rng(0).standard_normal((_POOL, _POOL), np.float32)
