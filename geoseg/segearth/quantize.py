"""Weights of the language model in 8 or 4 bits: less memory, about the same answers.

Only the matrices of its layers are stored so; the head, which decides between tokens, and all that
sees pictures stay as they are. A matrix is rebuilt for each use, so a pass computes in the number
format of its inputs with weights that are slightly off. This is the one option of inference that
changes results: the rest is exact.

Letters: I inputs, O outputs, G groups of 64 inputs.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoseg.segearth.model import SegEarth

Kind = Literal["int8", "int4"]

_GROUP = 64
"""Inputs that share a scale in 4 bits."""


@torch.no_grad()
def quantize_(model: SegEarth, kind: Kind) -> None:
    """Store the Linear layers of the causal language model in `kind`, in place."""
    pack = {"int8": Int8Matrix, "int4": Int4Matrix}[kind]
    for parent in list(model.language.phi.layers.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                # One at a time: the model never lies in memory twice.
                packed = QuantizedLinear(pack(child.weight), child.bias)
                parent.register_module(name, packed)


class QuantizedLinear(nn.Module):
    """A Linear whose matrix is rebuilt for each use."""

    bias: Tensor | None

    def __init__(self, matrix: nn.Module, bias: Tensor | None) -> None:
        super().__init__()
        self.matrix = matrix
        self.register_buffer("bias", None if bias is None else bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) to (…, O)."""
        return F.linear(x, self.matrix().to(x.dtype), self.bias)


class Int8Matrix(nn.Module):
    """One scale per output: a weight is off by at most 1/254 of the largest in its row."""

    levels: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        rows = weight.detach().float()
        scale = (rows.abs().amax(dim=1, keepdim=True) / 127).clamp_min(torch.finfo().tiny)
        self.register_buffer("levels", (rows / scale).round().to(torch.int8))  # (O, I)
        self.register_buffer("scale", scale)  # (O, 1)

    def forward(self) -> Tensor:
        """(O, I) float32."""
        return self.levels.float() * self.scale.float()


class Int4Matrix(nn.Module):
    """16 levels for every 64 weights: one is off by at most 1/30 of what these span."""

    pairs: Tensor
    scale: Tensor
    least: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.inputs = weight.shape[1]
        groups = _groups(weight.detach().float())  # (O, G, 64)
        least, most = groups.aminmax(dim=2, keepdim=True)
        # Both are stored in 16 bits, and the levels counted from what is stored.
        least = least.half()
        scale = ((most - least.float()) / 15).clamp_min(2.0**-24).half()
        levels = ((groups - least.float()) / scale.float()).round().clamp(0, 15).to(torch.uint8)
        self.register_buffer("pairs", levels[..., ::2] | levels[..., 1::2] << 4)  # (O, G, 32)
        self.register_buffer("scale", scale)  # (O, G, 1)
        self.register_buffer("least", least)  # (O, G, 1)

    def forward(self) -> Tensor:
        """(O, I) float32."""
        levels = torch.stack((self.pairs & 15, self.pairs >> 4), dim=-1).flatten(2)  # (O, G, 64)
        weight = self.least.float() + self.scale.float() * levels
        return weight.flatten(1)[:, : self.inputs]


def _groups(rows: Tensor) -> Tensor:
    """(O, I) to (O, G, 64), the last group filled up with its last weight."""
    missing = -rows.shape[1] % _GROUP
    filled = torch.cat([rows, rows[:, -1:].expand(-1, missing)], dim=1)
    return filled.view(len(rows), -1, _GROUP)
