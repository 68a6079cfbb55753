"""Chips to model inputs, and mask logits back to chips.

A chip smaller than the window is padded at its right and bottom with grey, before normalisation,
as invalid pixels are. Letters: B chips, W window side, S input side, h and w mask cells.
Used by inference and training; nothing else normalises pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from geoseg.segearth.config import EncoderConfig, SegEarthConfig
from geoseg.segearth.model import Pixels

GREY = 128
"""Value of pixels that hold no picture, 0-255."""

ABSENT = -16.0
"""Logit where there is no picture."""


def pad_chips(rgbs: Sequence[Tensor], valids: Sequence[Tensor], window: int) -> Tensor:
    """(3, H, W) uint8 chips and their (H, W) bool validity to one (B, 3, W, W) uint8 batch.

    Raises ValueError for a chip larger than the window.
    """
    batch = torch.full((len(rgbs), 3, window, window), GREY, dtype=torch.uint8)
    for picture, rgb, valid in zip(batch, rgbs, valids, strict=True):
        height, width = rgb.shape[-2:]
        if height > window or width > window:
            raise ValueError(
                f"A chip of {width} x {height} pixels does not fit the model's window of "
                f"{window} x {window}."
            )
        picture[:, :height, :width] = torch.where(valid, rgb, GREY)
    return batch


def to_pixels(pictures: Tensor, config: SegEarthConfig) -> Pixels:
    """(B, 3, W, W) uint8 windows to normalised inputs of the model."""
    exact = pictures.float()
    language = None
    if config.siglip is not None:
        language = _resize(exact, config.siglip.image_size, "bicubic").clamp(0, 255) / 127.5 - 1
    sized = _resize(exact, config.input_size, "bilinear")
    return Pixels(normalise(sized, config.encoder), language)


def normalise(pictures: Tensor, encoder: EncoderConfig) -> Tensor:
    """(B, 3, H, W) on the 0-255 scale to float32 in the encoder's units."""
    mean = torch.tensor(encoder.mean, device=pictures.device)[:, None, None]
    std = torch.tensor(encoder.std, device=pictures.device)[:, None, None]
    return (pictures.float() - mean) / std


def crop_logits(logits: Tensor, valid: Tensor, config: SegEarthConfig) -> Tensor:
    """(N, h, w) window logits to the (N, ceil(H / stride), ceil(W / stride)) float32 of a chip.

    Cells without any valid pixel of the (H, W) bool `valid` become ABSENT.
    """
    stride, side = config.mask_stride, config.window // config.mask_stride
    exact = logits.float()
    if exact.shape[-2:] != (side, side):
        size = (side, side)
        exact = F.interpolate(exact[None], size, mode="bilinear", align_corners=False)[0]
    height, width = (math.ceil(n / stride) for n in valid.shape)
    seen = F.max_pool2d(valid[None, None].float(), stride, ceil_mode=True)[0, 0] > 0
    return torch.where(seen, exact[:, :height, :width], ABSENT)


def _resize(pictures: Tensor, side: int, mode: str) -> Tensor:
    if pictures.shape[-2:] == (side, side):
        return pictures
    return F.interpolate(pictures, (side, side), mode=mode, align_corners=False, antialias=True)
