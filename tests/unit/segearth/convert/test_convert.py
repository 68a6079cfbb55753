"""Converted weights compute what transformers' classes compute with the same published tensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from geoseg.segearth.checkpoint import Checkpoint, load
from geoseg.segearth.convert import convert
from geoseg.segearth.language import TokenSequence
from geoseg.segearth.pixel_decoder import PixelFeatures
from tests.unit.segearth.convert.authors import (
    SEG_ID,
    State,
    write_bins,
    write_mask2former,
    write_safetensors,
    write_text,
)
from tests.unit.segearth.convert.oracles import (
    HEAD_ROWS,
    ROWS,
    Oracles,
    build_oracles,
    published_state,
)

_CLOSE = {"rtol": 0, "atol": 1e-4}


def _random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def _assert_stages_agree(checkpoint: Checkpoint, oracles: Oracles) -> None:
    model = checkpoint.model
    view = _random(1, 3, 384, 384)
    assert model.tower is not None
    seen = oracles.siglip(view, output_hidden_states=True).hidden_states[-2]
    tokens = oracles.projector(seen)
    torch.testing.assert_close(model.image_tokens(model.tower(view)), tokens, **_CLOSE)

    ids = torch.tensor([[3, 77, SEG_ID, 12, 5]])
    embeds = torch.cat([tokens[:, :20], oracles.phi.model.embed_tokens(ids)], dim=1)
    torch.testing.assert_close(model.language.embed(ids), embeds[:, 20:])
    sequence = TokenSequence(embeds, torch.ones(1, embeds.shape[1], dtype=torch.bool))
    states = model.language(sequence)
    expected = oracles.phi.model(inputs_embeds=embeds).last_hidden_state
    torch.testing.assert_close(states, expected, **_CLOSE)
    rows = oracles.phi.lm_head(expected)[..., :ROWS]
    torch.testing.assert_close(model.language.logits(states), rows, **_CLOSE)

    pixels = _random(1, 3, 136, 200)
    maps = oracles.swin(pixels).feature_maps
    for ours, theirs in zip(model.encoder(pixels), maps, strict=True):
        torch.testing.assert_close(ours, theirs, **_CLOSE)
    pyramid = oracles.pixel_decoder(list(maps))
    features = model.pixel_decoder(tuple(maps))
    torch.testing.assert_close(features.mask_features, pyramid.mask_features, **_CLOSE)
    for ours, theirs in zip(features.scales, pyramid.multi_scale_features, strict=True):
        torch.testing.assert_close(ours, theirs, **_CLOSE)
    _assert_masks_agree(model, oracles, features, expected[:, 22])


def _assert_masks_agree(
    model: torch.nn.Module, oracles: Oracles, features: PixelFeatures, seg: Tensor
) -> None:
    query = oracles.seg(seg)
    oracles.mask_decoder.queries_features.weight.copy_(query)
    theirs = oracles.mask_decoder(list(features.scales), features.mask_features)
    ours = model.masks(features, seg, torch.zeros(1, dtype=torch.long))
    for mine, expected in zip(ours, theirs.masks_queries_logits, strict=True):
        torch.testing.assert_close(mine[0], expected[0, 0], **_CLOSE)


WRITERS: dict[str, Callable[[Path, State], Path]] = {
    "one file": write_safetensors,
    "shards": lambda folder, state: write_safetensors(folder, state, shards=3),
    "bins": write_bins,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_stage_equals_the_oracle(
    writer: str, tmp_path: Path, oracles: Oracles, state: State
) -> None:
    folder = WRITERS[writer](tmp_path / "r2", state)
    write_text(folder)
    report = convert(folder, tmp_path / "out")
    checkpoint = load(tmp_path / "out")
    _assert_stages_agree(checkpoint, oracles)
    assert checkpoint.codec.seg == SEG_ID
    assert report.missing == {}
    assert set(report.used) | set(report.unused) == set(state)
    assert not set(report.used) & set(report.unused)


def test_the_report_says_why(published: Path, tmp_path: Path) -> None:
    report = convert(published, tmp_path / "out")
    siglip = "model.vision_tower.vision_model."
    assert "behind" in report.unused[f"{siglip}encoder.layers.2.mlp.fc1.bias"]
    assert "before its last norm" in report.unused[f"{siglip}head.probe"]
    assert "queries" in report.unused["predictor.query_feat.weight"]
    fused = "predictor.transformer_cross_attention_layers.1.multihead_attn.in_proj_weight"
    assert report.used[fused].split() == [
        f"mask_decoder.layers.1.cross_attn.{letter}_proj.weight" for letter in "qkv"
    ]
    assert f"{HEAD_ROWS - ROWS} rows" in report.as_text()
    assert report.to_json()["missing"] == {}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_numbers_stay_as_they_were_stored(dtype: torch.dtype, tmp_path: Path, state: State) -> None:
    halves = {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}
    write_text(write_safetensors(tmp_path / "r2", halves))
    convert(tmp_path / "r2", tmp_path / "out")
    model = load(tmp_path / "out", dtype=dtype).model
    assert torch.equal(model.seg_projector.weight, halves["SEG_token_projector.weight"])
    assert {p.dtype for p in model.parameters()} == {dtype}
    size = sum(p.stat().st_size for p in (tmp_path / "out").glob("*.safetensors"))
    assert size < 2.1 * sum(p.numel() for p in model.parameters()) + 200_000


@pytest.mark.parametrize(("embed", "head"), [(300, 262), (262, 300), (300, 300)])
def test_the_shorter_of_embedding_and_head_counts(
    embed: int, head: int, tmp_path: Path, state: State
) -> None:
    rows = {
        "model.embed_tokens.weight": _random(embed, 160),
        "lm_head.weight": _random(head, 160),
    }
    write_text(write_safetensors(tmp_path / "r2", state | rows))
    convert(tmp_path / "r2", tmp_path / "out")
    language = load(tmp_path / "out").model.language
    count = min(embed, head)
    assert torch.equal(language.phi.embed_tokens.weight, rows["model.embed_tokens.weight"][:count])
    assert language.head is not None
    assert torch.equal(language.head.weight, rows["lm_head.weight"][:count])


def test_mipha_and_a_mask2former_make_a_start(tmp_path: Path) -> None:
    oracles = build_oracles(published=False, head_bias=True)
    state = published_state(oracles)
    mask_side = ("model.vision_tower_mask.", "pixel_decoder.", "predictor.", "SEG_token_projector.")
    mipha = {n: t for n, t in state.items() if not n.startswith(mask_side)}
    write_text(write_safetensors(tmp_path / "mipha", mipha), seg=False)
    pkl = write_mask2former(tmp_path / "m2f.pkl", state)
    report = convert(tmp_path / "mipha", tmp_path / "a", mask2former=pkl, seed=4)
    assert set(report.missing) == {"seg_projector.weight", "seg_projector.bias"}
    assert "criterion.empty_weight" in report.unused
    checkpoint = load(tmp_path / "a")
    model = checkpoint.model
    assert checkpoint.codec.seg == SEG_ID
    assert model.config.language.head_bias
    assert not model.config.pixel_decoder.fpn_bias
    assert not model.config.pixel_decoder.lateral_relu
    with torch.no_grad():
        oracles.seg.weight.copy_(model.seg_projector.weight)
        oracles.seg.bias.copy_(model.seg_projector.bias)
    _assert_stages_agree(checkpoint, oracles)
    for out, seed, same in (("b", 4, True), ("c", 5, False)):
        convert(tmp_path / "mipha", tmp_path / out, mask2former=pkl, seed=seed)
        again = load(tmp_path / out).model.seg_projector.weight
        assert torch.equal(again, model.seg_projector.weight) == same
