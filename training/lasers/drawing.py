"""Masks laid over pictures as outlines, for models that look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy import ndimage

from training.lasers.proposing import Mask, Rgb

COLORS: Final = ((230, 30, 30), (40, 90, 255), (255, 220, 0), (235, 50, 225))
"""Red, blue, yellow and magenta, as `prompts.COLORS` names them."""


def outlined(picture: Rgb, masks: Sequence[Mask]) -> Rgb:
    """A picture (H, W, 3) with a line around each mask, outside of it, so that it stays seen."""
    drawn = picture.copy()
    width = max(1, round(max(picture.shape[:2]) / 400))
    for mask, color in zip(masks, COLORS, strict=False):
        ring = ndimage.binary_dilation(mask, iterations=width + 1)
        ring &= ~ndimage.binary_dilation(mask)
        drawn[ring] = np.array(color, np.uint8)
    return drawn
