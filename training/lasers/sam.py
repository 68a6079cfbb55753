"""SAM and SAM 2 as proposers: a picture is encoded once, and its points are asked in batches.

Letters: N points, three masks for each; h w of the low-resolution logits, H W of the picture, S the
side of what the model sees.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import Sam2Model, SamModel

from geoseg.engines.devices import find_device
from training.fit.heads import open_sam as open_model
from training.lasers.grids import Points
from training.lasers.proposing import Proposal, Rgb, Thresholds

_MEAN: Final = (123.675, 116.28, 103.53)
_STD: Final = (58.395, 57.12, 57.375)

_BATCH: Final = 64
"""Points that are asked at once."""

_OFFSET: Final = 1.0
"""Of the logits, stricter and laxer, between which a mask has to be stable."""


def open_sam(name: Literal["sam", "sam2"], weights: Path | None, device: str) -> SamProposer:
    """A proposer from a folder of the transformers library; tiny and random without one.

    CheckpointError where the folder holds none.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the tiny one is the same in every run
        model = open_model(name, str(weights) if weights else "")
    return SamProposer(model, find_device(device), trained=weights is not None)


class SamProposer:
    """Three masks for each point, with the IoU that the model predicts."""

    thresholds: Thresholds

    def __init__(
        self, model: SamModel | Sam2Model, device: torch.device, *, trained: bool = True
    ) -> None:
        loaded: Any = model
        self.model = loaded.to(device).eval()
        self.device = device
        self.first = isinstance(model, SamModel)
        # Random weights predict no quality: what they draw is let through to show the path.
        self.thresholds = Thresholds(0.88, 0.92) if trained else Thresholds(-1e9, 0.0)

    @torch.inference_mode()
    def propose(self, picture: Rgb, points: Points) -> list[Proposal]:
        """Three masks for each point, in the points' order."""
        pixels, scale = self._pixels(picture)
        maps = self.model.get_image_embeddings(pixels)
        found: list[Proposal] = []
        for start in range(0, len(points), _BATCH):
            some = points[start : start + _BATCH]
            # The model itself moves points by half a pixel, to their centres.
            places = torch.as_tensor(some, dtype=torch.float32) * torch.tensor(scale) - 0.5
            answer = self.model(
                image_embeddings=maps,
                input_points=places[None, :, None].to(self.device),  # (1, N, 1, 2)
                multimask_output=True,
            )
            logits = self._at_size(answer.pred_masks[0], picture.shape[:2], scale)  # (N, 3, H, W)
            found += _proposals(logits, answer.iou_scores[0], some)
        return found

    def _pixels(self, picture: Rgb) -> tuple[Tensor, tuple[float, float]]:
        """(1, 3, S, S), and how many of its pixels one of the picture is, in x and y.

        SAM keeps the shape of a picture and pads it below and at the right; SAM 2 stretches it.
        """
        side, (height, width) = self._side(), picture.shape[:2]
        rgb = torch.as_tensor(picture.copy()).permute(2, 0, 1)[None].float().to(self.device)
        seen = (side, side)
        if self.first:
            ratio = side / max(height, width)
            seen = (max(1, round(height * ratio)), max(1, round(width * ratio)))
        sized = F.interpolate(rgb, seen, mode="bilinear", antialias=True)
        mean, std = (torch.tensor(v, device=self.device)[:, None, None] for v in (_MEAN, _STD))
        padded = F.pad((sized - mean) / std, (0, side - seen[1], 0, side - seen[0]))
        return padded, (seen[1] / width, seen[0] / height)

    def _at_size(self, logits: Tensor, size: tuple[int, ...], scale: tuple[float, float]) -> Tensor:
        side, (height, width) = self._side(), size
        if not self.first:
            return F.interpolate(logits.float(), (height, width), mode="bilinear").cpu()
        whole = F.interpolate(logits.float(), (side, side), mode="bilinear")
        seen = whole[:, :, : round(height * scale[1]), : round(width * scale[0])]
        return F.interpolate(seen, (height, width), mode="bilinear").cpu()

    def _side(self) -> int:
        return int(self.model.config.prompt_encoder_config.image_size)


def _proposals(logits: Tensor, quality: Tensor, points: Points) -> list[Proposal]:
    found = []
    for (x, y), masks, scores in zip(points, logits, quality.cpu(), strict=True):
        for mask, score in zip(masks, scores, strict=True):
            lax = int((mask > -_OFFSET).sum())
            stable = int((mask > _OFFSET).sum()) / lax if lax else 0.0
            drawn = (mask > 0).numpy()
            found.append(Proposal(drawn, float(score), stable, (float(x), float(y))))
    return found
