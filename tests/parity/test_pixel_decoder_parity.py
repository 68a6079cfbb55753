"""The pixel decoder against transformers' Mask2FormerPixelDecoder, on random weights."""

import pytest
import torch
from torch import Tensor, nn
from transformers import Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelDecoder

from geoseg.segearth.pixel_decoder import PixelDecoder

_CHANNELS = (8, 12, 16, 24)
_DIM = 256  # the oracle's group norms have 32 groups of 8, as ours have at this width


def _randomise(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1 and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif "sampling_offsets" in name:  # several cells, some beyond the map
                parameter.copy_(noise * (3.0 if parameter.dim() == 1 else 0.1))
            elif parameter.dim() > 1:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(0.3 * noise)


def _as_oracle(state: dict[str, Tensor]) -> dict[str, Tensor]:
    renames = (
        ("input_proj.", "input_projections."),
        ("layers.", "encoder.layers."),
        ("norm1", "self_attn_layer_norm"),
        ("norm2", "final_layer_norm"),
        ("linear1", "fc1"),
        ("linear2", "fc2"),
        ("pyramid.0.lateral", "adapter_1"),
        ("pyramid.0.output", "layer_1"),
        ("mask_features", "mask_projection"),
    )
    out = {}
    for name, value in state.items():
        for old, new in renames:
            name = name.replace(old, new)
        out[name] = value
    return out


def _pair(published: bool) -> tuple[PixelDecoder, Mask2FormerPixelDecoder]:
    decoder = PixelDecoder(
        _CHANNELS,
        _DIM,
        64,
        2,
        ffn=96,
        fpn_dims=(_DIM,),
        fpn_bias=published,
        lateral_relu=published,
    ).eval()
    _randomise(decoder)
    config = Mask2FormerConfig(
        feature_size=_DIM,
        mask_feature_size=64,
        encoder_feedforward_dim=96,
        encoder_layers=2,
        num_attention_heads=8,
        dropout=0.0,
        feature_strides=[4, 8, 16, 32],
    )
    oracle = Mask2FormerPixelDecoder(config, feature_channels=list(_CHANNELS)).eval()
    if published:  # the published weights have biases and a ReLU that the oracle lacks
        for convs, kernel, channels in (
            (oracle.adapter_1, 1, _CHANNELS[0]),
            (oracle.layer_1, 3, _DIM),
        ):
            convs[0] = nn.Conv2d(channels, _DIM, kernel, padding=kernel // 2)
        oracle.adapter_1.append(nn.ReLU())
    oracle.load_state_dict(_as_oracle(decoder.state_dict()))
    return decoder, oracle


@pytest.mark.parametrize("published", [True, False], ids=["published", "original"])
@torch.no_grad()
def test_both_variants_equal_the_oracle(published: bool) -> None:
    decoder, oracle = _pair(published)
    generator = torch.Generator().manual_seed(0)
    sizes = ((64, 96), (32, 48), (16, 24), (8, 12))
    features = tuple(
        torch.randn(2, c, *size, generator=generator)
        for c, size in zip(_CHANNELS, sizes, strict=True)
    )
    ours, theirs = decoder(features), oracle(features)
    for scale, expected in zip(ours.scales, theirs.multi_scale_features, strict=True):
        torch.testing.assert_close(scale, expected, rtol=0, atol=1e-5)
    assert theirs.mask_features.abs().max() > 1
    torch.testing.assert_close(ours.mask_features, theirs.mask_features, rtol=0, atol=1e-5)
