from __future__ import annotations

import dataclasses

import torch

from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import Pixels, SegEarth, build
from geoseg.segearth.prompt import PromptBatch, TextCodec


def _millions(module: torch.nn.Module) -> float:
    return round(sum(p.numel() for p in module.parameters()) / 1e6, 1)


def test_r2_has_the_published_sizes() -> None:
    with torch.device("meta"):
        model = build(PRESETS["r2"])
    assert model.tower is not None
    assert _millions(model.tower) == 397.7
    assert _millions(model.image_tokens) == 9.5
    # Phi-2 counts 2779.7 M with a head bias that this family throws away (0.05 M).
    assert _millions(model.language) == 2779.6
    assert _millions(model.encoder) == 86.9
    assert _millions(model.pixel_decoder) == 5.5
    assert _millions(model.mask_decoder) == 14.4
    assert model.language.phi.layers[0].self_attn.rotary_ndims == 32


def test_questions_of_an_image_share_its_encoding(model: SegEarth, codec: TextCodec) -> None:
    torch.manual_seed(2)
    size = 128
    owner = torch.tensor([1, 0, 1])
    prompt = codec.encode_prompt(["the buildings", "roads", "where can a plane land ?"])
    ids, mask = codec.encode_answers(
        ["<p>buildings</p>[SEG]", "the <p>road</p>[SEG] and <p>tree</p>[SEG]", "nothing here"]
    )
    with torch.no_grad():
        encoded = model.encode(Pixels(torch.randn(2, 3, size, size)))
        reading = model.read(encoded.image_tokens[owner], prompt, ids, mask)
        question, place = ((ids == codec.seg) & mask).nonzero(as_tuple=True)
        logits = model.masks(encoded.features, reading.hidden[question, place], owner[question])
        final = model.masks(
            encoded.features, reading.hidden[question, place], owner[question], aux=False
        )
    assert reading.logits.shape == (3, ids.shape[1], model.config.language.vocab)
    assert len(logits) == model.config.mask_decoder.layers + 1
    assert logits[-1].shape == (3, size // 2, size // 2)
    torch.testing.assert_close(final[-1], logits[-1], atol=1e-4, rtol=1e-4)


def test_padding_of_prompt_and_answer_changes_nothing(model: SegEarth, codec: TextCodec) -> None:
    tokens = torch.randn(2, 16, model.config.language.hidden, generator=torch.manual_seed(3))
    questions, answers = (
        ["roads", "find all the buildings in this image"],
        ["no", "there is water [SEG]"],
    )
    prompt = codec.encode_prompt(questions)
    ids, mask = codec.encode_answers(answers)
    with torch.no_grad():
        both = model.read(tokens, prompt, ids, mask)
        for i in range(2):
            one_ids, one_mask = codec.encode_answers(answers[i : i + 1])
            one = model.read(
                tokens[i : i + 1], codec.encode_prompt(questions[i : i + 1]), one_ids, one_mask
            )
            n = one_ids.shape[1]
            torch.testing.assert_close(both.logits[i, :n], one.logits[0], atol=1e-4, rtol=0)
            torch.testing.assert_close(both.hidden[i, :n], one.hidden[0], atol=1e-4, rtol=0)


def test_known_trunk_states_are_not_computed_again(model: SegEarth, codec: TextCodec) -> None:
    prompt = codec.encode_prompt(["the buildings", "roads"])
    assert model.trunk is not None
    with torch.no_grad():
        states = model.trunk.states(prompt.after, prompt.after_mask)
        cached = PromptBatch(prompt.before, prompt.after * 0, prompt.after_mask, states)
        torch.testing.assert_close(model.instruct(cached), model.instruct(prompt))


def test_tower_and_projector_make_the_image_tokens(codec: TextCodec) -> None:
    r2, tiny = PRESETS["r2"], PRESETS["tiny"]
    assert r2.siglip is not None
    siglip = dataclasses.replace(r2.siglip, hidden=16, layers=1, heads=2, mlp=16, image_size=56)
    with torch.device("cpu"):
        model = build(dataclasses.replace(tiny, siglip=siglip)).eval()
    with torch.no_grad():
        encoded = model.encode(Pixels(torch.randn(1, 3, 64, 64), torch.randn(1, 3, 56, 56)))
    assert encoded.image_tokens.shape == (1, 16, tiny.language.hidden)


def test_every_part_learns(model: SegEarth, codec: TextCodec) -> None:
    torch.manual_seed(4)
    fresh = build(model.config)
    prompt = codec.encode_prompt(["the buildings"])
    ids, mask = codec.encode_answers(["<p>buildings</p>[SEG]"])
    encoded = fresh.encode(Pixels(torch.randn(1, 3, 128, 128)))
    reading = fresh.read(encoded.image_tokens, prompt, ids, mask)
    _, place = (ids == codec.seg).nonzero(as_tuple=True)
    logits = fresh.masks(
        encoded.features, reading.hidden[0, place], torch.zeros(1, dtype=torch.long)
    )
    (sum(x.square().mean() for x in logits) + reading.logits.square().mean()).backward()
    for name, part in fresh.named_children():
        assert any(
            p.grad is not None and bool(p.grad.abs().sum() > 0) for p in part.parameters()
        ), name
