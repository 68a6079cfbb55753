"""Masks of a picture as the two sides of the model see it. Most of a mask is nothing: only the rows
and columns that hold something are worked on.

Letters: N masks, H and W of a picture, S side of the input, T = side × side image tokens.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoseg.segearth.config import SiglipConfig
from geoseg.segearth.preprocess import Letterbox
from geoseg.segearth.resample import resample


def framed(masks: Tensor, box: Letterbox) -> Tensor:
    """Masks (N, H, W) bool as the picture lies in its input: (N, S, S) uint8 shares of 255.

    To the bit what `resample` makes of whole masks: it goes along rows first, each for itself, and
    then along columns, each for itself.
    """
    height, width = box.scaled
    out = torch.zeros(len(masks), box.side, box.side, dtype=torch.uint8)
    for mask, place in zip(masks, out, strict=True):
        rows = _where(mask.any(1))
        if rows.start == rows.stop:
            continue
        shares = mask[rows].to(torch.uint8) * 255
        strip = resample(shares, len(shares), width, "bilinear")
        columns = _where(strip.any(0))
        tall = torch.zeros(len(mask), columns.stop - columns.start, dtype=torch.uint8)
        tall[rows] = strip[:, columns]
        place[:height, columns] = resample(tall, height, tall.shape[1], "bilinear")
    return out


def _where(some: Tensor) -> slice:
    """From the first True to the last."""
    found = some.nonzero()
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def tower_tokens(masks: Tensor, siglip: SiglipConfig, side: int) -> Tensor:
    """Masks (N, H, W) bool on the tower's tokens (N, T): one has all of which it has something.

    As `target_grid` pools, but the tower sees a picture only as far as whole patches reach: with
    patches of 14 never the last 6 of 384 rows and columns. A target there belongs to the tokens
    beside it: none is lost.
    """
    seen = siglip.image_size // siglip.patch * siglip.patch
    rows, columns = (max(1, -(-n * seen // siglip.image_size)) for n in masks.shape[1:])
    across = _any(masks.numpy(), 1, side, rows)
    return torch.from_numpy(_any(across, 2, side, columns)).flatten(1)


def _any(masks: NDArray[np.bool_], axis: int, cells: int, reach: int) -> NDArray[np.bool_]:
    """Whether there is something in each of `cells` cells of an axis, cut as adaptive pooling does.

    The cells divide its first `reach` entries, and those at the end of these have the rest as well.
    """
    size, pooled = masks.shape[axis], []
    for cell in range(cells):
        start, end = cell * reach // cells, -(-(cell + 1) * reach // cells)
        span = slice(start, size if end == reach else end)
        pooled.append(masks[:, span].any(1) if axis == 1 else masks[:, :, span].any(2))
    return np.stack(pooled, axis)
