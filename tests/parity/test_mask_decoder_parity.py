"""The mask decoder against transformers' Mask2FormerTransformerModule, on random weights.

The oracle gets one query per picture and no query positions, as SegEarth-R2 runs it.
"""

import torch
from torch import Tensor, nn
from transformers import Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerTransformerModule

from geoseg.segearth.mask_decoder import MaskDecoder
from geoseg.segearth.pixel_decoder import PixelFeatures

_DIM, _MASK_DIM, _LAYERS, _FFN = 64, 32, 9, 96
_SIZES = ((4, 6), (8, 12), (16, 24))


def _randomise(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1 and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif parameter.dim() > 1:
                parameter.copy_(1.5 * noise / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(0.3 * noise)


def _as_oracle(state: dict[str, Tensor]) -> dict[str, Tensor]:
    renames = (
        ("layers.", "decoder.layers."),
        ("cross_norm", "cross_attn_layer_norm"),
        ("self_norm", "self_attn_layer_norm"),
        ("ffn_norm", "final_layer_norm"),
        ("linear", "fc"),
    )
    out: dict[str, Tensor] = {}
    for ours, value in state.items():
        name = ours
        for old, new in renames:
            name = name.replace(old, new)
        if name.startswith("norm."):
            name = f"decoder.layernorm.{name[5:]}"
        if name.startswith("mask_embed."):  # every other entry of ours is a ReLU
            index, part = name.split(".")[1:]
            name = f"decoder.mask_predictor.mask_embedder.{int(index) // 2}.0.{part}"
        if "self_attn.in_proj" in name:
            part = name.rsplit(".", 1)[1]
            for letter, third in zip("qkv", value.chunk(3), strict=True):
                out[name.replace(f"in_proj.{part}", f"{letter}_proj.{part}")] = third
        elif "cross_attn.q_proj" in name:
            part = name.rsplit(".", 1)[1]
            thirds = [state[ours.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            out[name.replace(f"q_proj.{part}", f"in_proj_{part}")] = torch.cat(thirds)
        elif "cross_attn.k_proj" not in name and "cross_attn.v_proj" not in name:
            out[name] = value
    return out


def _oracle(decoder: MaskDecoder) -> Mask2FormerTransformerModule:
    config = Mask2FormerConfig(
        hidden_dim=_DIM,
        mask_feature_size=_MASK_DIM,
        num_attention_heads=8,
        dim_feedforward=_FFN,
        decoder_layers=_LAYERS + 1,
        dropout=0.0,
        num_queries=1,
    )
    oracle = Mask2FormerTransformerModule(_DIM, config).eval()
    nn.init.zeros_(oracle.queries_embedder.weight)
    nn.init.zeros_(oracle.queries_features.weight)
    missing, unexpected = oracle.load_state_dict(_as_oracle(decoder.state_dict()), strict=False)
    assert set(missing) == {"queries_features.weight", "queries_embedder.weight"}
    assert unexpected == []
    return oracle


@torch.no_grad()
def test_ten_predictions_equal_the_oracle() -> None:
    generator = torch.Generator().manual_seed(0)
    decoder = MaskDecoder(_DIM, _MASK_DIM, _LAYERS, ffn=_FFN).eval()
    _randomise(decoder)
    oracle = _oracle(decoder)
    features = PixelFeatures(
        torch.randn(1, _MASK_DIM, 32, 48, generator=generator),
        tuple(torch.randn(1, _DIM, *size, generator=generator) for size in _SIZES),
    )
    queries = torch.randn(3, _DIM, generator=generator)
    ours = decoder(queries, torch.zeros(3, dtype=torch.long), features)
    assert len(ours) == 10
    for index, query in enumerate(queries):
        oracle.queries_features.weight.copy_(query[None])
        theirs = oracle(list(features.scales), features.mask_features).masks_queries_logits
        for mine, expected in zip(ours, theirs, strict=True):
            assert expected.abs().max() > 3
            torch.testing.assert_close(mine[index], expected[0, 0], rtol=0, atol=1e-4)
