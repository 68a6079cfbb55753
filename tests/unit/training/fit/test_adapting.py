import copy

import pytest
import torch

from geoseg.errors import InstructionError
from tests.unit.segearth.tiny_r2 import tiny_r2
from training.fit.adapting import adapt, fold, is_adapter, set_mode
from training.fit.recipe import Learning


@pytest.fixture(scope="module")
def checkpoint():
    return tiny_r2()


def test_what_learns_is_exactly_this(checkpoint):
    model = copy.deepcopy(checkpoint.model).bfloat16()
    learns = adapt(model, Learning(), [checkpoint.codec.seg])
    sides = [
        f"language.phi.layers.{i}.self_attn.{projection}_proj.lora_{side}.default.weight"
        for i in range(2)
        for projection in "qv"
        for side in "AB"
    ]
    rows = [
        f"language.{part}.token_adapter.trainable_tokens_delta.default"
        for part in ("head", "phi.embed_tokens")
    ]
    heads = [
        name
        for name, _ in checkpoint.model.named_parameters()
        if name.startswith(("pixel_decoder.", "mask_decoder.", "seg_projector."))
    ]
    assert learns == sorted(sides + rows + heads)
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (name in learns)
        assert parameter.dtype == (torch.float32 if name in learns else torch.bfloat16)
    set_mode(model)
    assert model.language.training
    assert not model.encoder.training
    assert not model.tower.training


@pytest.mark.parametrize(
    "learning", [Learning(), Learning(head="full"), Learning(lora_rank=0, head="none")]
)
def test_folded_adapters_compute_the_same_under_the_old_names(checkpoint, learning):
    model = copy.deepcopy(checkpoint.model)
    codec = checkpoint.codec
    adapt(model, learning, [codec.seg])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if is_adapter(name):
                parameter.add_(torch.randn_like(parameter) * 0.1)
    model.eval()
    tokens = torch.randn(1, 4, model.config.language.hidden)
    prompt = codec.encode_prompt(["the road"])
    ids, mask = codec.encode_answers(["it is [SEG]"])
    with torch.no_grad():
        before = model.read(tokens, prompt, ids, mask)
        after = fold(model).read(tokens, prompt, ids, mask)
    torch.testing.assert_close(before.logits, after.logits, atol=1e-5, rtol=1e-5)
    assert model.state_dict().keys() == checkpoint.model.state_dict().keys()


def test_a_part_that_is_not_there_is_named(checkpoint):
    with pytest.raises(InstructionError, match="'trunk\\.'"):
        adapt(copy.deepcopy(checkpoint.model), Learning(parts=("trunk.",)), [1])
