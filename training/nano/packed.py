"""Several questions about one image in one sequence: the image's tokens are read once.

Sequence of an image: [image] [question 1] [answer 1] [question 2] [answer 2] …, where every
question sees the image and itself. With the image first and a causal model this equals reading
each question alone, at a fraction of the cost.

Letters: B images, Q questions, T image tokens, L instruction tokens, A answer tokens, W = L + A,
J most questions of one image, D width, V answer vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from geoseg.segearth.model import Reading, SegEarth
from geoseg.segearth.prompt import PromptBatch


def read_packed(
    model: SegEarth,
    image_tokens: Tensor,
    asked: Tensor,
    prompt: PromptBatch,
    answer_ids: Tensor,
    answer_mask: Tensor,
) -> Reading:
    """Teacher-forced reading of Q questions about images `asked` (Q,) of (B, T, D) tokens.

    For models whose prompt begins with the image. Same result as `SegEarth.read` with the image
    tokens of every question.
    """
    images, tokens, width = image_tokens.shape
    own = torch.cat([prompt.after_mask, answer_mask], 1)  # (Q, W)
    instruction = model.instruct(prompt)
    embeds = torch.cat([instruction, model.language.embed(answer_ids).to(instruction.dtype)], 1)
    seat = _seats(asked, images)
    rows, span = int(seat.max()) + 1, own.shape[1]
    tail = embeds.new_zeros(images, rows, span, width)
    tail = tail.index_put((asked, seat), embeds).flatten(1, 2)  # (B, J * W, D)
    valid = own.new_zeros(images, rows, span).index_put((asked, seat), own)
    places = (valid.long().cumsum(2) - 1).clamp_min(0).flatten(1) + tokens
    ahead = torch.arange(tokens, device=places.device).expand(images, -1)
    states = model.language.phi(
        inputs_embeds=torch.cat([image_tokens.to(tail.dtype), tail], 1),
        attention_mask=_may_see(tokens, valid)[:, None],
        position_ids=torch.cat([ahead, places], 1),
        use_cache=False,
    ).last_hidden_state[:, tokens:]
    mine = states.view(images, rows, span, width)[asked, seat]  # (Q, W, D)
    length = prompt.after_mask.shape[1]
    last = prompt.after_mask.sum(1) - 1
    first = mine[torch.arange(len(last), device=last.device), last][:, None]
    hidden = mine[:, length:]
    return Reading(model.language.logits(torch.cat([first, hidden[:, :-1]], 1)), hidden)


def _seats(asked: Tensor, images: int) -> Tensor:
    """(Q,) how many earlier questions are about the same image."""
    same = torch.nn.functional.one_hot(asked, images)
    return (same.cumsum(0) - same).gather(1, asked[:, None])[:, 0]


def _may_see(tokens: int, valid: Tensor) -> Tensor:
    """(B, S, S) bool, S = T + J * W: causal, and in a question only the image and itself."""
    images, rows, span = valid.shape
    length = tokens + rows * span
    question = torch.arange(rows, device=valid.device).repeat_interleave(span)
    part = torch.cat([question.new_full((tokens,), -1), question])  # -1: image
    allowed = (part[None] == -1) | (part[None] == part[:, None])
    allowed &= torch.ones(length, length, dtype=torch.bool, device=valid.device).tril()
    real = torch.cat([valid.new_ones(images, tokens), valid.flatten(1)], 1)
    return allowed & real[:, None]
