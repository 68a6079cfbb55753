"""A pass of Phi whose last layer is computed only where its states are wanted.

Tokens to come need keys and values of all tokens. Nobody needs what the last layer makes of an
image token: of its work, queries, attention, output and MLP are due only at the tokens whose
state is asked for, which is most of a layer saved.

Letters: Q rows, n new tokens, S tokens in all, J wanted tokens, H heads, d width of a head,
D width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import Cache, PhiModel
from transformers.masking_utils import create_causal_mask


def states_at(
    phi: PhiModel, embeds: Tensor, wanted: Tensor, *, mask: Tensor, places: Tensor, cache: Cache
) -> Tensor:
    """(Q, J, D) states of new tokens (Q, n, D), after the final norm; the cache takes in all.

    `wanted` (Q, J) are indices among the new tokens, `places` (Q, n) their positions; `mask`
    (Q, S) bool is True on the valid ones of all tokens, the new ones last.
    """
    *front, last = phi.layers
    sides = phi.rotary_emb(embeds, position_ids=places)
    causal = create_causal_mask(
        config=phi.config,
        inputs_embeds=embeds,
        attention_mask=mask,
        cache=cache,
        position_ids=places,
    )
    hidden = embeds
    for layer in front:
        hidden = layer(
            hidden,
            attention_mask=causal,
            position_ids=places,
            cache=cache,
            use_cache=True,
            position_embeddings=sides,
        )
    states: Tensor = phi.final_layernorm(_last(last, hidden, wanted, mask, sides, cache))
    return states


def _last(
    layer: Any,
    hidden: Tensor,
    wanted: Tensor,
    mask: Tensor,
    sides: tuple[Tensor, Tensor],
    cache: Cache,
) -> Tensor:
    attention = layer.self_attn
    cos, sin = sides
    known = layer.input_layernorm(hidden)  # (Q, n, D)
    keys = _turned(_heads(attention, attention.k_proj(known)), cos, sin)
    values = _heads(attention, attention.v_proj(known))
    keys, values = cache.update(keys, values, attention.layer_idx)  # (Q, H, S, d)
    if wanted.shape[1] == 0:
        return hidden[:, :0]
    row = torch.arange(len(wanted), device=wanted.device)[:, None]
    chosen = known[row, wanted]  # (Q, J, D)
    queries = _heads(attention, attention.q_proj(chosen))
    queries = _turned(queries, cos[row, wanted], sin[row, wanted])
    index = wanted + mask.shape[1] - hidden.shape[1]  # (Q, J) among all tokens
    seen = torch.arange(mask.shape[1], device=mask.device) <= index[..., None]  # (Q, J, S)
    felt = F.scaled_dot_product_attention(
        queries, keys, values, attn_mask=(seen & mask[:, None])[:, None], scale=attention.scaling
    )
    told: Tensor = attention.dense(felt.transpose(1, 2).flatten(2))
    states: Tensor = told + layer.mlp(chosen) + hidden[row, wanted]
    return states


def _heads(attention: Any, projected: Tensor) -> Tensor:
    """(Q, n, H·d) to (Q, H, n, d)."""
    rows, tokens, _ = projected.shape
    return projected.view(rows, tokens, -1, attention.head_dim).transpose(1, 2)


def _turned(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on the first r widths of (Q, H, n, d) heads; cos and sin (Q, n, r)."""
    width = cos.shape[-1]
    first, second = heads[..., : width // 2], heads[..., width // 2 : width]
    quarter = torch.cat([-second, first], dim=-1)
    turned = heads[..., :width] * cos[:, None] + quarter * sin[:, None]
    return torch.cat([turned, heads[..., width:]], dim=-1)
