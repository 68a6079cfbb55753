import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from geoseg.segearth.folding import FoldedConv, fold_norms_
from geoseg.segearth.vision import HierarchicalEncoder

_STAGES = (0, 1, 2, 3, 4)


def _used(name: str) -> HierarchicalEncoder:
    """An encoder whose norms are not the identity that they are at the start."""
    torch.manual_seed(0)
    encoder = HierarchicalEncoder(name, _STAGES, False).eval()
    for module in encoder.modules():
        if isinstance(module, BatchNormAct2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return encoder


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "test_efficientnet"])
@pytest.mark.parametrize("size", [(64, 96), (65, 96), (71, 83)], ids=["even", "odd", "both odd"])
@torch.inference_mode()
def test_folded_encoders_say_the_same(name: str, size: tuple[int, int]) -> None:
    encoder = _used(name)
    pixels = torch.randn(2, 3, *size)
    expected = encoder(pixels)
    fold_norms_(encoder)
    for folded, plain in zip(encoder(pixels), expected, strict=True):
        scale = float(plain.abs().max())
        assert scale > 0.1
        torch.testing.assert_close(folded, plain, rtol=0, atol=1e-5 * max(1.0, scale))


def test_no_norm_of_the_lite_encoder_is_left() -> None:
    encoder = HierarchicalEncoder("tf_efficientnet_lite0", _STAGES, False).eval()
    norms = sum(isinstance(m, BatchNormAct2d) for m in encoder.modules())
    fold_norms_(encoder)
    assert not any(isinstance(m, BatchNormAct2d | nn.Conv2d) for m in encoder.modules())
    assert sum(isinstance(m, FoldedConv) for m in encoder.modules()) == norms > 40


@torch.inference_mode()
def test_unknown_encoders_keep_their_norms() -> None:
    encoder = HierarchicalEncoder("test_resnet", (0, 1, 2, 3), False).eval()
    pixels = torch.randn(1, 3, 64, 64)
    expected = encoder(pixels)
    fold_norms_(encoder)
    assert all(torch.equal(a, b) for a, b in zip(encoder(pixels), expected, strict=True))
