import pytest
import torch

from geoseg.segearth.lookups import LookupAttention
from geoseg.segearth.pixel_decoder import DeformableAttention, lay_levels

_SHAPES = ((3, 4), (6, 8), (12, 16))
_CELLS = sum(h * w for h, w in _SHAPES)


def _attention(spread: float) -> DeformableAttention:
    torch.manual_seed(0)
    attention = DeformableAttention(32, heads=4, points=4).eval()
    torch.nn.init.normal_(attention.sampling_offsets.weight, std=spread)
    torch.nn.init.normal_(attention.attention_weights.weight, std=0.5)
    return attention


@pytest.mark.parametrize("spread", [0.0, 0.3, 30.0], ids=["start", "near", "far beyond"])
@torch.inference_mode()
def test_lookups_equal_grid_samples(spread: float) -> None:
    attention = _attention(spread)
    levels = lay_levels(_SHAPES, torch.device("cpu"))
    source, places = torch.randn(2, _CELLS, 32), torch.randn(_CELLS, 32)
    expected = attention(source, places, levels)
    assert expected.abs().max() > 0.01
    looked_up = LookupAttention(attention)(source, places, levels)
    torch.testing.assert_close(looked_up, expected, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_samples_on_the_rim_and_on_centres() -> None:
    """Offsets in half cells put samples on centres, between them, and on both borders."""
    attention = _attention(0.0)
    choices = torch.tensor([-4.0, -1.0, -0.5, 0.0, 0.5, 1.0, 4.0])
    attention.sampling_offsets.bias.copy_(choices[torch.arange(96) % 7])
    levels = lay_levels(_SHAPES, torch.device("cpu"))
    source, places = torch.randn(1, _CELLS, 32), torch.zeros(_CELLS, 32)
    expected = attention(source, places, levels)
    looked_up = LookupAttention(attention)(source, places, levels)
    torch.testing.assert_close(looked_up, expected, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_bfloat16_samples_in_float32() -> None:
    attention = _attention(0.3).bfloat16()
    levels = lay_levels(_SHAPES, torch.device("cpu"))
    source, places = torch.randn(1, _CELLS, 32).bfloat16(), torch.randn(_CELLS, 32).bfloat16()
    expected = attention(source, places, levels)
    looked_up = LookupAttention(attention)(source, places, levels)
    assert looked_up.dtype == torch.bfloat16
    assert (looked_up - expected).float().norm() / expected.float().norm() < 0.005
