"""Swin of any size against transformers' SwinBackbone, on random weights."""

import pytest
import torch
from torch import Tensor
from transformers import SwinBackbone, SwinConfig

from geoseg.segearth.vision import HierarchicalEncoder

_NAME = "swin_base_patch4_window12_384"


def _randomise(module: torch.nn.Module, seed: int) -> None:
    """Weights under which every part shows: norms and biases too, activations of scale 1 to 5."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif "relative_position_bias_table" in name:
                parameter.copy_(noise)
            elif parameter.dim() > 1:
                parameter.copy_(noise * (1.5 / parameter[0].numel() ** 0.5))
            else:
                parameter.copy_(0.3 * noise)


def _as_backbone(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our names in transformers' words."""
    renames = (
        ("body.patch_embed.proj", "swin.embeddings.patch_embeddings.projection"),
        ("body.patch_embed.norm", "swin.embeddings.norm"),
        ("body.layers_", "swin.encoder.layers."),
        (".norm1", ".layernorm_before"),
        (".norm2", ".layernorm_after"),
        (".attn.proj", ".attention.o_proj"),
        (".attn.relative", ".attention.relative_position_bias.relative"),
    )
    out: dict[str, Tensor] = {}
    for ours, value in state.items():
        name = ours
        for old, new in renames:
            name = name.replace(old, new)
        if ours.startswith("norms."):
            index, part = ours.split(".")[1:]
            name = f"hidden_states_norms.stage{int(index) + 1}.{part}"
        if ".downsample" in name:  # timm merges patches on entering a stage, not on leaving one
            head, tail = name.split(".downsample")
            stem, index = head.rsplit(".", 1)
            name = f"{stem}.{int(index) - 1}.downsample{tail}"
        if ".attn.qkv" in name:
            for part, third in zip("qkv", value.chunk(3), strict=True):
                out[name.replace("attn.qkv", f"attention.{part}_proj")] = third
        else:
            out[name] = value
    return out


def _pair() -> tuple[HierarchicalEncoder, SwinBackbone]:
    """One set of weights in both: Swin-B's windows and stages, an eighth of its width."""
    width, depths, heads = 16, (2, 2, 2, 2), (1, 2, 4, 8)
    options = {"embed_dim": width, "depths": depths, "num_heads": heads}
    encoder = HierarchicalEncoder(_NAME, (0, 1, 2, 3), True, options=options).eval()
    _randomise(encoder, seed=3)
    config = SwinConfig(
        image_size=384,
        patch_size=4,
        embed_dim=width,
        depths=list(depths),
        num_heads=list(heads),
        window_size=12,
        drop_path_rate=0.0,
        out_features=[f"stage{i}" for i in (1, 2, 3, 4)],
    )
    backbone = SwinBackbone(config).eval()
    missing, unexpected = backbone.load_state_dict(_as_backbone(encoder.state_dict()), strict=False)
    # The backbone builds the classifier's last norm and never runs it.
    assert all(name.startswith("swin.layernorm.") for name in missing)
    assert unexpected == []
    return encoder, backbone


@pytest.mark.parametrize(
    "size",
    [(384, 384), (512, 768), (1024, 1024), (301, 258)],
)
@torch.no_grad()
def test_swin_equals_the_backbone(size: tuple[int, int]) -> None:
    encoder, backbone = _pair()
    pixels = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    expected = backbone(pixels).feature_maps
    for ours, theirs in zip(encoder(pixels), expected, strict=True):
        assert theirs.abs().max() > 1
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5)
