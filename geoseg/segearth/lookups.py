"""Deformable attention on a CPU: samples as weighted look-ups in a table.

`grid_sample` reads each channel of a sample from another place in memory, and writes every sample
out before the samples are weighted. Here a table has one row per cell and head, its channels side
by side; each output row is the weighted sum of the rows it names, which `embedding_bag` computes
in one pass. A border of zeros around each level stands for what lies beyond it. Same numbers as
`DeformableAttention` up to the order of sums; inference only.

Letters: B batch, S cells, D width, M heads, K samples of a head (levels x points), R rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoseg.segearth.constants import constant
from geoseg.segearth.pixel_decoder import DeformableAttention, Levels, lay_levels


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where the samples of each cell and head are looked up, for maps of given sizes."""

    x: Tensor
    """(S, 1, K) float32: column of the cell's centre on each sample's level, in cells."""

    y: Tensor
    """(S, 1, K) float32: its row."""

    right: Tensor
    """(K,) float32: first column beyond each sample's level."""

    bottom: Tensor
    """(K,) float32: first row beyond it."""

    down: Tensor
    """(K,) int32: table rows from a cell to the one below it."""

    origin: Tensor
    """(M, K) float32: table row of each level's first cell. Exact below 2^24 rows."""

    cells: int
    """Cells of the table, borders included."""


class LookupAttention(nn.Module):
    """The same attention as the `DeformableAttention` it is made from, with its weights."""

    def __init__(self, attention: DeformableAttention) -> None:
        super().__init__()
        self.heads = attention.heads
        self.points = attention.points
        self.x_offsets = _every_other(attention.sampling_offsets, 0)
        self.y_offsets = _every_other(attention.sampling_offsets, 1)
        self.attention_weights = attention.attention_weights
        self.value_proj = attention.value_proj
        self.output_proj = attention.output_proj

    def forward(self, source: Tensor, places: Tensor, levels: Levels) -> Tensor:
        """Source (B, S, D) and its places (S, D) to (B, S, D); values carry no position."""
        plan = lay_plan(levels.shapes, self.heads, self.points)
        # Picture by picture: what one needs fits the caches.
        mixed = [
            self._mixed(query, value, levels, plan)
            for query, value in zip(source + places, self.value_proj(source), strict=True)
        ]
        out: Tensor = self.output_proj(torch.stack(mixed).to(source.dtype))
        return out

    def _mixed(self, query: Tensor, value: Tensor, levels: Levels, plan: Plan) -> Tensor:
        """Query and value (S, D) of one picture to (S, D) float32."""
        split = (len(query), self.heads, plan.right.shape[0])  # (S, M, K)
        x = self.x_offsets(query).float().view(split) + plan.x
        y = self.y_offsets(query).float().view(split) + plan.y
        # Beyond the border all is zero, however far.
        left, x = _split(torch.minimum(x.clamp_(min=-1), plan.right))
        top, y = _split(torch.minimum(y.clamp_(min=-1), plan.bottom))
        row = torch.addcmul(plan.origin, top, plan.down).add_(left, alpha=self.heads).int()
        weights = self._weights(query, split)
        below = weights * y
        above = weights.sub_(below)
        table = _table(value, levels, plan).view(-1, value.shape[1] // self.heads)  # (R, D / M)
        total = _sum(table, row, above - above * x)
        total += _sum(table, row.add_(self.heads), above.mul_(x))
        total += _sum(table, row.add_(plan.down), below * x)
        total += _sum(table, row.sub_(self.heads), below - below.mul(x))
        return total.view(value.shape)

    def _weights(self, query: Tensor, split: tuple[int, int, int]) -> Tensor:
        """Query (S, D) to (S, M, K) float32, summing to 1 over K."""
        cells, heads, samples = split
        linear = self.attention_weights
        # A softmax over a dozen neighbours in memory is slow; over whole rows it is not.
        logits = torch.addmm(linear.bias[:, None], linear.weight, query.t()).float()
        weights = logits.view(heads, samples, cells).softmax(dim=1)
        return weights.permute(2, 0, 1).contiguous()


@constant
def lay_plan(shapes: tuple[tuple[int, int], ...], heads: int, points: int) -> Plan:
    """The plan for levels of these (h, w); shared."""
    levels = lay_levels(shapes, torch.device("cpu"))
    extents = levels.extents.repeat_interleave(points, dim=0)  # (K, 2)
    centres = levels.centres[:, None] * extents - 0.5  # (S, K, 2)
    strides = [w + 2 for _, w in shapes]
    sizes = [(h + 2) * stride for (h, _), stride in zip(shapes, strides, strict=True)]
    starts = [sum(sizes[:i]) + stride + 1 for i, stride in enumerate(strides)]
    origin = heads * torch.tensor(starts).repeat_interleave(points) + torch.arange(heads)[:, None]
    return Plan(
        x=centres[:, None, :, 0].contiguous(),
        y=centres[:, None, :, 1].contiguous(),
        right=extents[:, 0].contiguous(),
        bottom=extents[:, 1].contiguous(),
        down=heads * torch.tensor(strides, dtype=torch.int32).repeat_interleave(points),
        origin=origin.float(),
        # A sample on the last border names, with weight 0, the row and the cell behind it.
        cells=sum(sizes) + max(strides) + 1,
    )


def _table(value: Tensor, levels: Levels, plan: Plan) -> Tensor:
    """Values (S, D) to (cells, D) float32, each level within a border of zeros."""
    table = value.new_zeros(plan.cells, value.shape[1], dtype=torch.float32)
    start = 0
    for level, (h, w) in zip(levels.split(value[None]), levels.shapes, strict=True):
        bordered = table[start : start + (h + 2) * (w + 2)].view(h + 2, w + 2, -1)
        bordered[1:-1, 1:-1] = level.view(h, w, -1)
        start += (h + 2) * (w + 2)
    return table


def _split(place: Tensor) -> tuple[Tensor, Tensor]:
    """A coordinate as its whole part and its fraction; `place` becomes the fraction."""
    whole = place.floor()
    return whole, place.sub_(whole)


def _sum(table: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Per (S, M) the sum of K weighted rows of the table: (S * M, D / M)."""
    samples = rows.shape[-1]
    return F.embedding_bag(
        rows.view(-1, samples), table, mode="sum", per_sample_weights=weights.view(-1, samples)
    )


def _every_other(linear: nn.Linear, first: int) -> nn.Linear:
    """The Linear of every other output, from `first` on."""
    weight = linear.weight.detach()[first::2].contiguous()
    half = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    half.weight = nn.Parameter(weight, requires_grad=False)
    half.bias = nn.Parameter(linear.bias.detach()[first::2].contiguous(), requires_grad=False)
    return half
