"""Masks that a proposer draws for points, and which of them are worth looking at. Paper: 7.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from training.lasers.grids import Points

Mask = NDArray[np.bool_]
Rgb = NDArray[np.uint8]

ProposerName = Literal["none", "floodfill", "sam", "sam2"]


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A mask that was drawn for a point."""

    mask: Mask
    """(H, W) of the picture that was given."""

    quality: float
    """What the proposer thinks of it: SAM's predicted IoU. 0 to 1."""

    stability: float
    """IoU of what it becomes under a stricter and a laxer threshold. 0 to 1."""

    point: tuple[float, float]
    """x, y in pixels of the picture that was given."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a proposal must have to be kept."""

    quality: float
    stability: float
    min_pixels: int = 32
    max_share: float = 0.95
    """Of the picture that was given."""

    overlap: float = 0.7
    """IoU from which on two masks are one thing, and only the better is kept."""


class MaskProposer(Protocol):
    """Draws masks for points."""

    thresholds: Thresholds
    """By default: the paper names none, and what a score means depends on who gives it."""

    def propose(self, picture: Rgb, points: Points) -> list[Proposal]:
        """Up to three masks for each point (N, 2) of a picture (H, W, 3), in the points' order."""


def open_proposer(name: ProposerName, weights: Path | None, device: str) -> MaskProposer | None:
    """A proposer by name; None for "none".

    SAM and SAM 2 are read from a folder of the transformers library; without one they are tiny and
    random, which only shows that everything runs. CheckpointError where it holds no such model.
    """
    if name == "none":
        return None
    if name == "floodfill":
        from training.lasers.regions import FloodFillProposer

        return FloodFillProposer()
    from training.lasers.sam import open_sam

    return open_sam(name, weights, device)


def selected(
    proposals: Sequence[Proposal], thresholds: Thresholds, taken: Sequence[Mask] = ()
) -> list[Proposal]:
    """The proposals that pass, best first, each thing once and none that is `taken` already."""
    good = [one for one in proposals if _passes(one, thresholds)]
    good.sort(key=lambda one: -one.quality * one.stability)
    kept: list[Proposal] = []
    for one in good:
        others = (*taken, *(other.mask for other in kept))
        if all(mask_iou(one.mask, other) < thresholds.overlap for other in others):
            kept.append(one)
    return kept


def mask_iou(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks; 0 where both are empty."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0


def _passes(one: Proposal, thresholds: Thresholds) -> bool:
    pixels = np.count_nonzero(one.mask)
    return bool(
        one.quality >= thresholds.quality
        and one.stability >= thresholds.stability
        and thresholds.min_pixels <= pixels <= thresholds.max_share * one.mask.size
    )
