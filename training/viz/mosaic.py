"""The k masks of one target in one figure, two of them framed. Paper: Figures 13 to 16.

Letters: k masks, H and W of the picture that they lie on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from training.viz.figures import overlay, shrunk

PICKED, BEST = "#e00000", "#00a000"
"""Frames: of the mask that the model takes, and of the one nearest to the truth."""

_LONGEST = 160
"""Pixels of a mask's longer side in a figure."""

_GAP, _LABEL = 12, 20
"""Between cells, and above each for its words, in the same pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What was found for one target."""

    picture: NDArray[np.uint8]
    """(H, W, 3)."""

    truth: NDArray[np.bool_]
    """(H, W)."""

    masks: NDArray[np.bool_]
    """(k, H, W)."""

    scores: tuple[float, ...]
    """Of each, as the model sees it; the highest is picked."""

    ious: tuple[float, ...]
    """Of each with the truth."""

    @property
    def picked(self) -> int:
        """Number of the mask with the highest score, from 0."""
        return int(np.argmax(self.scores))

    @property
    def best(self) -> int:
        """Number of the mask with the highest IoU, from 0."""
        return int(np.argmax(self.ious))


def mosaic_figure(shown: Candidates, title: str) -> Figure:
    """Picture, truth, and every mask with its score and IoU.

    Red is picked, green is best; where both are one mask, the green frame is around the red one.
    """
    step = shrunk(shown.truth.shape, _LONGEST)
    picture = shown.picture[::step, ::step]
    planes = [overlay(picture, mask[None, ::step, ::step]) for mask in shown.masks]
    cells = [picture, overlay(picture, shown.truth[None, ::step, ::step]), *planes]
    words = ["picture", "truth"] + [
        f"{i + 1}: {score:.2f}, IoU {iou:.2f}"
        for i, (score, iou) in enumerate(zip(shown.scores, shown.ious, strict=True))
    ]
    height, width = picture.shape[:2]
    across = math.ceil(math.sqrt(len(cells)))
    pitch = (height + _GAP + _LABEL, width + _GAP)
    corners = [
        (pitch[0] * (i // across) + _LABEL, pitch[1] * (i % across) + _GAP)
        for i in range(len(cells))
    ]
    size = (pitch[0] * -(-len(cells) // across) + _GAP, pitch[1] * across + _GAP)
    canvas = np.full((*size, 3), 255, np.uint8)
    for (top, left), cell in zip(corners, cells, strict=True):
        canvas[top : top + height, left : left + width] = cell
    figure = Figure(figsize=(size[1] / 100, size[0] / 100 + 0.4))
    figure.suptitle(title, fontsize=9, parse_math=False)
    axes = figure.add_axes((0, 0, 1, size[0] / (size[0] + 40)))
    axes.imshow(canvas)
    axes.set_axis_off()
    letters = min(6.0, 0.115 * width)  # as many points as fit a cell's words
    for (top, left), text in zip(corners, words, strict=True):
        axes.text(left, top - 7, text, fontsize=letters, va="bottom")
    frames = ((shown.picked, PICKED, 2), (shown.best, BEST, 5 if shown.best == shown.picked else 2))
    for number, color, away in frames:
        top, left = corners[number + 2]
        corner = (left - away, top - away)
        sides = (width + 2 * away - 1, height + 2 * away - 1)
        axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=color, linewidth=2))
    return figure
