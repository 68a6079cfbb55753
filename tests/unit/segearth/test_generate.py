"""Cached greedy decoding against teacher forcing, and batches against their members."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.generate import Generation, generate
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import PromptBatch, TextCodec

QUESTIONS = ["the buildings", "where can a plane land here ?", "roads"]


def _answers(
    model: SegEarth, codec: TextCodec, tokens: torch.Tensor, prompt: PromptBatch, limit: int = 12
) -> tuple[Generation, ...]:
    return generate(model, tokens, prompt, seg=codec.seg, end=codec.end, max_new_tokens=limit)


@pytest.fixture(scope="module")
def talker(config: SegEarthConfig) -> SegEarth:
    """A tiny model with weights so large that its answers vary, hold [SEG] and sometimes end."""
    torch.manual_seed(8)
    language = dataclasses.replace(config.language, tied=False)
    loud = build(dataclasses.replace(config, language=language)).eval()
    assert loud.language.head is not None
    with torch.no_grad():
        for parameter in loud.language.phi.layers.parameters():
            if parameter.dim() == 2:
                parameter.mul_(20)
        loud.language.phi.embed_tokens.weight.mul_(50)
        loud.language.head.weight.mul_(10)
    return loud


@pytest.fixture
def tokens(model: SegEarth) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, 16, model.config.language.hidden, generator=generator)


def test_cached_generation_equals_teacher_forcing(
    talker: SegEarth, codec: TextCodec, tokens: torch.Tensor
) -> None:
    prompt = codec.encode_prompt(QUESTIONS)
    answers = _answers(talker, codec, tokens, prompt)
    assert sum(len(a.seg_hidden) for a in answers) > 0
    for i, answer in enumerate(answers):
        spoken = [*answer.ids, codec.end] if answer.finish == "stop" else list(answer.ids)
        ids = torch.tensor([spoken])
        one = PromptBatch(
            prompt.before,
            prompt.after[i : i + 1][prompt.after_mask[i : i + 1]][None],
            prompt.after_mask[i : i + 1][prompt.after_mask[i : i + 1]][None],
        )
        with torch.no_grad():
            reading = talker.read(
                tokens[i : i + 1], one, ids, torch.ones_like(ids, dtype=torch.bool)
            )
        assert reading.logits[0].argmax(dim=-1).tolist() == spoken
        at = [k for k, row in enumerate(answer.ids) if row == codec.seg]
        torch.testing.assert_close(answer.seg_hidden, reading.hidden[0, at], atol=1e-4, rtol=0)
        expected = reading.logits[0].softmax(dim=-1)[at, [codec.seg] * len(at)]
        torch.testing.assert_close(answer.seg_probability, expected, atol=1e-4, rtol=0)


def test_batch_equals_its_members(talker: SegEarth, codec: TextCodec, tokens: torch.Tensor) -> None:
    together = _answers(talker, codec, tokens, codec.encode_prompt(QUESTIONS))
    for i, question in enumerate(QUESTIONS):
        (alone,) = _answers(talker, codec, tokens[i : i + 1], codec.encode_prompt([question]))
        assert alone.ids == together[i].ids
        assert alone.finish == together[i].finish
        torch.testing.assert_close(alone.seg_hidden, together[i].seg_hidden, atol=1e-4, rtol=0)


def test_state_of_a_last_seg_costs_one_more_step(
    talker: SegEarth, codec: TextCodec, tokens: torch.Tensor
) -> None:
    prompt = codec.encode_prompt(QUESTIONS)
    long = _answers(talker, codec, tokens, prompt)
    row, place = next(
        (i, k) for i, a in enumerate(long) for k, t in enumerate(a.ids) if t == codec.seg
    )
    cut = _answers(talker, codec, tokens, prompt, limit=place + 1)[row]
    assert cut.finish == "length"
    assert cut.ids[-1] == codec.seg
    torch.testing.assert_close(cut.seg_hidden[0], long[row].seg_hidden[0], atol=1e-4, rtol=0)


def test_an_immediate_end_is_an_empty_answer(
    model: SegEarth, codec: TextCodec, tokens: torch.Tensor
) -> None:
    prompt = codec.encode_prompt(QUESTIONS[:1])
    first = _answers(model, codec, tokens[:1], prompt, limit=1)[0].ids[0]
    (answer,) = generate(model, tokens[:1], prompt, seg=codec.seg, end=first, max_new_tokens=4)
    assert answer.ids == ()
    assert answer.finish == "stop"
    assert answer.seg_hidden.shape == (0, model.config.language.hidden)


def test_no_questions_no_answers(model: SegEarth, codec: TextCodec, tokens: torch.Tensor) -> None:
    assert _answers(model, codec, tokens[:0], codec.encode_prompt([])) == ()


def test_model_with_its_own_instruction_embedding(codec: TextCodec, tokens: torch.Tensor) -> None:
    tiny = PRESETS["tiny"]
    language = dataclasses.replace(tiny.language, vocab=64, tied=False)
    config = dataclasses.replace(tiny, trunk=None, language=language)
    torch.manual_seed(0)
    model = build(config).eval()
    own = TextCodec(codec.tokenizer, codec.template)
    together = _answers(model, own, tokens, own.encode_prompt(QUESTIONS), limit=5)
    (alone,) = _answers(model, own, tokens[2:], own.encode_prompt(QUESTIONS[2:]), limit=5)
    assert alone.ids == together[2].ids
