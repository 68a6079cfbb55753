"""What the model said and drew about a chip, as an answer.

Shapes: (S, h, w) logits cropped to the chip at the mask stride, one map per [SEG] of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from geoseg.dialogue import Instance, Target, TargetAnswer, TileAnswer
from geoseg.errors import EngineError
from geoseg.segearth.generate import Generation
from geoseg.segearth.preprocess import ABSENT
from geoseg.segearth.prompt import parse_reply
from geoseg.tiling import Tile


def tile_answer(tile: Tile, reply: Generation, text: str, logits: Tensor, named: str) -> TileAnswer:
    """The answer about one tile; `text` is what the reply says, `logits` what it drew.

    A [SEG] without a phrase is called `named`. Several of one target become one: the larger
    logit, and the score weighted by foreground; each is kept as an instance too. A [SEG] without
    foreground found nothing. EngineError when a logit is not finite.
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
    drawn = [_instance(mask, sure) for mask, sure in masks]
    if len(drawn) == 1:
        return TargetAnswer(target, drawn[0].score, drawn[0].logits)
    areas = [int((mask > 0).sum()) for mask, _ in masks]
    score = sum(a * one.score for a, one in zip(areas, drawn, strict=True)) / sum(areas)
    logits = np.maximum.reduce([one.logits for one in drawn])
    return TargetAnswer(target, score, logits, tuple(drawn))


def _instance(mask: Tensor, sure: float) -> Instance:
    score = float(mask[mask > 0].sigmoid().mean()) * sure
    return Instance(score, mask.clamp(ABSENT, -ABSENT).half().numpy())
