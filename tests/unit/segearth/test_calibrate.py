from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from geoseg.errors import CheckpointError, InstructionError
from geoseg.segearth.calibrate import calibrate, candidates, set_template
from geoseg.segearth.checkpoint import Checkpoint, checkpoint_hash, load, save
from geoseg.segearth.preprocess import letterbox
from geoseg.segearth.prompt import TEMPLATES, TextCodec
from tests.unit.segearth.tiny_r2 import tiny_r2
from tests.unit.segearth.tinytalk import tiny_codec, tiny_config, tiny_model, tiny_tokenizer

PUBLISHED = ["w1-ha", "w1-hb", "w1-hc", "w2-ha", "w2-hb", "w2-hc"]
PICTURE = torch.zeros(3, 64, 64, dtype=torch.uint8)
SAMPLES = [
    (PICTURE, "Where can a plane land?", "On the <p>runway</p>[SEG]."),
    (PICTURE, "the grass", "<p>grass</p>[SEG]"),
]


def taught(template: str, steps: int = 40) -> Checkpoint:
    """A model that has learnt the samples by heart, asked with one template only."""
    checkpoint = tiny_r2()
    codec = TextCodec(checkpoint.codec.tokenizer, TEMPLATES[template])
    model = checkpoint.model
    with torch.no_grad():
        tokens = model.encode(letterbox(PICTURE, model.config)[0]).image_tokens.expand(2, -1, -1)
    prompt = codec.encode_prompt([question for _, question, _ in SAMPLES])
    rows, mask = codec.encode_answers([answer for _, _, answer in SAMPLES])
    optimizer = torch.optim.AdamW(model.language.parameters(), lr=1e-2)
    for _ in range(steps):
        reading = model.read(tokens, prompt, rows, mask)
        optimizer.zero_grad()
        F.cross_entropy(reading.logits[mask], rows[mask]).backward()
        optimizer.step()
    return checkpoint


@pytest.mark.parametrize("template", ["w2-hc", "w1-ha"])
def test_the_template_that_was_taught_is_found(template: str) -> None:
    found = calibrate(taught(template), SAMPLES)
    assert found[0].template == TEMPLATES[template]
    assert found[0].perplexity < found[1].perplexity
    assert sorted(s.template.name for s in found) == PUBLISHED


@torch.inference_mode()
def test_perplexity_is_that_of_the_answer_tokens() -> None:
    checkpoint = tiny_r2()
    model, codec = checkpoint.model, checkpoint.codec
    found = {s.template.name: s for s in calibrate(checkpoint, SAMPLES)}["w1-hb"]
    nats, tokens = 0.0, 0
    for picture, question, answer in SAMPLES:
        rows, mask = codec.encode_answers([answer])
        encoded = model.encode(letterbox(picture, model.config)[0])
        reading = model.read(encoded.image_tokens, codec.encode_prompt([question]), rows, mask)
        nats -= float(reading.logits[0].log_softmax(-1).gather(1, rows.T).sum())
        tokens += rows.shape[1]
    assert (found.tokens, found.samples) == (tokens, 2)
    assert found.perplexity == pytest.approx(math.exp(nats / tokens), rel=1e-4)


def test_only_templates_that_the_tokenizer_can_say_are_tried() -> None:
    codec = tiny_codec(tiny_tokenizer())
    checkpoint = Checkpoint(tiny_model(tiny_config(codec)), codec, "0" * 64)
    assert [t.name for t in candidates(checkpoint)] == ["nano"]


def test_a_template_of_its_own_comes_first() -> None:
    own = dataclasses.replace(TEMPLATES["w1-hb"], name="mine", answer_prefix=" ")
    r2 = tiny_r2()
    checkpoint = Checkpoint(r2.model, TextCodec(r2.codec.tokenizer, own), r2.hash)
    assert [t.name for t in candidates(checkpoint)] == ["mine", *PUBLISHED]


def test_nothing_to_read_and_nothing_finite_are_refused() -> None:
    checkpoint = tiny_r2()
    with pytest.raises(InstructionError, match="no labelled pictures"):
        calibrate(checkpoint, [])
    torch.nn.init.constant_(checkpoint.model.language.head.weight, math.nan)
    with pytest.raises(CheckpointError, match="not finite"):
        calibrate(checkpoint, SAMPLES)


def test_a_template_is_written_into_a_checkpoint_and_the_rest_stays(tmp_path: Path) -> None:
    checkpoint, folder = tiny_r2("w1-hb"), tmp_path / "mine"
    tokenizer = checkpoint.codec.tokenizer.to_str()
    before = save(checkpoint.model, folder, tokenizer, "card", store={"": "fp32"})
    config = (folder / "config.json").read_text(encoding="utf-8")
    after = set_template(folder, TEMPLATES["w2-ha"])
    assert after == checkpoint_hash(folder) != before
    changed = load(folder)
    assert changed.codec.template == changed.model.config.template == TEMPLATES["w2-ha"]
    for name, tensor in checkpoint.model.state_dict().items():
        assert torch.equal(changed.model.state_dict()[name], tensor)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert set_template(folder, TEMPLATES["w1-hb"]) == before
    assert (folder / "config.json").read_text(encoding="utf-8") == config


def test_only_our_format_is_rewritten(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "phi"}', encoding="utf-8")
    with pytest.raises(CheckpointError, match="format_version"):
        set_template(tmp_path, TEMPLATES["w2-ha"])
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
