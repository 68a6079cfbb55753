"""Greedy answers for a batch of questions, with the state at every [SEG] kept.

Shapes: image tokens (Q, T, D) in; per question the answer rows, the (S, D) states and (S,)
probabilities of its S [SEG] tokens out. The state is taken at the [SEG] token itself, as in
training, so a [SEG] that comes last costs one more step. Greedy: a map does not change between
runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import PromptBatch

Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One generated answer."""

    ids: tuple[int, ...]
    """Answer rows, without the end token."""

    finish: Finish
    """stop: the end token came; length: the answer was cut."""

    seg_hidden: Tensor
    """(S, D) state at each [SEG], after the final norm."""

    seg_probability: Tensor
    """(S,) float32 probability with which each [SEG] was chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class _Trace:
    """All Q answers, step by step; steps after a row's end mean nothing."""

    tokens: Tensor
    """(Q, A)."""

    probabilities: Tensor
    """(Q, A) of the chosen tokens, float32."""

    states: Tensor
    """(Q, A', D) states at the tokens; A' is A or, when the last tokens need none, A - 1."""


@torch.inference_mode()
def generate(
    model: SegEarth,
    image_tokens: Tensor,
    prompt: PromptBatch,
    *,
    seg: int,
    end: int,
    max_new_tokens: int,
) -> tuple[Generation, ...]:
    """Greedy answers to Q prompts; `seg` and `end` are answer rows."""
    if image_tokens.shape[0] == 0:
        return ()
    trace = _decode(model, image_tokens, prompt, seg=seg, end=end, max_new_tokens=max_new_tokens)
    rows = trace.tokens.tolist()
    return tuple(_row(trace, i, tokens, seg=seg, end=end) for i, tokens in enumerate(rows))


def _decode(
    model: SegEarth,
    image_tokens: Tensor,
    prompt: PromptBatch,
    *,
    seg: int,
    end: int,
    max_new_tokens: int,
) -> _Trace:
    language = model.language
    sequence = model.prompted(image_tokens, prompt)
    cache = language.new_cache()
    hidden = language.extend(sequence.embeds, sequence, cache)
    last = sequence.last_valid()
    state = hidden[torch.arange(len(last), device=last.device), last]  # (Q, D)
    done = torch.zeros_like(last, dtype=torch.bool)
    valid = sequence.mask.new_ones(len(last), 1)
    tokens, probabilities, states = [], [], []
    for step in range(max_new_tokens):
        share = language.logits(state).float().softmax(dim=-1)
        probability, token = share.max(dim=-1)
        tokens.append(token)
        probabilities.append(probability)
        done = done | (token == end)
        if bool(done.all()):
            break
        if step == max_new_tokens - 1 and not bool(((token == seg) & ~done).any()):
            break
        embeds = language.embed(token[:, None])
        sequence = sequence.then(embeds, valid)
        state = language.extend(embeds, sequence, cache)[:, 0]
        states.append(state)
    stacked = (
        torch.stack(states, dim=1) if states else state.new_zeros(len(last), 0, state.shape[1])
    )
    return _Trace(torch.stack(tokens, dim=1), torch.stack(probabilities, dim=1), stacked)


def _row(trace: _Trace, row: int, tokens: list[int], *, seg: int, end: int) -> Generation:
    finish: Finish = "stop" if end in tokens else "length"
    ids = tokens[: tokens.index(end)] if finish == "stop" else tokens
    at = [i for i, token in enumerate(ids) if token == seg]
    return Generation(tuple(ids), finish, trace.states[row, at], trace.probabilities[row, at])
