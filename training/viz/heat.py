"""A row of attention over image tokens, laid over the picture.

Tokens are a square of cells. With a SigLIP tower the cells are whole patches of the squashed
picture, so that with patches of 14 the last 6 of 384 pixels are in none: the square ends at 378/384
of the picture's width and height. With one encoder for both sides the cells cover the letterboxed
input, and with it more than the picture. Both are told by how far the square reaches.

Letters: T = d × d tokens, H and W of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.segearth.model import SegEarth
from geoseg.segearth.preprocess import Letterbox


@dataclass(frozen=True, slots=True)
class TokenSquare:
    """Where the image tokens lie in a picture: from its top left."""

    side: int
    """Tokens along it."""

    down: float
    """How far it reaches, in heights of the picture."""

    across: float
    """How far it reaches, in widths of the picture."""


def token_square(model: SegEarth, height: int, width: int) -> TokenSquare:
    """Where the tokens of a model lie in a picture of this size."""
    siglip = model.config.siglip
    if siglip is not None:
        side = siglip.image_size // siglip.patch
        reach = side * siglip.patch / siglip.image_size
        return TokenSquare(side, reach, reach)
    box = Letterbox(height, width, model.config.input_size)
    stride = model.encoder.strides[-1]
    side = -(-box.side // stride)
    rows, columns = box.scaled
    return TokenSquare(side, side * stride / rows, side * stride / columns)


def over_picture(
    row: NDArray[np.float32], square: TokenSquare, height: int, width: int
) -> NDArray[np.float32]:
    """(T,) attention to (H, W), bilinear between the middles of cells, constant outside them."""
    cells = row.reshape(square.side, square.side)
    down = _weights(height, square.side, square.down)
    across = _weights(width, square.side, square.across)
    return np.asarray(down @ cells @ across.T, np.float32)


def _weights(size: int, side: int, reach: float) -> NDArray[np.float32]:
    """(size, side): the share of each cell in the value of each pixel, along one axis."""
    places = (np.arange(size) + 0.5) / size / reach * side - 0.5
    places = places.clip(0, side - 1)
    lower = np.minimum(np.floor(places).astype(int), max(side - 2, 0))
    upper = np.minimum(lower + 1, side - 1)
    part = (places - lower).astype(np.float32)
    weights = np.zeros((size, side), np.float32)
    pixels = np.arange(size)
    np.add.at(weights, (pixels, lower), 1 - part)
    np.add.at(weights, (pixels, upper), part)
    return weights
