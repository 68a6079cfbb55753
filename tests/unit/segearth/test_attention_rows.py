"""Rows beside fused attention against the weights that eager attention returns."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TextCodec

ANSWERS = ["<p>buildings</p>[SEG] and <p>road</p>[SEG]", "nothing", "here is the <p>tree</p>[SEG]"]
QUESTIONS = ["find the buildings and roads", "roads", "where is a tree ?"]


def _eager(model: SegEarth, codec: TextCodec, tokens: torch.Tensor) -> torch.Tensor:
    """(layers, H, N, T) out of a pass with eager attention."""
    prompt = codec.encode_prompt(QUESTIONS)
    ids, mask = codec.encode_answers(ANSWERS)
    prompted = model.prompted(tokens, prompt)
    sequence = prompted.then(model.language.embed(ids), mask)
    phi = model.language.phi
    phi.set_attn_implementation("eager")
    weights = phi(
        inputs_embeds=sequence.embeds,
        attention_mask=sequence.mask.long(),
        position_ids=sequence.positions(),
        output_attentions=True,
    ).attentions
    phi.set_attn_implementation("geoseg_rows")
    question, place = (ids == codec.seg).nonzero(as_tuple=True)
    place = place + prompted.mask.shape[1]
    start = len(prompt.before)
    image = slice(start, start + tokens.shape[1])
    return torch.stack([w[question, :, place, image].transpose(0, 1) for w in weights])


@pytest.mark.parametrize("trunk", [True, False])
def test_rows_equal_eager_attention(model: SegEarth, codec: TextCodec, trunk: bool) -> None:
    if not trunk:
        tiny = PRESETS["tiny"]
        language = dataclasses.replace(tiny.language, vocab=64)
        model = build(dataclasses.replace(tiny, trunk=None, language=language)).eval()
        codec = TextCodec(codec.tokenizer, codec.template)
    tokens = torch.randn(3, 16, model.config.language.hidden, generator=torch.manual_seed(0))
    ids, mask = codec.encode_answers(ANSWERS)
    at = (ids == codec.seg) & mask
    with torch.no_grad():
        prompt = codec.encode_prompt(QUESTIONS)
        reading = model.read(tokens, prompt, ids, mask, rows_at=at)
        plain = model.read(tokens, prompt, ids, mask)
        expected = _eager(model, codec, tokens)
    assert reading.rows is not None
    assert reading.rows.shape == (2, 2, 3, 16)
    torch.testing.assert_close(reading.rows, expected, atol=1e-6, rtol=1e-5)
    assert torch.equal(reading.logits, plain.logits)
    assert plain.rows is None


def test_rows_of_an_unpadded_batch_are_causal(model: SegEarth, codec: TextCodec) -> None:
    tokens = torch.randn(1, 16, model.config.language.hidden, generator=torch.manual_seed(0))
    ids, mask = codec.encode_answers(ANSWERS[:1])
    prompt = codec.encode_prompt(QUESTIONS[:1])
    at = (ids == codec.seg) & mask
    with torch.no_grad():
        rows = model.read(tokens, prompt, ids, mask, rows_at=at).rows
        first = at.nonzero()[0, 1] + 1
        short = model.read(
            tokens, prompt, ids[:, :first], mask[:, :first], rows_at=at[:, :first]
        ).rows
    assert rows is not None
    assert short is not None
    torch.testing.assert_close(rows[:, :, :1], short)
    assert bool((rows.sum(dim=-1) < 1).all())


def test_rows_carry_gradients_through_checkpointing(model: SegEarth, codec: TextCodec) -> None:
    tokens = torch.randn(3, 16, model.config.language.hidden, generator=torch.manual_seed(0))
    ids, mask = codec.encode_answers(ANSWERS)
    at = (ids == codec.seg) & mask
    prompt = codec.encode_prompt(QUESTIONS)
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        fresh = build(model.config).train()
        if checkpointing:
            fresh.language.phi.activation_checkpointing_enable({"use_reentrant": False})
        rows = fresh.read(tokens, prompt, ids, mask, rows_at=at).rows
        assert rows is not None
        rows.square().sum().backward()
        gradients.append(fresh.language.phi.layers[0].self_attn.q_proj.weight.grad)
    assert float(gradients[0].abs().sum()) > 0
    assert torch.equal(gradients[0], gradients[1])
