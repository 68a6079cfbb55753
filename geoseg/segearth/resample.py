"""Pictures resized as Pillow does it, bit for bit: the published model was trained on its pixels.

Two passes, along the rows first, as Pillow always did (version 13 begins with the columns of tall
pictures). Each output pixel is a weighted mean of input pixels under a kernel that widens when a
picture shrinks. Weights are fixed-point numbers and each pass ends in whole grey levels, so every
device gives the same picture: the host asks Pillow itself, others calculate what it does.
Letters: n pixels before, m after, t taps of a kernel.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from geoseg.segearth.constants import constant

Kernel = Literal["bilinear", "bicubic"]

_BITS = 22
"""Fraction bits of a weight: 8 bits for the pixel and 2 for overshoot are left of 32."""

_REACH = {"bilinear": 1.0, "bicubic": 2.0}
"""Half the width of a kernel, in pixels of the smaller picture."""


def resample(picture: Tensor, height: int, width: int, kernel: Kernel) -> Tensor:
    """(…, H, W) uint8 to (…, height, width) uint8."""
    if picture.device.type == "cpu":
        return _by_pillow(picture, height, width, kernel)
    return _by_tensors(picture, height, width, kernel)


def _by_pillow(picture: Tensor, height: int, width: int, kernel: Kernel) -> Tensor:
    chosen = Image.Resampling[kernel.upper()]
    depth = 3 if picture.dim() > 2 and picture.shape[-3] == 3 else 1
    pictures = picture.reshape(-1, depth, *picture.shape[-2:]).permute(0, 2, 3, 1).contiguous()
    out = np.empty((len(pictures), height, width, depth), np.uint8)
    for before, after in zip(pictures.numpy(), out, strict=True):
        image = Image.fromarray(before if depth == 3 else before[:, :, 0])
        # One axis at a time, so that its version does not decide which comes first.
        sized = image.resize((width, image.height), chosen).resize((width, height), chosen)
        after[:] = np.asarray(sized).reshape(height, width, depth)
    planes = torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()
    return planes.reshape(*picture.shape[:-2], height, width)


def _by_tensors(picture: Tensor, height: int, width: int, kernel: Kernel) -> Tensor:
    across = _along_rows(picture, width, kernel)
    return _along_rows(across.mT, height, kernel).mT.contiguous()


def _along_rows(picture: Tensor, size: int, kernel: Kernel) -> Tensor:
    """(…, H, n) uint8 to (…, H, size) uint8."""
    if picture.shape[-1] == size:
        return picture
    device = picture.device
    first, weights = _taps(picture.shape[-1], size, kernel, str(device))
    last = picture.shape[-1] - 1
    half = 1 << (_BITS - 1)
    total = torch.full((*picture.shape[:-1], size), half, dtype=torch.int32, device=device)
    for tap in range(weights.shape[1]):
        column = (first + tap).clamp_max(last)
        total += picture[..., column].int() * weights[:, tap]
    return (total >> _BITS).clamp_(0, 255).to(torch.uint8)


@constant
def _taps(before: int, after: int, kernel: Kernel, device: str) -> tuple[Tensor, Tensor]:
    """(m,) first input pixel of each output pixel, and its (m, t) int32 weights, 0 beyond it."""
    scale = before / after
    stretch = max(scale, 1.0)
    reach = _REACH[kernel] * stretch
    centre = (torch.arange(after, dtype=torch.float64) + 0.5) * scale
    first = (centre - reach + 0.5).long().clamp_min(0)
    end = (centre + reach + 0.5).long().clamp_max(before)
    at = first[:, None] + torch.arange(int((end - first).max()))
    share = _weight((at - centre[:, None] + 0.5) * (1 / stretch), kernel)
    share = torch.where(at < end[:, None], share, 0.0)
    exact = share / share.sum(dim=1, keepdim=True) * (1 << _BITS)
    fixed = (exact + 0.5 * exact.sign()).trunc().int()
    return first.to(device), fixed.to(device)


def _weight(distance: Tensor, kernel: Kernel) -> Tensor:
    """The kernel at distances in pixels; bicubic is Keys' with a = -0.5."""
    x = distance.abs()
    if kernel == "bilinear":
        return (1 - x).clamp_min(0)
    near = (1.5 * x - 2.5) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
