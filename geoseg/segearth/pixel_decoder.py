"""The pixel decoder: the encoder's maps, made to speak with each other.

In: maps (B, C_i, h_i, w_i), fine to coarse. Out: `PixelFeatures`, the three coarsest maps after
multi-scale deformable attention, and mask features on the finest grid, reached by a feature
pyramid. SegEarth-R2, section 4 (mask generator); Mask2Former (Cheng et al. 2022), section 3.2;
Deformable DETR (Zhu et al. 2021), equation 3.

Letters: B batch, S cells of the three coarsest maps together, D width, M heads, P points.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoseg.segearth.constants import constant
from geoseg.segearth.positions import sine_positions

_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class PixelFeatures:
    """What the mask decoder reads of a batch of pictures."""

    mask_features: Tensor
    """(B, C, h, w): a mask is the dot product of a query with these."""

    scales: tuple[Tensor, ...]
    """Three maps (B, D, h_i, w_i), coarse to fine: what queries attend to."""


class PixelDecoder(nn.Module):
    """Deformable attention over the three coarsest maps, then a feature pyramid to the finest.

    `fpn_dims` are the widths of the pyramid's levels, coarse to fine, one for each map beyond
    three. The published weights have `fpn_bias` and `lateral_relu`; the original Mask2Former has
    neither.
    """

    def __init__(
        self,
        in_channels: tuple[int, ...],
        dim: int,
        mask_dim: int,
        layers: int,
        *,
        heads: int = 8,
        points: int = 4,
        ffn: int = 1024,
        fpn_dims: tuple[int, ...],
        fpn_bias: bool = True,
        lateral_relu: bool = True,
    ) -> None:
        super().__init__()
        if len(fpn_dims) != len(in_channels) - _LEVELS:
            raise ValueError(
                f"{len(in_channels)} maps leave {len(in_channels) - _LEVELS} levels for the "
                f"feature pyramid, but fpn_dims names {len(fpn_dims)}: give one width per level."
            )
        coarse_to_fine = in_channels[::-1]
        self.input_proj = nn.ModuleList(
            nn.Sequential(_conv(c, dim, 1), _group_norm(dim)) for c in coarse_to_fine[:_LEVELS]
        )
        self.level_embed = nn.Parameter(torch.randn(_LEVELS, dim))
        self.layers = nn.ModuleList(
            DeformableLayer(dim, heads=heads, points=points, ffn=ffn) for _ in range(layers)
        )
        widths = (dim, *fpn_dims)
        self.pyramid = nn.ModuleList(
            PyramidLevel(c, above, width, bias=fpn_bias, lateral_relu=lateral_relu)
            for c, above, width in zip(coarse_to_fine[_LEVELS:], widths, fpn_dims, strict=False)
        )
        self.mask_features = _conv(widths[-1], mask_dim, 1)

    def forward(self, features: tuple[Tensor, ...]) -> PixelFeatures:
        """Maps (B, C_i, h_i, w_i), fine to coarse, any sizes; mask features take the finest's."""
        coarse_to_fine = features[::-1]
        maps = [p(x) for p, x in zip(self.input_proj, coarse_to_fine, strict=False)]
        source = torch.cat([x.flatten(2).transpose(1, 2) for x in maps], dim=1)  # (B, S, D)
        levels = lay_levels(tuple((x.shape[2], x.shape[3]) for x in maps), source.device)
        places = self._places(levels, source)
        for layer in self.layers:
            source = layer(source, places, levels)
        scales = tuple(
            x.transpose(1, 2).reshape(x.shape[0], -1, h, w)
            for x, (h, w) in zip(levels.split(source), levels.shapes, strict=True)
        )
        finest = scales[-1]
        for level, x in zip(self.pyramid, coarse_to_fine[_LEVELS:], strict=True):
            finest = level(x, finest)
        return PixelFeatures(self.mask_features(finest), scales)

    def _places(self, levels: "Levels", like: Tensor) -> Tensor:
        """(S, D): sine position plus the embedding of the level."""
        dim = self.level_embed.shape[1]
        places = [
            sine_positions(h, w, dim, device=like.device).to(like.dtype) + embed
            for (h, w), embed in zip(levels.shapes, self.level_embed, strict=True)
        ]
        return torch.cat(places)


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How the cells of the three coarsest maps stand in one row, coarse to fine."""

    shapes: tuple[tuple[int, int], ...]
    """(h, w) of each level."""

    centres: Tensor
    """(S, 2) float32: x and y of every cell's centre, as shares of its own map."""

    extents: Tensor
    """(L, 2) float32: width and height of each level."""

    def split(self, cells: Tensor) -> tuple[Tensor, ...]:
        """(B, S, D) to one (B, h * w, D) per level."""
        return torch.split(cells, [h * w for h, w in self.shapes], dim=1)


@constant
def lay_levels(shapes: tuple[tuple[int, int], ...], device: torch.device) -> Levels:
    """Levels of these (h, w); shared."""
    extents = torch.tensor([(w, h) for h, w in shapes], dtype=torch.float32, device=device)
    centres = []
    for (h, w), extent in zip(shapes, extents, strict=True):
        y = torch.arange(h, device=device)[:, None].expand(h, w)
        x = torch.arange(w, device=device).expand(h, w)
        centres.append(((torch.stack((x, y), dim=-1) + 0.5) / extent).reshape(-1, 2))
    return Levels(shapes, torch.cat(centres), extents)


class DeformableLayer(nn.Module):
    """One encoder layer, post-norm: deformable attention, then a two-layer network."""

    def __init__(self, dim: int, *, heads: int, points: int, ffn: int) -> None:
        super().__init__()
        self.self_attn = DeformableAttention(dim, heads=heads, points=points)
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, ffn)
        self.linear2 = nn.Linear(ffn, dim)
        self.norm2 = nn.LayerNorm(dim)
        for linear in (self.linear1, self.linear2):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, source: Tensor, places: Tensor, levels: Levels) -> Tensor:
        """Source (B, S, D) and its places (S, D) to (B, S, D)."""
        source = self.norm1(source + self.self_attn(source, places, levels))
        change: Tensor = self.linear2(F.relu_(self.linear1(source)))
        normed: Tensor = self.norm2(source + change)
        return normed


class DeformableAttention(nn.Module):
    """Every cell looks at `points` places on every level, near its own, and averages them."""

    def __init__(self, dim: int, *, heads: int, points: int) -> None:
        super().__init__()
        self.heads = heads
        self.points = points
        self.sampling_offsets = nn.Linear(dim, heads * _LEVELS * points * 2)
        self.attention_weights = nn.Linear(dim, heads * _LEVELS * points)
        self.value_proj = nn.Linear(dim, dim)
        self.output_proj = nn.Linear(dim, dim)
        self._init_weights()

    @torch.no_grad()
    def _init_weights(self) -> None:
        """Each head starts by looking its own way, point p at p cells' distance."""
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        way = torch.stack((angle.cos(), angle.sin()), dim=-1)
        way = way / way.abs().amax(dim=-1, keepdim=True)  # (M, 2), on the unit square
        distance = torch.arange(1, self.points + 1)[:, None]
        start = (way[:, None, None] * distance).expand(-1, _LEVELS, -1, -1)  # (M, L, P, 2)
        nn.init.zeros_(self.sampling_offsets.weight)
        self.sampling_offsets.bias.copy_(start.flatten())
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        for linear in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, source: Tensor, places: Tensor, levels: Levels) -> Tensor:
        """Source (B, S, D) and its places (S, D) to (B, S, D); values carry no position."""
        batch, cells, dim = source.shape
        query = source + places
        # Coordinates and sampling stay in float32: bfloat16 rounds a place to 1/256 of the map.
        exact = torch.promote_types(source.dtype, torch.float32)
        split = (batch, cells, self.heads, _LEVELS, self.points)
        offsets = self.sampling_offsets(query).to(exact).view(*split, 2)
        offsets = offsets.permute(3, 0, 2, 4, 1, 5).flatten(1, 2)  # (L, B * M, P, S, 2)
        weights = self.attention_weights(query).to(exact).view(*split[:3], -1).softmax(-1)
        weights = weights.view(split).permute(3, 0, 2, 4, 1).flatten(1, 2)  # (L, B * M, P, S)
        values = levels.split(self.value_proj(source).to(exact))
        total = source.new_zeros((), dtype=exact)
        # Level by level: stacking all samples would hold three times the memory.
        for level, (h, w) in enumerate(levels.shapes):
            value = values[level].transpose(1, 2).reshape(-1, dim // self.heads, h, w)
            points = levels.centres + offsets[level] / levels.extents[level]
            total = total + _weighted_samples(value, points, weights[level])
        mixed = total.view(batch, dim, cells).transpose(1, 2).to(source.dtype)
        out: Tensor = self.output_proj(mixed)
        return out


def _weighted_samples(value: Tensor, points: Tensor, weights: Tensor) -> Tensor:
    """Map (N, d, h, w) read at points (N, P, S, 2) in [0, 1], weighted (N, P, S): (N, d, S)."""
    samples = F.grid_sample(
        value, 2 * points - 1, mode="bilinear", padding_mode="zeros", align_corners=False
    )  # (N, d, P, S)
    return (samples * weights[:, None]).sum(dim=2)


class PyramidLevel(nn.Module):
    """One step of the feature pyramid: the map above, enlarged, plus the encoder's finer map."""

    def __init__(
        self, channels: int, above: int, dim: int, *, bias: bool, lateral_relu: bool
    ) -> None:
        super().__init__()
        self.lateral = nn.Sequential(
            _conv(channels, dim, 1, bias=bias),
            _group_norm(dim),
            nn.ReLU(inplace=True) if lateral_relu else nn.Identity(),
        )
        self.narrow = nn.Identity() if above == dim else _conv(above, dim, 1, bias=False)
        self.output = nn.Sequential(
            _conv(dim, dim, 3, bias=bias), _group_norm(dim), nn.ReLU(inplace=True)
        )

    def forward(self, finer: Tensor, above: Tensor) -> Tensor:
        """Finer (B, C, h, w) and above (B, D, h', w') to (B, dim, h, w)."""
        lateral = self.lateral(finer)
        enlarged = F.interpolate(
            self.narrow(above), size=lateral.shape[-2:], mode="bilinear", align_corners=False
        )
        out: Tensor = self.output(enlarged.add_(lateral))
        return out


def _conv(channels: int, dim: int, kernel: int, *, bias: bool = True) -> nn.Conv2d:
    conv = nn.Conv2d(channels, dim, kernel, padding=kernel // 2, bias=bias)
    nn.init.kaiming_uniform_(conv.weight, a=1)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def _group_norm(dim: int) -> nn.GroupNorm:
    """32 groups at the paper's width of 256; narrower maps keep its 8 channels per group."""
    return nn.GroupNorm(math.gcd(32, dim, max(1, dim // 8)), dim)
