"""Sizes of the published model, read off the shapes of its tensors alone."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.assembly import hollow
from geoseg.segearth.config import PRESETS, SegEarthConfig, SwinConfig
from geoseg.segearth.convert.sizes import config_of
from geoseg.segearth.stored import StoredTensor, stored

_R2 = PRESETS["r2"]


def _tensors(config: SegEarthConfig) -> dict[str, StoredTensor]:
    """Shapes of a whole model, and of the SigLIP layer that is not read."""
    state = hollow(config).state_dict()
    assert config.siglip is not None
    last = f"tower.encoder.layers.{config.siglip.layers}.layer_norm1.weight"
    state[last] = torch.empty(config.siglip.hidden, device="meta")
    return {name: stored(tensor) for name, tensor in state.items()}


def test_the_paper_is_recognised_without_a_config() -> None:
    assert config_of(_tensors(_R2), {}, "r2", _R2.template) == _R2


def test_another_size_is_too() -> None:
    swin = SwinConfig(192, (2, 2, 4, 2), (6, 12, 24, 48), 7)
    other = dataclasses.replace(
        _R2,
        encoder=dataclasses.replace(_R2.encoder, swin=swin),
        language=dataclasses.replace(_R2.language, hidden=320, heads=8, layers=3, head_bias=True),
        pixel_decoder=dataclasses.replace(_R2.pixel_decoder, fpn_bias=False, lateral_relu=False),
        mask_decoder=dataclasses.replace(_R2.mask_decoder, layers=6),
    )
    facts = {"num_attention_heads": 8, "rope_parameters": {"partial_rotary_factor": 0.4}}
    assert config_of(_tensors(other), facts, "r2", _R2.template) == other


def test_facts_of_the_tower_are_found_where_either_config_has_them() -> None:
    tensors = _tensors(_R2)
    for vision in ({"num_attention_heads": 8}, {"vision_tower": {"num_attention_heads": 8}}):
        found = config_of(tensors, {"vision_config": vision}, "r2", _R2.template)
        assert found.siglip is not None
        assert found.siglip.heads == 8


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"rope_theta": 5e5}, "rope_theta 500000.0; geoseg's has 10000.0"),
        ({"rope_parameters": {"rope_theta": 5e5}}, "rope_theta 500000.0"),
        ({"vision_config": {"hidden_act": "quick_gelu"}}, "SigLIP tower hidden_act 'quick_gelu'"),
        ({"vision_config": {"mm_vision_select_layer": 2}}, "must be counted from the end"),
        ({"num_attention_heads": 7}, "2560 wide, which 7 heads cannot share"),
    ],
)
def test_contradictions_are_refused(facts: dict[str, object], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        config_of(_tensors(_R2), facts, "r2", _R2.template)
