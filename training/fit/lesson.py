"""One forward pass of training: a batch in, the terms of the loss out.

Letters: N masks, K predictions of the mask decoder, P points, h w cells of a prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from geoseg.segearth.generate import Generation, generate
from geoseg.segearth.model import SegEarth
from geoseg.segearth.preprocess import from_views
from training.fit.batches import Batch, Counts
from training.fit.recipe import LossRecipe
from training.losses import L_S, L_b, L_d, L_t, choose_points, sample_points


class Terms(NamedTuple):
    """Each term's sum over the batch, divided by the counts of the whole step; not yet weighted."""

    text: Tensor
    mask: Tensor
    dice: Tensor
    attention: Tensor
    score: Tensor
    """Of several queries per target, which one is right; 0 where there is one."""

    def total(self, weights: LossRecipe) -> Tensor:
        """L = L_t + w_b L_b + w_d L_d + λ_S L_S."""
        return weigh(self, weights)


def weigh(terms: Sequence[Tensor], weights: LossRecipe) -> Tensor:
    """The weighted sum of terms in the order of `Terms`."""
    own = (weights.text, weights.mask, weights.dice, weights.attention, weights.score)
    return torch.stack([weight * term for weight, term in zip(own, terms, strict=True)]).sum()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Masks of M targets, k for each."""

    logits: Tensor
    """(M, k, h, w)."""

    scores: Tensor
    """(M, k); the highest is the one to take."""


class Lesson(nn.Module):
    """A model with what is asked of it; its forward pass is what accelerate wraps."""

    def __init__(self, model: SegEarth, marks: Sequence[int], losses: LossRecipe) -> None:
        """`marks` are the answer rows that a target has, one after the other: one as a rule."""
        super().__init__()
        self.model = model
        self.marks = tuple(marks)
        self.losses = losses

    def forward(self, batch: Batch, counts: Counts) -> Terms:
        """Terms of the loss, float32 scalars."""
        wanted, per_target = self.losses, len(self.marks)
        tokens, features = self.look(batch)
        ids, real = batch.answer_ids, batch.answer_mask
        at = self.marked(ids, real)
        rows_at = at if wanted.attention and bool(at.any()) else None
        reading = self.model.read(tokens, batch.prompt, ids, real, rows_at=rows_at)
        text = L_t(reading.logits, ids, real, counts.tokens).float()
        mask, dice, score = self.mask_losses(features, reading.hidden[at], batch, counts)
        attention = text.new_zeros(())
        if reading.rows is not None:
            with torch.autocast(text.device.type, enabled=False):
                grid = batch.grid.repeat_interleave(per_target, dim=0)
                number = max(1.0, counts.attended * per_target)
                attention = L_S(reading.rows, grid, wanted.variant, number)
        return Terms(text, mask, dice, attention, score)

    def look(self, batch: Batch) -> tuple[Tensor, Any]:
        """(B, T, D) image tokens, and what the mask side keeps of the pictures."""
        encoded = self.model.encode(from_views(batch.views, self.model.config))
        return encoded.image_tokens, encoded.features

    def marked(self, ids: Tensor, real: Tensor) -> Tensor:
        """(B, A) bool, where an answer token stands for a mask."""
        return torch.isin(ids, torch.tensor(self.marks, device=ids.device)) & real

    def mask_losses(
        self, features: Any, states: Tensor, batch: Batch, counts: Counts
    ) -> tuple[Tensor, Tensor, Tensor]:
        """L_b, L_d and the loss of the scores, from the states (N, D) at the marks."""
        aux = self.losses.outputs == "all"
        predictions = self.model.masks(features, states, batch.owner, aux=aux)
        with torch.autocast(states.device.type, enabled=False):
            mask, dice = mask_terms(predictions, batch, counts.masks, self.losses.points)
        return mask, dice, mask.new_zeros(())

    def masks(self, features: Any, states: Tensor) -> Prediction:
        """What is found at the states (M, D) of a batch of one."""
        owner = torch.zeros(len(states), dtype=torch.long, device=states.device)
        logits = self.model.masks(features, states, owner, aux=False)[-1]
        return Prediction(logits[:, None], logits.new_ones(len(logits), 1))

    def predict(self, batch: Batch, *, end: int, forced: bool) -> Prediction:
        """Masks for a batch of one: of the answer that it holds, or of the model's own."""
        tokens, features = self.look(batch)
        if forced:
            states = self.states(tokens, batch, batch.answer_ids, batch.answer_mask)
        else:
            states = self.spoken(tokens, batch, end)
        return self.masks(features, states)

    def states(self, tokens: Tensor, batch: Batch, ids: Tensor, real: Tensor) -> Tensor:
        """(N, D) states at the marks of given answers."""
        reading = self.model.read(tokens, batch.prompt, ids, real)
        return reading.hidden[self.marked(ids, real)]

    def spoken(self, tokens: Tensor, batch: Batch, end: int) -> Tensor:
        """(M, D) states at the marks of a generated answer."""
        return self.answer(tokens, batch, end).seg_hidden

    def answer(self, tokens: Tensor, batch: Batch, end: int) -> Generation:
        """The model's own answer."""
        (answer,) = generate(
            self.model,
            tokens,
            batch.prompt,
            seg=self.marks[0],
            end=end,
            max_new_tokens=self.model.config.max_new_tokens,
        )
        return answer


def mask_terms(
    predictions: Sequence[Tensor], batch: Batch, num_masks: float, points: int
) -> tuple[Tensor, Tensor]:
    """L_b and L_d of K predictions (N, h, w) at drawn points, summed over the predictions.

    The points of an example come from its own seed, whatever else is in the batch.
    """
    device = predictions[-1].device
    if not len(batch.masks):
        nothing = torch.stack([logits.float().sum() for logits in predictions]).sum() * 0.0
        return nothing, nothing
    truth = batch.masks.float() / 255
    of = [batch.owner == i for i in range(len(batch.seeds))]
    sources = [torch.Generator(device).manual_seed(seed) for seed in batch.seeds]
    mask, dice = [], []
    for logits in predictions:
        chosen = torch.cat(
            [
                choose_points(
                    logits[mine].float(), points, extent=batch.extent[mine], generator=source
                )
                for mine, source in zip(of, sources, strict=True)
                if bool(mine.any())
            ]
        )
        sampled = sample_points(logits, chosen)
        labels = sample_points(truth, chosen)
        mask.append(L_b(sampled, labels, num_masks))
        dice.append(L_d(sampled, labels, num_masks))
    return torch.stack(mask).sum(), torch.stack(dice).sum()
