"""Forward passes of nano over a batch, shared by training and by its examinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from geoseg.segearth.generate import Generation, generate
from geoseg.segearth.model import Encoded, Reading, SegEarth
from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.preprocess import normalise
from geoseg.segearth.prompt import PromptBatch, TextCodec
from training.losses import L_b, L_d
from training.nano.packed import read_packed


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B images with Q questions and N masks."""

    rgb: Tensor
    """(B, 3, S, S) uint8."""

    instructions: tuple[str, ...]
    answers: tuple[str, ...]
    spoken: Tensor
    """(Q,) bool, False where only the masks are to be learnt from."""

    asked: Tensor
    """(Q,) image of each question."""

    owner: Tensor
    """(N,) image of each mask, in the order of the questions and of their ``[SEG]``."""

    masks: Tensor
    """(N, h, w) float32 share of each cell that is target."""

    known: Tensor
    """(N, h, w) bool, True where the mask is to be believed."""


def encode(model: SegEarth, rgb: Tensor) -> Encoded:
    """Image tokens and features of (B, 3, S, S) uint8 pictures, as `SegEarth.encode` gives them.

    What is fastest on a CPU: the encoder in float32 with channels last, the pixel decoder in
    bfloat16 (which keeps its coordinates exact by itself).
    """
    pictures = normalise(rgb, model.config.encoder).contiguous(memory_format=torch.channels_last)
    pyramid = model.encoder(pictures)
    tokens = model.image_tokens(pyramid[-2], pyramid[-1])
    with torch.autocast("cpu", torch.bfloat16):
        features = model.pixel_decoder(pyramid)
    scales = tuple(scale.float() for scale in features.scales)
    return Encoded(tokens, PixelFeatures(features.mask_features.float(), scales))


def prompts(model: SegEarth, codec: TextCodec, texts: Sequence[str], *, learn: bool) -> PromptBatch:
    """Instructions as token ids, with the trunk's states, which carry a gradient if they learn."""
    batch = codec.encode_prompt(texts)
    assert model.trunk is not None, "nano has an instruction trunk"
    with torch.set_grad_enabled(learn and torch.is_grad_enabled()):
        states = model.trunk.states(batch.after, batch.after_mask)
    return replace(batch, states=states)


def read(
    model: SegEarth, codec: TextCodec, encoded: Encoded, batch: Batch, *, learn: bool
) -> tuple[Reading, Tensor, Tensor]:
    """Teacher-forced reading of every question, the (Q, A) answer rows and which are real."""
    ids, real = codec.encode_answers(batch.answers)
    # Matrix products in bfloat16 halve the time of the language model on a recent CPU.
    with torch.autocast("cpu", torch.bfloat16):
        prompt = prompts(model, codec, batch.instructions, learn=learn)
        reading = read_packed(model, encoded.image_tokens, batch.asked, prompt, ids, real)
    return Reading(reading.logits.float(), reading.hidden.float()), ids, real


def mask_losses(predictions: Sequence[Tensor], batch: Batch) -> tuple[Tensor, Tensor]:
    """L_b and L_d over every cell, averaged over the predictions of all decoder layers.

    Masks of nano are small: all of their cells cost less than drawing points among them.
    """
    labels, known = batch.masks.flatten(1), batch.known.flatten(1)
    number = max(1, len(labels))
    bce = torch.stack([L_b(p.flatten(1), labels, number, known) for p in predictions])
    dice = torch.stack([L_d(p.flatten(1), labels, number, known) for p in predictions])
    return bce.mean(), dice.mean()


@torch.inference_mode()
def answers(
    model: SegEarth, codec: TextCodec, encoded: Encoded, batch: Batch
) -> tuple[Generation, ...]:
    """Generated answers to every question."""
    prompt = prompts(model, codec, batch.instructions, learn=False)
    tokens = encoded.image_tokens[batch.asked]
    limit = model.config.max_new_tokens
    return generate(model, tokens, prompt, seg=codec.seg, end=codec.end, max_new_tokens=limit)
