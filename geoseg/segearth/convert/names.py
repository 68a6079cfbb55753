"""Published names → ours, and which of them the model never reads.

Sources: SegEarth-R2 and InstructSeg (Mipha-3B with a Mask2Former) in the layout of Hugging Face;
Mask2Former's `.pkl` in detectron2's. Both use the same words for Swin and the two decoders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from geoseg.errors import CheckpointError
from geoseg.segearth.stored import StoredTensor

_SWIN = r"model\.vision_tower_mask\."
_SIGLIP = r"model\.vision_tower\.(?:vision_tower\.)?vision_model\."
_DECODER = r"predictor\.transformer_"

_RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"model\.(embed_tokens|layers|final_layernorm)\.", r"language.phi.\1."),
    (r"lm_head\.", "language.head."),
    (r"SEG_token_projector\.", "seg_projector."),
    (_SIGLIP + r"(embeddings|encoder)\.", r"tower.\1."),
    (r"model\.mm_projector\.([02])\.", r"image_tokens.\1."),
    (_SWIN + r"patch_embed\.", "encoder.body.patch_embed."),
    # timm merges patches on entering a stage, the published Swin on leaving one.
    (
        _SWIN + r"layers\.(\d+)\.downsample\.",
        lambda m: f"encoder.body.layers_{int(m[1]) + 1}.downsample.",
    ),
    (_SWIN + r"layers\.(\d+)\.", r"encoder.body.layers_\1."),
    (_SWIN + r"norm(\d+)\.", r"encoder.norms.\1."),
    (r"pixel_decoder\.(input_proj|mask_features)\.", r"pixel_decoder.\1."),
    (r"pixel_decoder\.transformer\.level_embed$", "pixel_decoder.level_embed"),
    (r"pixel_decoder\.transformer\.encoder\.layers\.", "pixel_decoder.layers."),
    (r"pixel_decoder\.adapter_1\.", "pixel_decoder.pyramid.0.lateral."),
    (r"pixel_decoder\.layer_1\.", "pixel_decoder.pyramid.0.output."),
    (
        _DECODER + r"self_attention_layers\.(\d+)\.self_attn\.in_proj_",
        r"mask_decoder.layers.\1.self_attn.in_proj.",
    ),
    (_DECODER + r"self_attention_layers\.(\d+)\.self_attn\.", r"mask_decoder.layers.\1.self_attn."),
    (_DECODER + r"self_attention_layers\.(\d+)\.norm\.", r"mask_decoder.layers.\1.self_norm."),
    (
        _DECODER + r"cross_attention_layers\.(\d+)\.multihead_attn\.",
        r"mask_decoder.layers.\1.cross_attn.",
    ),
    (_DECODER + r"cross_attention_layers\.(\d+)\.norm\.", r"mask_decoder.layers.\1.cross_norm."),
    (_DECODER + r"ffn_layers\.(\d+)\.norm\.", r"mask_decoder.layers.\1.ffn_norm."),
    (_DECODER + r"ffn_layers\.(\d+)\.", r"mask_decoder.layers.\1."),
    (r"predictor\.decoder_norm\.", "mask_decoder.norm."),
    (r"predictor\.level_embed\.", "mask_decoder.level_embed."),
    # Every other entry of our sequence is a ReLU.
    (
        r"predictor\.mask_embed\.layers\.(\d+)\.",
        lambda m: f"mask_decoder.mask_embed.{2 * int(m[1])}.",
    ),
)

_UNUSED: tuple[tuple[str, str], ...] = (
    (r"relative_position_index$|attn_mask$|inv_freq$|position_ids$", "computed, not learned"),
    (_SIGLIP + r"(post_layernorm|head)\.", "the tower is read before its last norm and head"),
    (r"predictor\.(SEG_|new_query_embed|seg_proj_after_norm)", "made, but never read"),
    (r"predictor\.(query_feat|static_query|query_embed)\.", "queries are [SEG] states"),
    (r"(predictor\.class_embed|criterion)\.", "classes are named by the language model"),
    (r"seg_query(_projector)?(\.|$)", "made, but never read"),
)

_FOREIGN: tuple[tuple[str, str], ...] = (
    (r"query_key_value\.|model\.mm_projector\.proj1\.", "SegEarth-R1, another model"),
    (r"(vmtf_layers|ovp_layers|text_vmtf_projector|origin_SEG_token_projector)\.", "InstructSeg "
     "with modules between [SEG] and its query that SegEarth-R2 has not"),
    (r"predictor\.input_proj\.", "a mask decoder of another width than its pixel decoder"),
    (r"pixel_decoder\.(adapter|layer)_[2-9]\.", "a pixel decoder with several pyramid levels"),
)  # fmt: skip

_PARTS = {
    "language.phi.": "model.",
    "language.head.": "lm_head.",
    "tower.": "model.vision_tower.",
    "image_tokens.": "model.mm_projector.",
    "encoder.": "model.vision_tower_mask.",
    "pixel_decoder.": "pixel_decoder.",
    "mask_decoder.": "predictor.",
    "seg_projector.": "SEG_token_projector.",
}

_PICKLED: tuple[tuple[str, str], ...] = (
    (r"^backbone\.", "model.vision_tower_mask."),
    (r"^sem_seg_head\.(pixel_decoder|predictor)\.", r"\1."),
    (r"(adapter|layer)_(\d)\.norm\.", r"\1_\2.1."),
    (r"(adapter|layer)_(\d)\.(weight|bias)$", r"\1_\2.0.\3"),
)

UNKNOWN = "no part of this model has this name"


def ours(name: str) -> str | None:
    """Our name for a published one; None if the model has no place for it.

    The fused projections of cross-attention keep their name here; `split_fused` takes them apart.
    """
    if unused_because(name) != UNKNOWN:
        return None
    for pattern, replacement in _RULES:
        found, count = re.subn(f"^{pattern}", replacement, name)
        if count:
            return found
    return None


def unused_because(name: str) -> str:
    """Why the model does not read a tensor; CheckpointError if that changes what it computes."""
    for pattern, what in _FOREIGN:
        if re.search(pattern, name):
            raise CheckpointError(
                f"The checkpoint holds {name}: it is {what}. Give weights of SegEarth-R2."
            )
    return next((why for pattern, why in _UNUSED if re.search(pattern, name)), UNKNOWN)


def from_pickle(name: str) -> str:
    """The name that the Hugging Face layout has for a name of Mask2Former's `.pkl`."""
    for pattern, replacement in _PICKLED:
        name = re.sub(pattern, replacement, name)
    return name


def split_fused(name: str, tensor: StoredTensor) -> Mapping[str, StoredTensor]:
    """One tensor under our name, or the thirds of a fused query, key and value projection."""
    fused = re.fullmatch(r"(mask_decoder\.layers\.\d+\.cross_attn\.)in_proj_(weight|bias)", name)
    if fused is None:
        return {name: tensor}
    # Rounded up: what is not three thirds has no part of the right shape.
    third = -(-tensor.shape[0] // 3) if tensor.shape else 0
    return {
        f"{fused[1]}{letter}_proj.{fused[2]}": tensor.rows(i * third, (i + 1) * third)
        for i, letter in enumerate("qkv")
    }


def is_allowed(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether one of the prefixes, in our words or in the published ones, covers our name."""
    published = published_part(name)
    return any(name.startswith(p) or bool(published and published.startswith(p)) for p in prefixes)


def published_part(name: str) -> str:
    """The published prefix of the part that our name belongs to, such as `predictor.`."""
    return next((theirs for part, theirs in _PARTS.items() if name.startswith(part)), "")
