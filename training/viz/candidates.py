"""The masks that several queries find for one target, held against the truth.

Letters: k queries, S side of the model's input, H and W of the picture in it, N targets.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from geoseg.errors import EngineError, InstructionError
from training.eval.tallies import iou
from training.fit.batches import Collation
from training.fit.examining import RULES, held
from training.fit.examples import Example
from training.fit.lesson import Lesson
from training.viz.mosaic import Candidates


@torch.inference_mode()
def candidates(
    lesson: Lesson, collation: Collation, example: Example, *, target: int, forced: bool = False
) -> Candidates:
    """What is found for the target with this number, from 0, as it lies in the model's input.

    InstructionError for a number that the example has no target of, EngineError if the model names
    too few targets.
    """
    named = len(example.masks)
    if not 0 <= target < named:
        raise InstructionError(
            f"The target {target + 1} is none of {example.name}, which has {named}."
        )
    batch = collation([example], [0]).to(next(lesson.parameters()).device)
    lesson.eval()
    found = lesson.predict(batch, end=collation.codec.end, forced=forced)
    if target >= len(found.logits):
        raise EngineError(
            f"The model names {len(found.logits)} targets for {example.name}, and the one to draw "
            f"is number {target + 1}.",
            hint="Give --teacher-forced, and it reads the true answer.",
        )
    table = held(found.logits, batch)
    side = batch.masks.shape[-1]
    width, height = (batch.extent[target] * side).round().long().tolist()
    own = found.logits[target][None].float()  # (1, k, h, w)
    grown = F.interpolate(own, (side, side), mode="bilinear", align_corners=False)[0] > 0
    picture = batch.views.segmentation[0, :, :height, :width].permute(1, 2, 0)
    return Candidates(
        picture=picture.cpu().numpy(),
        truth=(batch.masks[target, :height, :width] >= 128).cpu().numpy(),
        masks=grown[:, :height, :width].cpu().numpy(),
        scores=tuple(found.scores[target].float().tolist()),
        ious=tuple(iou(one, RULES) for one in table[target]),
    )
