"""How well the masks of held-out examples are found, in the frame of the model's input.

Masks are compared one to one in the order of the answer (``ordered``): a missing one repeats the
last, none is empty, surplus ones are dropped. Answers are generated, or given with ``forced``,
which tells the model how many targets there are and what they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.fit.batches import Batch, Collation
from training.fit.examples import Example
from training.fit.lesson import Lesson, Prediction


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixels of one pair of masks."""

    both: int
    either: int

    def iou(self) -> float:
        """1 where both are empty."""
        return self.both / self.either if self.either else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Overlaps of the masks of held-out examples, in their order."""

    picked: tuple[Overlap, ...]
    """Of the mask that the model gives."""

    best: tuple[Overlap, ...]
    """Of the best of its masks for a target; `picked` again where it has one."""


@torch.inference_mode()
def examine(
    lesson: Lesson, collation: Collation, examples: Sequence[Example], *, forced: bool = False
) -> Looks:
    """How the masks of the examples are found; the lesson is put back as it was."""
    learning = [module for module in lesson.modules() if module.training]
    lesson.eval()
    device = next(lesson.parameters()).device
    picked: list[Overlap] = []
    best: list[Overlap] = []
    for example in examples:
        batch = collation([example], [0]).to(device)
        found = lesson.predict(batch, end=collation.codec.end, forced=forced)
        table = overlaps(found.logits, batch)
        picked += [row[int(k)] for row, k in zip(table, _places(found, table), strict=True)]
        best += [max(row, key=Overlap.iou) for row in table]
    for module in learning:
        module.training = True
    return Looks(tuple(picked), tuple(best))


def _places(found: Prediction, table: Sequence[Sequence[Overlap]]) -> list[int]:
    """Of the N masks, which query of its target the model picks."""
    top = found.scores.argmax(1).tolist()
    return [top[min(i, len(top) - 1)] if top else 0 for i in range(len(table))]


def overlaps(logits: Tensor, batch: Batch) -> list[list[Overlap]]:
    """Of predicted logits (M, k, h, w) and the N masks of a batch of one, ordered: N rows of k."""
    truth = batch.masks >= 128  # (N, S, S)
    if not len(truth):
        return []
    if not len(logits):
        return [[Overlap(0, int(mask.sum()))] for mask in truth]
    side = truth.shape[-1]
    width, height = (batch.extent[0] * side).round().long().tolist()
    table = []
    for i, mask in enumerate(truth):
        own = logits[min(i, len(logits) - 1)][None].float()  # (1, k, h, w)
        grown = F.interpolate(own, (side, side), mode="bilinear", align_corners=False)[0] > 0
        grown[:, height:], grown[:, :, width:] = False, False
        table.append([Overlap(int((g & mask).sum()), int((g | mask).sum())) for g in grown])
    return table


def scores(found: Sequence[Overlap]) -> dict[str, float]:
    """gIoU: mean IoU over masks. cIoU: all pixels in both over all in either."""
    if not found:
        return {"giou": 0.0, "ciou": 0.0, "masks": 0.0}
    either = sum(pair.either for pair in found)
    return {
        "giou": sum(pair.iou() for pair in found) / len(found),
        "ciou": sum(pair.both for pair in found) / either if either else 1.0,
        "masks": float(len(found)),
    }
