import copy

import pytest
import torch
from torch import nn

from geoseg.segearth.generate import generate
from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import TextCodec
from geoseg.segearth.quantize import Int4Matrix, Int8Matrix, Kind, QuantizedLinear, quantize_


@pytest.mark.parametrize("inputs", [64, 192, 40, 100])
@torch.no_grad()
def test_weights_are_off_by_half_a_level(inputs: int) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(inputs, 7)
    linear.weight[2] = 0
    row = linear.weight.abs().amax(dim=1, keepdim=True)
    assert ((Int8Matrix(linear.weight)() - linear.weight).abs() <= row / 127 / 2 * 1.01).all()
    four = Int4Matrix(linear.weight)()
    assert four.shape == linear.weight.shape
    for group, exact in zip(four.split(64, dim=1), linear.weight.split(64, dim=1), strict=True):
        span = exact.amax(dim=1, keepdim=True) - exact.amin(dim=1, keepdim=True)
        # The least weight and the scale are stored in 16 bits.
        assert ((group - exact).abs() <= span / 15 / 2 + row * 2e-3).all()


def test_sixteen_levels_come_back_as_they_are() -> None:
    linear = nn.Linear(64, 1, bias=False)
    levels = torch.arange(64).remainder(16) / 8 - 1
    with torch.no_grad():
        linear.weight.copy_(levels)
    assert Int4Matrix(linear.weight)()[0].tolist() == pytest.approx(levels.tolist(), abs=1e-3)


def _bytes(model: nn.Module) -> int:
    return sum(t.nbytes for t in (*model.parameters(), *model.buffers()))


def test_bits_per_weight() -> None:
    weight = torch.randn(128, 512)
    assert _bytes(Int8Matrix(weight)) * 8 / weight.numel() < 8.1
    assert _bytes(Int4Matrix(weight)) * 8 / weight.numel() == 4.5


@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_a_quantised_model_is_a_dense_one_of_its_weights(
    kind: Kind, model: SegEarth, codec: TextCodec
) -> None:
    small = copy.deepcopy(model)
    before = _bytes(small.language.phi.layers)
    quantize_(small, kind)
    assert _bytes(small.language.phi.layers) < before / 3
    dense = copy.deepcopy(small)
    for parent in list(dense.language.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, QuantizedLinear):
                weight = child.matrix()
                linear = nn.Linear(weight.shape[1], weight.shape[0])
                linear.load_state_dict({"weight": weight, "bias": child.bias})
                setattr(parent, name, linear)
    tokens = torch.randn(2, 16, model.config.language.hidden, generator=torch.manual_seed(1))
    prompt = codec.encode_prompt(["the buildings", "where can a plane land here ?"])
    ids, mask = codec.encode_answers(["<p>buildings</p>[SEG]", "no"])
    with torch.no_grad():
        ours, expected = (m.read(tokens, prompt, ids, mask) for m in (small, dense))
        exact = model.read(tokens, prompt, ids, mask)
    torch.testing.assert_close(ours.logits, expected.logits, rtol=0, atol=1e-5)
    assert 0 < (ours.hidden - exact.hidden).abs().max() < 0.5
    spoken = [
        generate(m, tokens, prompt, seg=codec.seg, end=codec.end, max_new_tokens=6)
        for m in (small, dense)
    ]
    assert [a.ids for a in spoken[0]] == [a.ids for a in spoken[1]]


def test_only_the_layers_of_the_language_model_change(model: SegEarth) -> None:
    small = copy.deepcopy(model)
    quantize_(small, "int8")
    changed = {n for n, m in small.named_modules() if isinstance(m, QuantizedLinear)}
    assert all(name.startswith("language.phi.layers.") for name in changed)
    layers = model.config.language.layers
    assert len(changed) == 6 * layers  # query, key, value, dense, fc1, fc2
    torch.testing.assert_close(
        small.language.phi.embed_tokens.weight, model.language.phi.embed_tokens.weight
    )


def test_number_format_of_the_model_is_kept(model: SegEarth) -> None:
    small = copy.deepcopy(model).bfloat16()
    quantize_(small, "int4")
    layer = small.language.phi.layers[0].mlp.fc1
    width = model.config.language.hidden
    assert layer(torch.ones(1, width, dtype=torch.bfloat16)).dtype == torch.bfloat16
