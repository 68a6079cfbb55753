"""Chips and pictures to model inputs, and mask logits back to them.

A chip is a window of a scene at its own resolution; one smaller than the window is padded at its
right and bottom with grey, before normalisation, as invalid pixels are. A picture is of any size:
its longer side is scaled to the input, the rest is grey. The SigLIP tower sees no padding: its view
is the chip or the picture squashed to a square, as the published model was trained.
Letters: B chips, W window side, S input side, H and W of a chip or picture, h and w mask cells.
Used by inference and training; nothing else normalises pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from geoseg.segearth.config import EncoderConfig, SegEarthConfig, SiglipConfig
from geoseg.segearth.model import Pixels
from geoseg.segearth.resample import resample

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


def to_pixels(
    windows: Tensor, config: SegEarthConfig, shapes: Sequence[tuple[int, int]] | None = None
) -> Pixels:
    """(B, 3, W, W) uint8 windows to normalised inputs of the model.

    `shapes` are the (H, W) of the chips at their top left; without it chips fill their windows.
    """
    language = None
    if config.siglip is not None:
        whole = (windows.shape[-2], windows.shape[-1])
        language = _tower_views(windows, shapes or [whole] * len(windows), config.siglip)
    sized = _resize(windows.float(), config.input_size, "bilinear")
    return Pixels(normalise(sized, config.encoder), language)


def _tower_views(
    windows: Tensor, shapes: Sequence[tuple[int, int]], siglip: SiglipConfig
) -> Tensor:
    """The chips in (B, 3, W, W) windows, each squashed; together where they are of one shape."""
    if len(set(shapes)) == 1:
        height, width = shapes[0]
        return _tower_view(windows[..., :height, :width], siglip)
    chips = [w[:, :h, :v] for w, (h, v) in zip(windows, shapes, strict=True)]
    return torch.stack([_tower_view(chip, siglip) for chip in chips])


def _tower_view(picture: Tensor, siglip: SiglipConfig) -> Tensor:
    """(…, 3, H, W) uint8 chips squashed to (…, 3, side, side) in [-1, 1]."""
    return _signed(_squashed(picture, siglip))


def _squashed(picture: Tensor, siglip: SiglipConfig) -> Tensor:
    side = siglip.image_size
    return resample(picture, side, side, "bicubic")


def _signed(picture: Tensor) -> Tensor:
    return picture.float() / 127.5 - 1


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


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture lies in the model's square input: at its top left, longer side to side."""

    height: int
    width: int
    """Of the picture, in its own pixels."""

    side: int
    """Of the input, in input pixels."""

    @property
    def scaled(self) -> tuple[int, int]:
        """(height, width) of the picture in input pixels, halves rounded up."""
        longer = max(self.height, self.width)
        height, width = (
            max(1, (2 * n * self.side + longer) // (2 * longer)) for n in (self.height, self.width)
        )
        return height, width


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Pictures of one batch as both sides see them, 0-255: an eighth of normalised ones in size."""

    segmentation: Tensor
    """(B, 3, S, S) uint8, letterboxed."""

    language: Tensor | None
    """(B, 3, side, side) uint8, squashed; None without a SigLIP tower."""


def views(picture: Tensor, config: SegEarthConfig) -> tuple[Views, Letterbox]:
    """A (3, H, W) uint8 picture of any size as a batch of one, and where it lies in its input."""
    box = Letterbox(picture.shape[1], picture.shape[2], config.input_size)
    height, width = box.scaled
    sized = resample(picture, height, width, "bilinear")[None]
    if (height, width) != (box.side, box.side):
        sized = F.pad(sized, (0, box.side - width, 0, box.side - height), value=GREY)
    language = None if config.siglip is None else _squashed(picture, config.siglip)[None]
    return Views(sized, language), box


def from_views(seen: Views, config: SegEarthConfig) -> Pixels:
    """Views to normalised inputs of the model, on the device that they are on."""
    language = None if seen.language is None else _signed(seen.language)
    return Pixels(normalise(seen.segmentation, config.encoder), language)


def letterbox(picture: Tensor, config: SegEarthConfig) -> tuple[Pixels, Letterbox]:
    """A (3, H, W) uint8 picture of any size to the inputs of a batch of one, and where it lies."""
    seen, box = views(picture, config)
    return from_views(seen, config), box


def picture_logits(logits: Tensor, box: Letterbox, *, compat: bool = False) -> Tensor:
    """(N, h, w) logits of the input to the (N, H, W) float32 of the picture.

    The mask is where they are positive. `compat` stops where the released evaluation does: at the
    (N, side, side) map of the whole input, padding and all.
    """
    whole = _resize(logits.float()[None], box.side, "bilinear", antialias=False)[0]
    if compat:
        return whole
    height, width = box.scaled
    size = (box.height, box.width)
    picture = whole[None, :, :height, :width]
    return F.interpolate(picture, size, mode="bilinear", align_corners=False)[0]


def token_coverage(masks: Tensor, siglip: SiglipConfig) -> Tensor:
    """(N, H, W) masks of a picture to the (N, T) share of each token's cell that they cover.

    Tokens row by row, as the SigLIP tower gives them. The cells are whole patches from the top
    left of the squashed view, so its right and bottom rest (6 of 384 pixels) is in none.
    """
    side = siglip.image_size
    seen = side // siglip.patch * siglip.patch
    view = _resize(masks.float()[None], side, "bilinear")[0, :, :seen, :seen]
    return F.avg_pool2d(view, siglip.patch).flatten(1)


def _resize(pictures: Tensor, side: int, mode: str, antialias: bool = True) -> Tensor:
    if pictures.shape[-2:] == (side, side):
        return pictures
    size = (side, side)
    return F.interpolate(pictures, size, mode=mode, align_corners=False, antialias=antialias)
