"""A tiny SegEarth-R2 made of transformers' classes, and its weights by the authors' names.

The renames below are written from the published layout's side and know nothing of geoseg's names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    Mask2FormerConfig,
    PhiConfig,
    PhiForCausalLM,
    SiglipVisionConfig,
    SiglipVisionModel,
    SwinBackbone,
    SwinConfig,
)
from transformers.models.mask2former.modeling_mask2former import (
    Mask2FormerPixelDecoder,
    Mask2FormerTransformerModule,
)

HIDDEN, ROWS, HEAD_ROWS = 160, 262, 300
SWIN_WIDTH, DEPTHS, HEADS, WINDOW = 8, (1, 2, 1, 1), (1, 2, 4, 8), 4
LAYERS = 2  # of the mask decoder
_CHANNELS = [SWIN_WIDTH * 2**i for i in range(4)]
_DIM = 256


@dataclass(frozen=True, slots=True, eq=False)
class Oracles:
    phi: PhiForCausalLM
    siglip: SiglipVisionModel
    projector: nn.Sequential
    swin: SwinBackbone
    pixel_decoder: Mask2FormerPixelDecoder
    mask_decoder: Mask2FormerTransformerModule
    seg: nn.Linear


def build_oracles(*, published: bool = True, head_bias: bool = False) -> Oracles:
    """Random weights under which every part shows; `published` adds FPN biases and the ReLU."""
    swin = SwinConfig(
        image_size=64, patch_size=4, embed_dim=SWIN_WIDTH, depths=list(DEPTHS),
        num_heads=list(HEADS), window_size=WINDOW, drop_path_rate=0.0,
        out_features=[f"stage{i}" for i in (1, 2, 3, 4)],
    )  # fmt: skip
    mask = Mask2FormerConfig(
        feature_size=_DIM, hidden_dim=_DIM, mask_feature_size=_DIM, encoder_feedforward_dim=64,
        encoder_layers=1, num_attention_heads=8, dropout=0.0, feature_strides=[4, 8, 16, 32],
        dim_feedforward=96, decoder_layers=LAYERS + 1, num_queries=1,
    )  # fmt: skip
    pixel = Mask2FormerPixelDecoder(mask, feature_channels=_CHANNELS)
    if published:
        pixel.adapter_1[0] = nn.Conv2d(_CHANNELS[0], _DIM, 1)
        pixel.layer_1[0] = nn.Conv2d(_DIM, _DIM, 3, padding=1)
        pixel.adapter_1.append(nn.ReLU())
    phi = PhiForCausalLM(
        PhiConfig(
            vocab_size=ROWS, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=96, max_position_embeddings=1024,
            rope_parameters={
                "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.4,
            },
        )
    )  # fmt: skip
    phi.lm_head = nn.Linear(HIDDEN, HEAD_ROWS, bias=head_bias)
    siglip = SiglipVisionConfig(
        hidden_size=72, intermediate_size=80, num_hidden_layers=3, num_attention_heads=1,
        image_size=384, patch_size=14,
    )  # fmt: skip
    oracles = Oracles(
        phi,
        SiglipVisionModel(siglip),
        nn.Sequential(nn.Linear(72, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, HIDDEN)),
        SwinBackbone(swin),
        pixel,
        Mask2FormerTransformerModule(_DIM, mask),
        nn.Linear(HIDDEN, _DIM),
    )
    _randomise(oracles)
    return oracles


def _parts(oracles: Oracles) -> dict[str, nn.Module]:
    return {name: getattr(oracles, name) for name in Oracles.__slots__}


def _randomise(oracles: Oracles) -> None:
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for module in _parts(oracles).values():
            for name, p in module.eval().named_parameters():
                noise = torch.randn(p.shape, generator=generator)
                if p.dim() == 1 and name.endswith("weight"):
                    p.copy_(1 + 0.2 * noise)
                elif name.endswith(("embedding.weight", "embed", "bias_table")):
                    p.copy_(0.5 * noise)
                elif p.dim() > 1:
                    p.copy_(noise / p[0].numel() ** 0.5)
                else:
                    p.copy_(0.2 * noise)
        oracles.mask_decoder.queries_embedder.weight.zero_()


def published_state(oracles: Oracles) -> dict[str, Tensor]:
    """Weights by the authors' names, with what the authors' files hold besides."""
    state: dict[str, Tensor] = {}
    for name, tensor in oracles.phi.state_dict().items():
        state[name] = tensor
    for name, tensor in oracles.siglip.state_dict().items():
        state[f"model.vision_tower.vision_model.{name}"] = tensor
    for name, tensor in oracles.projector.state_dict().items():
        state[f"model.mm_projector.{name}"] = tensor
    for name, tensor in oracles.seg.state_dict().items():
        state[f"SEG_token_projector.{name}"] = tensor
    for name, tensor in _swin(oracles.swin.state_dict()).items():
        state[f"model.vision_tower_mask.{name}"] = tensor
    for name, tensor in _pixel(oracles.pixel_decoder.state_dict()).items():
        state[f"pixel_decoder.{name}"] = tensor
    for name, tensor in _mask(oracles.mask_decoder.state_dict()).items():
        state[f"predictor.{name}"] = tensor
    state |= {
        "predictor.query_embed.weight": torch.zeros(100, _DIM),
        "predictor.SEG_query_embed.weight": torch.zeros(101, _DIM),
        "predictor.new_query_embed.weight": torch.zeros(1, _DIM),
        "predictor.SEG_proj.layers.0.weight": torch.zeros(_DIM, _DIM),
        "model.vision_tower_mask.layers.0.blocks.0.attn.relative_position_index": torch.zeros(
            16, 16, dtype=torch.int64
        ),
    }
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def _renamed(state: dict[str, Tensor], renames: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    out = {}
    for name, tensor in state.items():
        for old, new in renames:
            name = name.replace(old, new)
        out[name] = tensor
    return out


def _fused(state: dict[str, Tensor], layer: str, fused: str) -> dict[str, Tensor]:
    """q_proj, k_proj and v_proj of every `layer` as one matrix and one bias, called `fused`."""
    out: dict[str, Tensor] = {}
    for name, tensor in state.items():
        owner, _, part = name.partition(f"{layer}.q_proj.")
        if part:
            thirds = [state[f"{owner}{layer}.{letter}_proj.{part}"] for letter in "qkv"]
            out[f"{owner}{fused}{part}"] = torch.cat(thirds)
        elif f"{layer}.k_proj." not in name and f"{layer}.v_proj." not in name:
            out[name] = tensor
    return out


def _swin(state: dict[str, Tensor]) -> dict[str, Tensor]:
    fused = _fused(state, ".attention", ".attn.qkv.")
    kept = {n: t for n, t in fused.items() if not n.startswith("swin.layernorm")}
    renamed = _renamed(
        kept,
        (
            ("swin.embeddings.patch_embeddings.projection", "patch_embed.proj"),
            ("swin.embeddings.norm", "patch_embed.norm"),
            ("swin.encoder.", ""),
            ("layernorm_before", "norm1"),
            ("layernorm_after", "norm2"),
            ("attention.o_proj", "attn.proj"),
            ("attention.relative_position_bias.relative", "attn.relative"),
            *((f"hidden_states_norms.stage{i + 1}", f"norm{i}") for i in range(4)),
        ),
    )
    return {n: t for n, t in renamed.items() if not n.endswith("relative_position_index")}


def _pixel(state: dict[str, Tensor]) -> dict[str, Tensor]:
    renamed = _renamed(
        state,
        (
            ("input_projections.", "input_proj."),
            ("encoder.layers.", "transformer.encoder.layers."),
            ("self_attn_layer_norm", "norm1"),
            ("final_layer_norm", "norm2"),
            ("fc1", "linear1"),
            ("fc2", "linear2"),
            ("mask_projection", "mask_features"),
        ),
    )
    renamed["transformer.level_embed"] = renamed.pop("level_embed")
    return renamed


def _mask(state: dict[str, Tensor]) -> dict[str, Tensor]:
    fused = _fused(state, ".self_attn", ".self_attn.in_proj_")
    out = {}
    for name, tensor in fused.items():
        owner, _, rest = name.removeprefix("decoder.").partition(".")
        if owner == "layers":
            i, _, part = rest.partition(".")
            kind, part = _decoder_part(part)
            name = f"transformer_{kind}_layers.{i}.{part}"
        elif owner == "mask_predictor":
            index, _, part = rest.removeprefix("mask_embedder.").partition(".0.")
            name = f"mask_embed.layers.{index}.{part}"
        elif owner == "layernorm":
            name = f"decoder_norm.{rest}"
        elif owner == "queries_features":
            name = f"query_feat.{rest}"
        elif owner == "queries_embedder":
            continue
        out[name] = tensor
    return out


def _decoder_part(part: str) -> tuple[str, str]:
    table = {
        "self_attn_layer_norm.": ("self_attention", "norm."),
        "cross_attn_layer_norm.": ("cross_attention", "norm."),
        "final_layer_norm.": ("ffn", "norm."),
        "self_attn.": ("self_attention", "self_attn."),
        "cross_attn.": ("cross_attention", "multihead_attn."),
        "fc1.": ("ffn", "linear1."),
        "fc2.": ("ffn", "linear2."),
    }
    head = next(head for head in table if part.startswith(head))
    kind, new = table[head]
    return kind, new + part.removeprefix(head)


def facts() -> dict[str, Any]:
    """What the authors' config.json says."""
    return {
        "model_type": "mipha_phi",
        "hidden_act": "gelu_new",
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "partial_rotary_factor": 0.4,
        "max_position_embeddings": 1024,
        "rope_theta": 10000.0,
        "vision_config": {
            "vision_tower": {
                "hidden_act": "gelu_pytorch_tanh",
                "num_attention_heads": 1,
                "image_size": 384,
                "mm_vision_select_layer": -2,
            }
        },
    }
