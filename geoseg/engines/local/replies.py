"""What the model said and drew about a chip, as an answer.

Shapes: (S, h, w) logits cropped to the chip at the mask stride, one map per [SEG] of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, stack

from geoseg.dialogue import Target, TargetAnswer, TileAnswer
from geoseg.errors import EngineError
from geoseg.segearth.generate import Generation
from geoseg.segearth.preprocess import ABSENT
from geoseg.segearth.prompt import parse_reply
from geoseg.tiling import Tile


def tile_answer(tile: Tile, reply: Generation, text: str, logits: Tensor, named: str) -> TileAnswer:
    """The answer about one tile; `text` is what the reply says, `logits` what it drew.

    A [SEG] without a phrase is called `named`. Several of one target become one: the larger
    logit, and the score weighted by foreground. A [SEG] without foreground found nothing.
    EngineError when a logit is not finite.
    """
    if not bool(logits.isfinite().all()):
        raise EngineError("The model's mask is not finite.")
    parts: dict[Target, list[tuple[Tensor, float]]] = {}
    for phrase, mask, sure in zip(
        parse_reply(text), logits, reply.seg_probability.tolist(), strict=True
    ):
        if bool((mask > 0).any()):
            target = Target.named(phrase or named)
            parts.setdefault(target, []).append((mask, sure))
    found = tuple(_merged(target, masks) for target, masks in parts.items())
    return TileAnswer(tile, text, reply.finish, found)


def _merged(target: Target, masks: Sequence[tuple[Tensor, float]]) -> TargetAnswer:
    areas = [int((mask > 0).sum()) for mask, _ in masks]
    scores = [float(mask[mask > 0].sigmoid().mean()) * sure for mask, sure in masks]
    score = sum(a * s for a, s in zip(areas, scores, strict=True)) / sum(areas)
    logits = stack([mask for mask, _ in masks]).amax(dim=0).clamp(ABSENT, -ABSENT)
    return TargetAnswer(target, score, logits.half().numpy())
