"""One forward pass of training: a batch in, the terms of the loss out.

Letters: N masks, K predictions of the mask decoder, P points, h w cells of a prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from geoseg.segearth.generate import generate
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

    def total(self, weights: LossRecipe) -> Tensor:
        """L = L_t + w_b L_b + w_d L_d + λ_S L_S."""
        total = weights.text * self.text + weights.mask * self.mask + weights.dice * self.dice
        return total + weights.attention * self.attention


class Lesson(nn.Module):
    """A model with what is asked of it; its forward pass is what accelerate wraps."""

    def __init__(self, model: SegEarth, seg: int, losses: LossRecipe) -> None:
        super().__init__()
        self.model = model
        self.seg = seg
        self.losses = losses

    def forward(self, batch: Batch, counts: Counts) -> Terms:
        """Terms of the loss, float32 scalars."""
        model, wanted = self.model, self.losses
        encoded = model.encode(from_views(batch.views, model.config))
        at = (batch.answer_ids == self.seg) & batch.answer_mask
        reading = model.read(
            encoded.image_tokens,
            batch.prompt,
            batch.answer_ids,
            batch.answer_mask,
            rows_at=at if wanted.attention and bool(at.any()) else None,
        )
        text = L_t(reading.logits, batch.answer_ids, batch.answer_mask, counts.tokens)
        predictions = model.masks(
            encoded.features, reading.hidden[at], batch.owner, aux=wanted.outputs == "all"
        )
        with torch.autocast(text.device.type, enabled=False):
            mask, dice = mask_terms(predictions, batch, counts.masks, wanted.points)
            attention = text.new_zeros(())
            if reading.rows is not None:
                attention = L_S(reading.rows, batch.grid, wanted.variant, max(1.0, counts.attended))
        return Terms(text.float(), mask, dice, attention)

    def predict(self, batch: Batch, *, end: int, forced: bool) -> Tensor:
        """(M, h, w) logits for a batch of one: of the answer it holds, or of the model's own."""
        model = self.model
        encoded = model.encode(from_views(batch.views, model.config))
        if forced:
            ids, mask = batch.answer_ids, batch.answer_mask
            reading = model.read(encoded.image_tokens, batch.prompt, ids, mask)
            states = reading.hidden[(ids == self.seg) & mask]
        else:
            (answer,) = generate(
                model,
                encoded.image_tokens,
                batch.prompt,
                seg=self.seg,
                end=end,
                max_new_tokens=model.config.max_new_tokens,
            )
            states = answer.seg_hidden
        owner = torch.zeros(len(states), dtype=torch.long, device=states.device)
        return model.masks(encoded.features, states, owner, aux=False)[-1]


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
