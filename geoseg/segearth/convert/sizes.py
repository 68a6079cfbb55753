"""A config from the tensors that are there, and from what only `config.json` can say.

Sizes are read off vectors (norms and biases), whose one number no transposed matrix can fake. Head
counts cannot be seen in Phi's, SigLIP's or the mask decoder's weights: the first two come from
`config.json`, else from the head widths of the published model; the last is always 8.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from geoseg.errors import CheckpointError
from geoseg.segearth.config import (
    PRESETS,
    EncoderConfig,
    LanguageConfig,
    MaskDecoderConfig,
    PixelDecoderConfig,
    SegEarthConfig,
    SiglipConfig,
    SwinConfig,
)
from geoseg.segearth.prompt import PromptTemplate
from geoseg.segearth.stored import StoredTensor

_R2 = PRESETS["r2"]
_SWIN_B = SwinConfig(128, (2, 2, 18, 2), (4, 8, 16, 32), 12)
_PHI_HEAD, _SIGLIP_HEAD = 80, 72  # widths of one head
_SAMPLES = 3 * 4 * 2  # levels, points and coordinates of each head of the pixel decoder
_GROUPED = 256  # published group norms have 32 groups; ours have as many at multiples of this

# What the classes fix: a checkpoint that says otherwise would run, and be wrong.
_PHI_FIXED = {
    "hidden_act": "gelu_new",
    "layer_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "qk_layernorm": False,
    "tie_word_embeddings": False,
}
_SIGLIP_FIXED = {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6}


def config_of(
    tensors: Mapping[str, StoredTensor],
    facts: Mapping[str, Any],
    name: str,
    template: PromptTemplate,
) -> SegEarthConfig:
    """Sizes of tensors under our names; parts without tensors have the sizes of preset r2.

    `facts` is the published `config.json`. CheckpointError if it contradicts the model.
    """
    seen = _Shapes(tensors)
    return dataclasses.replace(
        _R2,
        name=name,
        encoder=_encoder(seen),
        siglip=_siglip(seen, _vision_facts(facts)),
        language=_language(seen, facts),
        pixel_decoder=_pixel_decoder(seen),
        mask_decoder=_mask_decoder(seen),
        template=template,
    )


class _Shapes:
    """Sizes of what is there."""

    def __init__(self, tensors: Mapping[str, StoredTensor]) -> None:
        self._tensors = tensors

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def size(self, name: str, default: int, axis: int = 0) -> int:
        """One axis of a tensor, `default` if it or the axis is not there."""
        shape = self._tensors[name].shape if name in self._tensors else ()
        return shape[axis] if len(shape) > axis else default

    def count(self, prefix: str, default: int) -> int:
        """How many numbered parts follow a prefix, holes included; `default` if none does."""
        # No model has thousands of layers: a number beyond is counted nowhere, and so left over.
        pattern = re.compile(rf"{re.escape(prefix)}(\d{{1,3}})\.")
        found = [int(m[1]) for name in self._tensors if (m := pattern.match(name))]
        return max(found) + 1 if found else default


def _language(seen: _Shapes, facts: Mapping[str, Any]) -> LanguageConfig:
    r2 = _R2.language
    rotary = facts.get("rope_parameters")  # where newer files keep what older ones had on top
    facts = {**facts, **rotary} if isinstance(rotary, dict) else facts
    _require(facts, _PHI_FIXED, "language model")
    hidden = seen.size("language.phi.final_layernorm.weight", r2.hidden)
    heads = _heads(facts, hidden, _PHI_HEAD, "language model")
    grouped = facts.get("num_key_value_heads")
    if grouped not in (None, heads):
        raise CheckpointError(
            f"config.json gives the language model {grouped} key heads for {heads} heads; Phi-2 "
            "has as many of both."
        )
    embed = seen.size("language.phi.embed_tokens.weight", r2.vocab)
    return LanguageConfig(
        hidden=hidden,
        layers=seen.count("language.phi.layers.", r2.layers),
        heads=heads,
        mlp=seen.size("language.phi.layers.0.mlp.fc1.bias", r2.mlp),
        # Rows that only one of the two has belong to no token: they are left out.
        vocab=min(embed, seen.size("language.head.weight", embed)),
        partial_rotary=_number(facts, "partial_rotary_factor", r2.partial_rotary),
        max_positions=int(_number(facts, "max_position_embeddings", r2.max_positions)),
        tied=False,
        head_bias="language.head.bias" in seen,
    )


def _siglip(seen: _Shapes, facts: Mapping[str, Any]) -> SiglipConfig:
    r2 = _R2.siglip
    assert r2 is not None
    _require(facts, _SIGLIP_FIXED, "SigLIP tower")
    hidden = seen.size("tower.encoder.layers.0.layer_norm1.weight", r2.hidden)
    patch = max(1, seen.size("tower.embeddings.patch_embedding.weight", r2.patch, axis=2))
    cells = seen.size("tower.embeddings.position_embedding.weight", (r2.image_size // patch) ** 2)
    image = int(_number(facts, "image_size", r2.image_size))
    if (image // patch) ** 2 != cells:  # the file of facts is not always of this tower
        image = r2.image_size if (r2.image_size // patch) ** 2 == cells else 0
    image = image or math.isqrt(cells) * patch
    layers = seen.count("tower.encoder.layers.", r2.layers + 1)
    # Layer -1 is the last one; the published model reads the one before it.
    read = int(_number(facts, "mm_vision_select_layer", -2))
    if not -layers <= read < 0:
        raise CheckpointError(
            f"config.json reads layer {read} of a SigLIP tower with {layers} layers; it must be "
            "counted from the end, as in -2."
        )
    return SiglipConfig(
        hidden=hidden,
        layers=layers + read + 1,
        heads=_heads(facts, hidden, _SIGLIP_HEAD, "SigLIP tower"),
        mlp=seen.size("tower.encoder.layers.0.mlp.fc1.bias", r2.mlp),
        image_size=image,
        patch=patch,
    )


def _encoder(seen: _Shapes) -> EncoderConfig:
    """Swin: heads and window lie in the shape of the bias table, (2w - 1)² rows by heads.

    One that is not there is as wide as the pixel decoder expects, and else the published one.
    """
    body, table = "encoder.body.", "attn.relative_position_bias_table"
    lateral = seen.size("pixel_decoder.pyramid.0.lateral.0.weight", _SWIN_B.embed, axis=1)
    stages = range(seen.count(f"{body}layers_", len(_SWIN_B.depths)))
    rows = seen.size(f"{body}layers_0.blocks.0.{table}", (2 * _SWIN_B.window - 1) ** 2)
    depths = (*_SWIN_B.depths, *[2] * len(stages))
    swin = SwinConfig(
        embed=seen.size(f"{body}patch_embed.norm.weight", lateral),
        depths=tuple(seen.count(f"{body}layers_{i}.blocks.", depths[i]) for i in stages),
        heads=tuple(
            seen.size(f"{body}layers_{i}.blocks.0.{table}", 4 * 2**i, axis=1) for i in stages
        ),
        window=(math.isqrt(rows) + 1) // 2,
    )
    return dataclasses.replace(_R2.encoder, swin=None if swin == _SWIN_B else swin)


def _pixel_decoder(seen: _Shapes) -> PixelDecoderConfig:
    r2 = _R2.pixel_decoder
    dim = seen.size("pixel_decoder.input_proj.0.0.bias", r2.dim)
    if dim % _GROUPED:
        raise CheckpointError(
            f"The pixel decoder is {dim} wide. Published ones are {_GROUPED} wide, with 32 groups "
            "in their norms; another width would be normalised differently."
        )
    offsets = "pixel_decoder.layers.0.self_attn.sampling_offsets.bias"
    present = "pixel_decoder.pyramid.0.lateral.1.weight" in seen
    # Weights of SegEarth-R2's lineage have a bias there, and with it a ReLU; Mask2Former's neither.
    biased = "pixel_decoder.pyramid.0.lateral.0.bias" in seen or not present
    return PixelDecoderConfig(
        dim=dim,
        mask_dim=seen.size("pixel_decoder.mask_features.bias", r2.mask_dim),
        layers=seen.count("pixel_decoder.layers.", r2.layers),
        heads=max(1, seen.size(offsets, r2.heads * _SAMPLES) // _SAMPLES),
        ffn=seen.size("pixel_decoder.layers.0.linear1.bias", r2.ffn),
        fpn_dims=(seen.size("pixel_decoder.pyramid.0.output.1.weight", dim),),
        fpn_bias=biased,
        lateral_relu=biased,
    )


def _mask_decoder(seen: _Shapes) -> MaskDecoderConfig:
    r2 = _R2.mask_decoder
    return MaskDecoderConfig(
        layers=seen.count("mask_decoder.layers.", r2.layers),
        heads=r2.heads,
        ffn=seen.size("mask_decoder.layers.0.linear1.bias", r2.ffn),
    )


def _vision_facts(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part about SigLIP: `vision_config`, or `vision_tower` inside it."""
    vision = facts.get("vision_config")
    vision = vision if isinstance(vision, dict) else {}
    tower = vision.get("vision_tower")
    return tower if isinstance(tower, dict) else vision


def _heads(facts: Mapping[str, Any], hidden: int, width: int, part: str) -> int:
    heads = int(_number(facts, "num_attention_heads", 0)) or hidden // width
    if heads < 1 or hidden % heads:
        raise CheckpointError(
            f"The {part} is {hidden} wide, which {heads or 'no number of'} heads cannot share. "
            "Put the config.json of the checkpoint beside its weights."
        )
    return heads


def _number(facts: Mapping[str, Any], key: str, default: float) -> float:
    value = facts.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CheckpointError(f"config.json has {value!r} for {key}, where a number is needed.")
    return value


def _require(facts: Mapping[str, Any], fixed: Mapping[str, Any], part: str) -> None:
    for key, value in fixed.items():
        if key in facts and facts[key] != value:
            raise CheckpointError(
                f"config.json gives the {part} {key} {facts[key]!r}; geoseg's has {value!r}. "
                "These weights belong to another model."
            )
