"""The mask decoder: one query per [SEG], each looking for its own target.

In: queries (N, D), the picture each belongs to (N,), and `PixelFeatures`. Out: mask logits
(N, h, w), one map before the first layer and one after each. SegEarth-R2, section 4 (mask
generator); Mask2Former (Cheng et al. 2022), section 3.2 (masked attention).

Queries never see each other, so how many targets a sentence has does not change any of them;
all queries of a picture share its keys and values.

Letters: B pictures, N queries, Q most queries of one picture, S cells of a map, D width, C mask
channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.positions import sine_positions

_SCALES = 3


class MaskDecoder(nn.Module):
    """Layer i attends to scale i mod 3, only where the mask so far is positive."""

    def __init__(
        self, dim: int, mask_dim: int, layers: int = 9, heads: int = 8, ffn: int = 2048
    ) -> None:
        super().__init__()
        self.level_embed = nn.Embedding(_SCALES, dim)
        self.layers = nn.ModuleList(DecoderLayer(dim, heads=heads, ffn=ffn) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.mask_embed = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, mask_dim)
        )
        for parameter in self.layers.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(
        self, queries: Tensor, owner: Tensor, features: PixelFeatures, *, aux: bool = True
    ) -> tuple[Tensor, ...]:
        """Logits (N, h, w) of layers + 1 predictions, the final one last; without `aux` only it.

        `owner` holds each query's picture, 0 to B - 1, in any order; pictures may have none.
        """
        return self.decode(queries, owner, features, aux=aux)[0]

    def decode(
        self, queries: Tensor, owner: Tensor, features: PixelFeatures, *, aux: bool = True
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """What `forward` gives, and the (N, D) normed queries that the final logits come from."""
        if len(queries) == 0:
            empty = features.mask_features.new_zeros((0, *features.mask_features.shape[-2:]))
            return (empty,) * (len(self.layers) + 1 if aux else 1), queries
        pictures, seats, features = _seat(owner, features)
        x = queries.new_zeros((len(features.mask_features), int(seats.max()) + 1, queries.shape[1]))
        x = x.index_put((pictures, seats), queries)  # (B, Q, D)
        found = list(self._predictions(x, features, aux=aux))
        final = self.norm(found[-1][0])[pictures, seats]
        return tuple(logits[pictures, seats] for _, logits in found), final

    def _predictions(
        self, x: Tensor, features: PixelFeatures, *, aux: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Queries (B, Q, D) and their logits (B, Q, h, w), from first to last."""
        memories = [self._memory(i, scale) for i, scale in enumerate(features.scales)]
        # Resizing commutes with the dot product: without `aux` the early masks, needed only to
        # steer attention, are computed on the attention's own grids.
        sources = None if aux else [_resize(features.mask_features, m.shape) for m in memories]
        for i, layer in enumerate(self.layers):
            memory = memories[i % _SCALES]
            if sources is None:
                logits = self._logits(x, features.mask_features)
                yield x, logits
                steer = _resize(logits.detach(), memory.shape)
            else:
                steer = self._logits(x, sources[i % _SCALES])
            x = layer(x, memory.keys, memory.values, _attend_where(steer))
        yield x, self._logits(x, features.mask_features)

    def _memory(self, index: int, scale: Tensor) -> "Memory":
        height, width = scale.shape[-2:]
        values = scale.flatten(2).transpose(1, 2) + self.level_embed.weight[index]  # (B, S, D)
        places = sine_positions(height, width, values.shape[-1], device=scale.device)
        return Memory((height, width), values + places.to(values.dtype), values)

    def _logits(self, x: Tensor, mask_features: Tensor) -> Tensor:
        """Queries (B, Q, D) times pixels (B, C, h, w): (B, Q, h, w)."""
        masks = torch.bmm(self.mask_embed(self.norm(x)), mask_features.flatten(2))
        return masks.view(*x.shape[:2], *mask_features.shape[-2:])


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """One scale, as all queries of a picture read it."""

    shape: tuple[int, int]
    keys: Tensor
    """(B, S, D), with positions."""

    values: Tensor
    """(B, S, D), without."""


class DecoderLayer(nn.Module):
    """Masked cross-attention, self-attention of a lone query, two-layer network; post-norm."""

    def __init__(self, dim: int, *, heads: int, ffn: int) -> None:
        super().__init__()
        self.cross_attn = CrossAttention(dim, heads)
        self.cross_norm = nn.LayerNorm(dim)
        self.self_attn = LoneSelfAttention(dim)
        self.self_norm = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, ffn)
        self.linear2 = nn.Linear(ffn, dim)
        self.ffn_norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, attend: Tensor) -> Tensor:
        """Queries (B, Q, D), memory (B, S, D), attend (B, Q, S) to queries (B, Q, D)."""
        x = self.cross_norm(x + self.cross_attn(x, keys, values, attend))
        x = self.self_norm(x + self.self_attn(x))
        return cast(Tensor, self.ffn_norm(x + self.linear2(F.relu(self.linear1(x)))))


class CrossAttention(nn.Module):
    """Attention of queries over a picture, restricted to the cells each may see."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(dim, dim)
        self.k_proj = nn.Linear(dim, dim)
        self.v_proj = nn.Linear(dim, dim)
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, attend: Tensor) -> Tensor:
        """Queries (B, Q, D), memory (B, S, D), attend (B, Q, S) to (B, Q, D)."""
        q = self._split(self.q_proj(x))
        k = self._split(self.k_proj(keys))
        v = self._split(self.v_proj(values))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=attend[:, None])
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        """(B, L, D) to (B, heads, L, D / heads)."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class LoneSelfAttention(nn.Module):
    """Self-attention of a single query: its own value, whatever its query and key say.

    `in_proj` holds query, key and value rows as the published weights do; only the value rows,
    its last third, can matter.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.in_proj = nn.Linear(dim, 3 * dim)
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Queries (B, Q, D) to (B, Q, D), each from itself alone."""
        value_rows = slice(2 * x.shape[-1], None)
        value = F.linear(x, self.in_proj.weight[value_rows], self.in_proj.bias[value_rows])
        return cast(Tensor, self.out_proj(value))


def _seat(owner: Tensor, features: PixelFeatures) -> tuple[Tensor, Tensor, PixelFeatures]:
    """Give each query a row and a seat: (N,), (N,), and the pictures that have queries at all."""
    counts = owner.bincount(minlength=len(features.mask_features))
    order = owner.argsort(stable=True)
    first = counts.cumsum(0) - counts
    seats = torch.empty_like(owner)
    seats[order] = torch.arange(len(owner), device=owner.device) - first[owner[order]]
    asked = counts > 0
    if not asked.all():
        scales = tuple(scale[asked] for scale in features.scales)
        features = PixelFeatures(features.mask_features[asked], scales)
    return (asked.cumsum(0) - 1)[owner], seats, features


def _resize(maps: Tensor, shape: tuple[int, int]) -> Tensor:
    """Maps (B, X, h, w) to a scale's shape, in float32: near zero the sign decides."""
    exact = torch.promote_types(maps.dtype, torch.float32)
    resized = F.interpolate(maps.to(exact), size=shape, mode="bilinear", align_corners=False)
    return resized.to(maps.dtype)


def _attend_where(logits: Tensor) -> Tensor:
    """Cells (B, Q, S) to see: where the mask is positive, or all of them where it is nowhere."""
    positive = logits.detach().flatten(2) >= 0
    return positive | ~positive.any(dim=-1, keepdim=True)
