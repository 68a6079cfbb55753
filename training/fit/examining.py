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

from training.fit.batches import Batch, Collation
from training.fit.examples import Example
from training.fit.lesson import Lesson


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixels of one pair of masks."""

    both: int
    either: int

    def iou(self) -> float:
        """1 where both are empty."""
        return self.both / self.either if self.either else 1.0


@torch.inference_mode()
def examine(
    lesson: Lesson, collation: Collation, examples: Sequence[Example], *, forced: bool = False
) -> list[Overlap]:
    """One overlap per mask of the examples, in order; the lesson is put back as it was."""
    learning = [module for module in lesson.modules() if module.training]
    lesson.eval()
    device = next(lesson.parameters()).device
    found: list[Overlap] = []
    for example in examples:
        batch = collation([example], [0]).to(device)
        logits = lesson.predict(batch, end=collation.codec.end, forced=forced)
        found += overlaps(logits, batch)
    for module in learning:
        module.training = True
    return found


def overlaps(logits: Tensor, batch: Batch) -> list[Overlap]:
    """Pairs of predicted logits (M, h, w) and the N masks of a batch of one, ordered."""
    truth = batch.masks >= 128  # (N, S, S)
    if len(logits):
        side = truth.shape[-1]
        grown = torch.nn.functional.interpolate(
            logits[None].float(), (side, side), mode="bilinear", align_corners=False
        )[0]
        predicted = grown > 0
        width, height = (batch.extent[0] * side).round().long().tolist() if len(truth) else (0, 0)
        predicted[:, height:], predicted[:, :, width:] = False, False
    pairs = []
    for i, mask in enumerate(truth):
        guess = predicted[min(i, len(logits) - 1)] if len(logits) else torch.zeros_like(mask)
        pairs.append(Overlap(int((guess & mask).sum()), int((guess | mask).sum())))
    return pairs


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
