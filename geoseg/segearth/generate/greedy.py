"""One pass over prompts and drafts, then token by token what the drafts did not foresee.

Letters: B pictures, Q questions, T image tokens, P tokens of a prefix, L tokens of the longest
prompt, K tokens of the longest draft, D width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from geoseg.segearth.generate.answers import Answer, Generation, Rules
from geoseg.segearth.generate.cache import RoomyCache
from geoseg.segearth.generate.drafts import batched, possible, up_to
from geoseg.segearth.generate.graph import GraphSteps
from geoseg.segearth.generate.prefix import Prefix
from geoseg.segearth.generate.steps import OpenSteps, Steps, speak
from geoseg.segearth.language import CausalLanguage, TokenSequence
from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import PromptBatch


@torch.inference_mode()
def remember(model: SegEarth, image_tokens: Tensor, before: Tensor) -> Prefix:
    """What the language model remembers of (B, T, D) image tokens behind the ids `before` (n,)."""
    opened = model.opened(image_tokens, before)
    cache = RoomyCache(len(model.language.phi.layers), opened.mask.shape[1])
    nothing = opened.mask.new_zeros(len(image_tokens), 0, dtype=torch.long)
    model.language.extend(opened.embeds, opened.mask, cache, nothing)
    return Prefix(cache.held(), torch.arange(len(image_tokens), device=image_tokens.device))


@torch.inference_mode()
def generate(
    model: SegEarth,
    image_tokens: Tensor,
    prompt: PromptBatch,
    *,
    seg: int,
    end: int,
    max_new_tokens: int,
    prefix: Prefix | None = None,
    drafts: Sequence[Sequence[int] | None] | None = None,
) -> tuple[Generation, ...]:
    """Greedy answers to Q prompts about (Q, T, D) image tokens; `seg` and `end` are answer rows.

    `prefix` is what `remember` gave for these image tokens, one row per question, which are then
    not read again. `drafts` are the answers expected, as answer rows: where the model says the
    same, up to its first other token, a draft saves one step per token and changes nothing else.
    """
    if len(prompt.after) == 0:
        return ()
    rules = Rules(seg, end, max_new_tokens)
    answers = [Answer(rules) for _ in prompt.after]
    expected = [possible(draft, rules) for draft in drafts or [None] * len(answers)]
    # A row without a draft speaks all its tokens behind the longest draft of the others.
    ahead = max(map(len, expected)) + max_new_tokens
    if prefix is None:
        asked = model.prompted(image_tokens, prompt)
        cache = RoomyCache(len(model.language.phi.layers), asked.mask.shape[1] + ahead)
    else:
        asked = TokenSequence(model.instruct(prompt).to(prefix.like.dtype), prompt.after_mask)
        cache = prefix.opened(asked.mask.shape[1] + ahead)
    mask = _read(model.language, asked, cache, expected, answers)
    left = [row for row, answer in enumerate(answers) if answer.finish is None]
    if left:
        steps = _steps(model.language, mask, cache, left)
        speak(steps, [answers[row] for row in left], mask.device)
    return tuple(answer.done(image_tokens) for answer in answers)


def _read(
    language: CausalLanguage,
    asked: TokenSequence,
    cache: RoomyCache,
    expected: Sequence[tuple[int, ...]],
    answers: Sequence[Answer],
) -> Tensor:
    """Read the prompts, and check what is expected; (Q, S) bool of the tokens that hold.

    The cache gets all of them: a token that the model would not have said is masked out.
    """
    device, questions, width = asked.mask.device, len(expected), asked.mask.shape[1]
    ids, real = batched(expected, device)
    new = asked.then(language.embed(ids), real)
    known = new.mask.new_ones(questions, cache.get_seq_length())
    # The last prompt token predicts the first answer token, across any padding between them.
    last = asked.last_valid()[:, None]
    at_drafts = torch.arange(width, new.mask.shape[1], device=device).expand(questions, -1)
    wanted = torch.cat([last, at_drafts], dim=1)  # (Q, 1 + K)
    mask = torch.cat([known, new.mask], dim=1)
    states = language.extend(new.embeds, mask, cache, wanted)
    predicting = torch.cat([real.new_ones(questions, 1), real], dim=1)
    choices, shares = language.choose(states[predicting])
    counts = [len(draft) + 1 for draft in expected]
    parts = zip(
        torch.split(choices.cpu(), counts), torch.split(shares, counts), states[:, 1:], strict=True
    )
    for answer, draft, (said, sure, felt) in zip(answers, expected, parts, strict=True):
        answer.check(draft, said.tolist(), sure, felt)
    held = up_to([answer.drafted for answer in answers], ids.shape[1], device)
    return torch.cat([known, asked.mask, held], dim=1)


def _steps(language: CausalLanguage, mask: Tensor, cache: RoomyCache, left: list[int]) -> Steps:
    """Steps for the rows that are left, without the tokens that none of them needs."""
    rows = torch.tensor(left, device=mask.device)
    held = mask[rows]
    length = int(held.any(dim=0).nonzero().max()) + 1
    held = held[:, :length]
    if held.shape != mask.shape:
        cache.keep(rows, length)
    if language.compiled:
        steps = GraphSteps.ready(language, held, cache)
        if steps is not None:
            return steps
    return OpenSteps(language, held, cache)
