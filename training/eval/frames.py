"""The pixels in which masks are compared. Letters: N masks, H and W of a picture, S of a frame.

native   the picture's own: logits resized bilinearly, then cut at 0. The default.
1024     the released evaluation: the letterboxed square, true masks enlarged bilinearly, and all
         that is above 0 is foreground, which widens them by up to a pixel
480      RMSIN: the picture squashed to a square; true masks by nearest neighbour

Found masks are always cut after their logits are resized: a binary mask, resized, has steps.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from geoseg.segearth.preprocess import Letterbox, picture_logits
from training.eval.conventions import Frame


def found_in(logits: Tensor, box: Letterbox, frame: Frame) -> Tensor:
    """(N, h, w) logits of the model's square input as (N, ·, ·) bool masks of the frame."""
    if not len(logits):
        return truth_in(torch.zeros(0, box.height, box.width, dtype=torch.bool), frame)
    if frame == "1024":
        whole = F.interpolate(
            logits.float()[None], (1024, 1024), mode="bilinear", align_corners=False
        )
        return whole[0] > 0
    native = picture_logits(logits, box)
    if frame == "native":
        return native > 0
    return F.interpolate(native[None], (480, 480), mode="bilinear", align_corners=False)[0] > 0


def truth_in(masks: Tensor, frame: Frame) -> Tensor:
    """(N, H, W) bool masks of a picture as masks of the frame.

    In the letterboxed frame they lie where the picture lies, at its top left; outside is nothing.
    """
    if frame == "native":
        return masks
    side = int(frame)
    framed = torch.zeros(len(masks), side, side, dtype=torch.bool)
    if not len(masks):
        return framed
    if frame == "480":
        return F.interpolate(masks[None].float(), (side, side), mode="nearest")[0] > 0
    height, width = Letterbox(masks.shape[1], masks.shape[2], side).scaled
    size = (height, width)
    sized = F.interpolate(masks[None].float(), size, mode="bilinear", align_corners=False)
    framed[:, :height, :width] = sized[0] > 0
    return framed
