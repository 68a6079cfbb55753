"""Several queries for each target: ``[SEG] [SEG2] … [SEGk]``, k masks, k scores. Paper: Figure 5.

In training the query that fits the target best is told apart from the others (Hungarian matching
of one target with k predictions, which is the cheapest one) and learns the mask; all learn their
score. When asked, the query with the highest score speaks for the target. Costs and weights are
those of Mask2Former (Cheng et al. 2022).

Letters: N targets, k queries, P points, h w cells.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.prompt import TextCodec
from training.fit.batches import Batch, Counts
from training.fit.lesson import Lesson, Prediction, mask_terms
from training.fit.newborn import with_words
from training.losses import sample_points

CLASS_COST, MASK_COST, DICE_COST = 2.0, 5.0, 5.0
_NOTHING = 0.1
"""Weight of the queries that found nothing, most of them, in the loss of the scores."""

_MATCH_SEED = 7


def add_queries(student: Checkpoint, queries: int) -> Checkpoint:
    """The model with tokens for all queries of a target, and a head that scores them.

    CheckpointError if its vocabulary has no room for the tokens.
    """
    tokenizer = Tokenizer.from_str(student.codec.tokenizer.to_str())
    names = query_names(student.codec, queries)
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in names[1:]])
    ids = _ids(tokenizer, names[1:])
    seg = student.codec.template.seg
    # A user's question never holds these: the codec strips all special tokens from it.
    codec = dataclasses.replace(student.codec, tokenizer=tokenizer)
    student.model.score_head = nn.Linear(student.model.config.pixel_decoder.dim, 2)
    if codec.answer_token_ids:
        return with_words(Checkpoint(student.model, codec, student.hash), ids)
    room = student.model.config.language.vocab
    if max(ids) >= room:
        raise CheckpointError(
            f"{queries} tokens for each {seg} need {max(ids) + 1} rows of the vocabulary, but the "
            f"model has {room}. Ask for fewer queries."
        )
    return Checkpoint(student.model, codec, student.hash)


def query_marks(codec: TextCodec, queries: int) -> tuple[int, ...]:
    """Answer rows of a target's tokens, in order."""
    return codec.rows(_ids(codec.tokenizer, query_names(codec, queries)))


def query_names(codec: TextCodec, queries: int) -> list[str]:
    """The tokens of a target, in order."""
    seg = codec.template.seg
    stem = re.sub(r"\W", "", seg)
    return [seg, *(f"[{stem}{i}]" for i in range(2, queries + 1))]


def _ids(tokenizer: Tokenizer, names: Sequence[str]) -> list[int]:
    return [i for name in names if (i := tokenizer.token_to_id(name)) is not None]


class QueryLesson(Lesson):
    """A lesson with k marks for each target."""

    def mask_losses(
        self, features: Any, states: Tensor, batch: Batch, counts: Counts
    ) -> tuple[Tensor, Tensor, Tensor]:
        """L_b and L_d of the matched queries, and the loss of all scores."""
        k = len(self.marks)
        owner = batch.owner.repeat_interleave(k)
        logits, scores = self._decoded(features, states, owner)
        with torch.autocast(states.device.type, enabled=False):
            best = match(logits[-1].float(), scores, batch, self.losses.points)
            rows = torch.arange(len(best), device=best.device)
            wanted = logits if self.losses.outputs == "all" else logits[-1:]
            chosen = [maps[rows, best] for maps in wanted]
            mask, dice = mask_terms(chosen, batch, counts.masks, self.losses.points)
            return mask, dice, score_loss(scores, best, counts.masks)

    def masks(self, features: Any, states: Tensor) -> Prediction:
        """k masks for each target, and how sure the model is of each."""
        owner = torch.zeros(len(states), dtype=torch.long, device=states.device)
        logits, scores = self._decoded(features, states, owner)
        return Prediction(logits[-1], scores.softmax(-1)[..., 0])

    def spoken(self, tokens: Tensor, batch: Batch, end: int) -> Tensor:
        """States at all marks of the model's own answer, each ``[SEG]`` followed by its others."""
        said = [row for row in self.answer(tokens, batch, end).ids if row not in self.marks[1:]]
        whole = [m for row in said for m in (self.marks if row == self.marks[0] else (row,))]
        ids = torch.tensor([[*whole, end]], device=tokens.device)
        return self.states(tokens, batch, ids, torch.ones_like(ids, dtype=torch.bool))

    def _decoded(
        self, features: Any, states: Tensor, owner: Tensor
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """All predictions (N, k, h, w) and the scores (N, k, 2): target, nothing."""
        model, k = self.model, len(self.marks)
        decoded, final = model.mask_decoder.decode(model.seg_projector(states), owner, features)
        head = model.score_head
        assert isinstance(head, nn.Linear), "add_queries comes first"
        scores = head(final).float().view(-1, k, 2)
        return tuple(m.view(-1, k, *m.shape[-2:]) for m in decoded), scores


@torch.no_grad()
def match(logits: Tensor, scores: Tensor, batch: Batch, points: int) -> Tensor:
    """(N,) which of the k queries (N, k, h, w), scored (N, k, 2), fits its target best."""
    targets, k = logits.shape[:2]
    if not targets:
        return torch.zeros(0, dtype=torch.long, device=logits.device)
    source = torch.Generator(logits.device).manual_seed(_MATCH_SEED)
    places = torch.rand(targets, points, 2, generator=source, device=logits.device)
    places = places * batch.extent[:, None]
    labels = sample_points(batch.masks.float() / 255, places)[:, None]  # (N, 1, P)
    found = sample_points(logits.flatten(0, 1), places.repeat_interleave(k, 0))
    found = found.view(targets, k, -1)
    expected = labels.expand_as(found)
    mask = F.binary_cross_entropy_with_logits(found, expected, reduction="none").mean(-1)
    share = found.sigmoid()
    dice = 1 - (2 * (share * labels).sum(-1) + 1) / (share.sum(-1) + labels.sum(-1) + 1)
    sure = scores.softmax(-1)[..., 0]
    return (MASK_COST * mask + DICE_COST * dice - CLASS_COST * sure).argmin(1)


def score_loss(scores: Tensor, best: Tensor, num_masks: float) -> Tensor:
    """Cross-entropy of scores (N, k, 2) with the matched queries, summed over targets / num_masks.

    Queries without a target count a tenth.
    """
    truth = torch.ones(scores.shape[:2], dtype=torch.long, device=scores.device)
    truth[torch.arange(len(best), device=best.device), best] = 0
    weight = torch.where(truth == 0, 1.0, _NOTHING)
    each = F.cross_entropy(scores.flatten(0, 1), truth.flatten(), reduction="none")
    return ((each.view_as(weight) * weight).sum(1) / weight.sum(1)).sum() / num_masks
