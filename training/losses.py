"""The paper's losses, one plain function of tensors per symbol.

``L = L_t + w_b L_b + w_d L_d + λ_S L_S``: text, binary mask, dice, spatial attention.

Letters: N masks, P points or cells of a mask, Q questions, A answer tokens, V answer words,
L layers, H heads, T image tokens. Everything is computed in float32, whatever comes in.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Variant = Literal["paper", "released", "signed"]

_EPSILON = {"paper": 1e-12, "released": 1e-8, "signed": 1e-12}


def L_t(logits: Tensor, answer_ids: Tensor, answer_mask: Tensor) -> Tensor:
    """Mean cross-entropy over the answer tokens that are real.

    logits (Q, A, V), where ``logits[:, i]`` predicts token i; answer_ids (Q, A) rows of the
    head; answer_mask (Q, A) bool, False on padding.
    """
    kept = answer_mask.bool()
    if not bool(kept.any()):
        return logits.float().sum() * 0.0
    return F.cross_entropy(logits[kept].float(), answer_ids[kept])


def L_b(
    point_logits: Tensor, point_labels: Tensor, num_masks: float, weight: Tensor | None = None
) -> Tensor:
    """Binary cross-entropy: mean over the points of a mask, summed over masks / num_masks.

    point_logits, point_labels (N, P); labels may be fractions (area coverage). weight (N, P)
    is 0 where the label is not known.
    """
    loss = F.binary_cross_entropy_with_logits(
        point_logits.float(), point_labels.float(), reduction="none"
    )
    if weight is None:
        return loss.mean(1).sum() / num_masks
    known = weight.float()
    return ((loss * known).sum(1) / known.sum(1).clamp(min=1.0)).sum() / num_masks


def L_d(
    point_logits: Tensor, point_labels: Tensor, num_masks: float, weight: Tensor | None = None
) -> Tensor:
    """Dice with +1 smoothing per mask, summed over masks / num_masks. Shapes as in L_b."""
    foreground = point_logits.float().sigmoid()
    labels = point_labels.float()
    if weight is not None:
        foreground, labels = foreground * weight.float(), labels * weight.float()
    overlap = 2.0 * (foreground * labels).sum(1) + 1.0
    extent = foreground.sum(1) + labels.sum(1) + 1.0
    return (1.0 - overlap / extent).sum() / num_masks


def L_S(rows: Tensor, grid: Tensor, variant: Variant = "released") -> Tensor:
    """Attention of each ``[SEG]`` row to its target: -log of the squared gap to the background.

    rows (L, H, N, T) post-softmax attention, not renormalised; grid (N, T) bool, the target on
    the token grid (see `target_grid`). Masks without a foreground cell are left out.
    """
    target = grid.bool()
    kept = target.any(1)
    if not bool(kept.any()):
        return rows.float().sum() * 0.0
    attention, target = rows.float()[:, :, kept], target[kept]
    maps = attention.sum(1) if variant == "released" else attention.mean((0, 1))[None]
    background = (~target).float()
    mean_outside = (maps * background).sum(-1) / background.sum(-1).clamp(min=1.0)
    gap = maps - mean_outside[..., None]
    if variant == "signed":
        gap = gap.relu()
    squared = (gap.square() * target).sum(-1) / target.sum(-1)
    per_mask = -torch.log(squared + _EPSILON[variant]).sum(0)
    return per_mask.sum() / (grid.shape[0] if variant == "released" else len(target))


def target_grid(masks: Tensor, height: int, width: int) -> Tensor:
    """Masks (N, h, w) on the token grid (N, height*width) bool; no target is lost.

    Max pooling: nearest or bilinear reduction loses half of the targets of 20 px.
    """
    pooled = F.adaptive_max_pool2d(masks[:, None].float(), (height, width))
    return pooled.flatten(1) >= 0.5 if len(masks) else pooled.flatten(1).bool()


def sample_points(maps: Tensor, points: Tensor) -> Tensor:
    """Bilinear values of maps (N, h, w) at points (N, P, 2) given as (x, y) in [0, 1] → (N, P)."""
    grid = (2.0 * points - 1.0)[:, :, None]
    sampled = F.grid_sample(maps[:, None].float(), grid.float(), align_corners=False)
    return sampled[:, 0, :, 0]


def choose_points(
    logits: Tensor,
    count: int = 12_544,
    *,
    oversample: float = 3.0,
    importance: float = 0.75,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Points (N, count, 2) in [0, 1]: most where the logits (N, h, w) are nearest to 0.

    Draws ``oversample x count`` uniform points, keeps the ``importance x count`` least certain
    ones, adds fresh uniform ones. Carries no gradient. PointRend's rule, as Mask2Former uses it.
    """
    with torch.no_grad():
        drawn = int(count * oversample)
        candidates = torch.rand(len(logits), drawn, 2, generator=generator).to(logits.device)
        certainty = sample_points(logits, candidates).abs()
        kept = int(count * importance)
        nearest = certainty.topk(kept, dim=1, largest=False).indices
        chosen = candidates.gather(1, nearest[..., None].expand(-1, -1, 2))
        fresh = torch.rand(len(logits), count - kept, 2, generator=generator).to(logits.device)
        return torch.cat([chosen, fresh], 1)


def uniform_attention_loss(variant: Variant) -> float:
    """What L_S is per map when no cell stands out: ``-log ε``, its upper end."""
    return -math.log(_EPSILON[variant])
