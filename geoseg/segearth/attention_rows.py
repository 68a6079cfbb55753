"""Attention rows of chosen tokens, out of a model that runs fused attention.

Fused attention returns no weights. This computes, beside it, softmax(q Kᵀ) of a few tokens only,
which is what the paper's spatial attention supervision looks at (section 4.1): the row of each
[SEG] over the image tokens. Letters: N chosen tokens, H heads, S tokens, T image tokens, d width
of a head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "geoseg_rows"
"""Attention implementation to build the language model with."""


@dataclass(frozen=True, slots=True, eq=False)
class RowRequest:
    """Which rows of one forward pass are wanted; filled while it runs."""

    question: Tensor
    """(N,) index in the batch."""

    position: Tensor
    """(N,) index in the sequence."""

    columns: slice
    """Tokens to look at; the row is not renormalised over them."""

    found: dict[int, Tensor] = field(default_factory=dict)
    """Layer → (H, N, T) float32."""

    def stacked(self) -> Tensor:
        """(layers, H, N, T)."""
        return torch.stack([self.found[layer] for layer in sorted(self.found)])


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    rows: RowRequest | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Fused attention over (Q, H, S, d), and the rows that were asked for."""
    out, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    if rows is not None:
        scale = options["scaling"]
        # Computed again when a layer is recomputed for its gradient: the graph must be the same.
        row = _rows(query, key, attention_mask, rows, scale)
        rows.found.setdefault(int(module.layer_idx), row)  # type: ignore[arg-type]
    return out, None


def _rows(
    query: Tensor, key: Tensor, attention_mask: Tensor | None, rows: RowRequest, scale: float
) -> Tensor:
    chosen = query[rows.question, :, rows.position].float()  # (N, H, d)
    keys = key[rows.question].float()  # (N, H, S, d)
    logits = torch.einsum("nhd,nhsd->nhs", chosen, keys) * scale
    if attention_mask is None:
        steps = torch.arange(key.shape[2], device=key.device)
        seen = steps[None] <= rows.position[:, None]  # (N, S)
    else:
        seen = attention_mask[rows.question, 0, rows.position]
    weights = logits.masked_fill(~seen[:, None], -torch.inf).softmax(dim=-1)
    return weights[..., rows.columns].transpose(0, 1)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
