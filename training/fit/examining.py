"""How well the masks of held-out examples are found, in the frame of the model's input.

Masks are paired and counted as `training.eval` does it, ``ordered``: the last one again where one
is missing, nothing where there is none, surplus ones dropped. Answers are generated, or given with
``forced``, which tells the model how many targets there are and what they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from training.eval.pairing import Pair, pair
from training.eval.tallies import Rules, iou, tally
from training.fit.batches import Batch, Collation
from training.fit.examples import Example
from training.fit.lesson import Lesson, Prediction

RULES = Rules()
"""Of an IoU here: 1 where nothing is there and nothing was found."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Masks of held-out examples, found and true, in their order."""

    picked: tuple[Pair, ...]
    """Of the mask that the model gives."""

    best: tuple[Pair, ...]
    """Of the best of its masks for a target; `picked` again where it has one."""


@torch.inference_mode()
def examine(
    lesson: Lesson, collation: Collation, examples: Sequence[Example], *, forced: bool = False
) -> Looks:
    """How the masks of the examples are found; the lesson is put back as it was."""
    learning = [module for module in lesson.modules() if module.training]
    lesson.eval()
    device = next(lesson.parameters()).device
    picked: list[Pair] = []
    best: list[Pair] = []
    for example in examples:
        batch = collation([example], [0]).to(device)
        found = lesson.predict(batch, end=collation.codec.end, forced=forced)
        table = held(found.logits, batch)
        picked += [row[int(k)] for row, k in zip(table, _places(found, table), strict=True)]
        best += [max(row, key=lambda one: iou(one, RULES)) for row in table]
    for module in learning:
        module.training = True
    return Looks(tuple(picked), tuple(best))


def _places(found: Prediction, table: Sequence[Sequence[Pair]]) -> list[int]:
    """Of the N masks, which query of its target the model picks."""
    top = found.scores.argmax(1).tolist()
    return [top[min(i, len(top) - 1)] if top else 0 for i in range(len(table))]


def held(logits: Tensor, batch: Batch) -> list[list[Pair]]:
    """Predicted logits (M, k, h, w) against the N masks of a batch of one: N rows of k pairs."""
    truth = (batch.masks >= 128).cpu().numpy()  # (N, S, S)
    if not len(truth):
        return []
    columns = [pair(_grown(own, batch), truth, "ordered") for own in logits.unbind(1)]
    return [list(row) for row in zip(*columns, strict=True)]


def _grown(logits: Tensor, batch: Batch) -> NDArray[np.bool_]:
    """Logits (M, h, w) as masks (M, S, S) of the input; nothing beside the picture."""
    side = batch.masks.shape[-1]
    found = np.zeros((len(logits), side, side), dtype=bool)
    if len(logits):
        width, height = (batch.extent[0] * side).round().long().tolist()
        own = logits[None].float()
        grown = F.interpolate(own, (side, side), mode="bilinear", align_corners=False)[0] > 0
        found[:, :height, :width] = grown[:, :height, :width].cpu().numpy()
    return found


def scores(found: Sequence[Pair]) -> dict[str, float]:
    """gIoU: mean IoU over masks. cIoU: all pixels in both over all in either. 0 without masks."""
    total = tally(found, RULES)
    return {"giou": total.giou, "ciou": total.ciou, "masks": float(total.masks)}
