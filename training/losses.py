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


def L_t(
    logits: Tensor, answer_ids: Tensor, answer_mask: Tensor, num_tokens: float | None = None
) -> Tensor:
    """Cross-entropy summed over the answer tokens that are real / num_tokens (None: their number).

    logits (Q, A, V), where ``logits[:, i]`` predicts token i; answer_ids (Q, A) rows of the
    head; answer_mask (Q, A) bool, False on padding.
    """
    kept = answer_mask.bool()
    if not bool(kept.any()):
        return logits.float().sum() * 0.0
    total = F.cross_entropy(logits[kept].float(), answer_ids[kept], reduction="sum")
    return total / (int(kept.sum()) if num_tokens is None else num_tokens)


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


def L_S(
    rows: Tensor, grid: Tensor, variant: Variant = "released", num_masks: float | None = None
) -> Tensor:
    """Attention of each ``[SEG]`` row to its target: -log of the squared gap to the background.

    rows (L, H, N, T) post-softmax attention, not renormalised; grid (N, T) bool, the target on
    the token grid (see `target_grid`). Masks without a foreground cell are left out. Summed over
    masks / num_masks (None: all masks for ``released``, those kept for the others). Section 4.1,
    averaged over layers and heads, is ``paper``; ``signed`` rewards only attention above the
    background; the published code (``released``) sums over heads and has one term per layer.
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
    return per_mask.sum() / (attention_count(grid, variant) if num_masks is None else num_masks)


def attention_count(grid: Tensor, variant: Variant) -> int:
    """Masks by whose number L_S is divided: ``released`` counts those without foreground too."""
    return len(grid) if variant == "released" else int(grid.bool().any(1).sum())


def target_grid(masks: Tensor, height: int, width: int) -> Tensor:
    """Masks (N, h, w) on the token grid (N, height*width) bool; no target is lost.

    Max pooling: nearest or bilinear reduction loses half of the targets of 20 px.
    """
    pooled = F.adaptive_max_pool2d(masks[:, None].float(), (height, width))
    return pooled.flatten(1) >= 0.5 if len(masks) else pooled.flatten(1).bool()


def released_grid(masks: Tensor, height: int, width: int) -> Tensor:
    """Masks (N, h, w) on the token grid (N, height*width) bool, as the published code reduces them.

    Nearest to 800 x 800, bilinear without antialiasing to the grid, above 0: targets of 20 px of
    800 are lost in half of their positions. For comparison only.
    """
    if not len(masks):
        return masks.new_zeros((0, height * width), dtype=torch.bool)
    square = F.interpolate(masks[:, None].float(), size=(800, 800), mode="nearest")
    small = F.interpolate(square, size=(height, width), mode="bilinear", align_corners=False)
    return small.flatten(1) > 0


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
    extent: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Points (N, count, 2) in [0, 1]: most where the logits (N, h, w) are nearest to 0.

    Draws ``oversample x count`` uniform points, keeps the ``importance x count`` least certain
    ones, adds fresh uniform ones. Carries no gradient. PointRend's rule, as Mask2Former uses it.
    extent (N, 2): the share of width and height, from the top left, that is picture; no point
    falls on the padding beyond it.
    """
    with torch.no_grad():
        drawn = int(count * oversample)
        room = 1.0 if extent is None else extent[:, None].to(logits.device)
        candidates = room * _uniform(len(logits), drawn, logits.device, generator)
        certainty = sample_points(logits, candidates).abs()
        kept = int(count * importance)
        nearest = certainty.topk(kept, dim=1, largest=False).indices
        chosen = candidates.gather(1, nearest[..., None].expand(-1, -1, 2))
        fresh = room * _uniform(len(logits), count - kept, logits.device, generator)
        return torch.cat([chosen, fresh], 1)


def _uniform(
    maps: int, count: int, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """(maps, count, 2) in [0, 1), drawn where the generator lives."""
    source = device if generator is None else generator.device
    return torch.rand(maps, count, 2, generator=generator, device=source).to(device)


def uniform_attention_loss(variant: Variant) -> float:
    """What L_S is per map when no cell stands out: ``-log ε``, its upper end."""
    return -math.log(_EPSILON[variant])
