"""Where a cell of a feature map lies: sine positions in two dimensions.

The pixel decoder, the mask decoder and the image tokens of small models all add these.
Source: Mask2Former (Cheng et al. 2022), after DETR's normalised position encoding.
"""

import math

import torch
from torch import Tensor

from geoseg.segearth.constants import constant

_TEMPERATURE = 10_000.0
_EPSILON = 1e-6
_CPU = torch.device("cpu")


@constant
def sine_positions(height: int, width: int, dim: int, *, device: torch.device = _CPU) -> Tensor:
    """Position of every cell, row by row: (height * width, dim) float32.

    The first half of the channels tells the row, the second half the column; both run over
    (0, 2 pi], so maps of any size share one range. `dim` is a multiple of 4. The tensor is shared.
    """
    rows = _axis(height, dim // 2, device)[:, None].expand(height, width, dim // 2)
    columns = _axis(width, dim // 2, device)[None].expand(height, width, dim // 2)
    return torch.cat((rows, columns), dim=-1).reshape(height * width, dim)


def _axis(length: int, channels: int, device: torch.device) -> Tensor:
    """(length, channels): sine and cosine in turn, from fast to slow waves."""
    # float32 throughout: in bfloat16 neighbouring cells would share a position.
    index = torch.arange(1, length + 1, dtype=torch.float32, device=device)
    angle = index / (length + _EPSILON) * (2 * math.pi)
    pair = torch.arange(channels // 2, dtype=torch.float32, device=device)
    angles = angle[:, None] / _TEMPERATURE ** (2 * pair / channels)  # (length, channels / 2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
