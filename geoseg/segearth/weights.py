"""How weights lie in files: storage formats per tensor, shards of bounded size.

Matrices are stored as fp32, fp16 or int8; int8 keeps one scale per row, so `name` of shape
(R, …) becomes `name.int8` (R, …) and `name.scale` (R,) in fp16. A row that reaches 0.01 reads back
within 0.6 of its scale. Vectors and integers are small and keep their format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor

Storage = Literal["int8", "fp16", "fp32"]

SHARD_BYTES = 15 * 2**20
"""Largest weight file, unless one tensor alone is larger."""

_HEADER_BYTES = 2**17  # names and shapes lie in front of the data; this is generous
_LEVELS = 127
_LEAST_SCALE = 2.0**-24  # the smallest positive fp16


def pack(state: Mapping[str, Tensor], store: Mapping[str, Storage]) -> dict[str, Tensor]:
    """Tensors as they are stored; `store` maps prefixes of names to formats, the longest wins.

    A name without a prefix in `store` keeps float32.
    """
    packed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        kept = tensor.detach().cpu().contiguous()
        prefixes = [prefix for prefix in store if name.startswith(prefix)]
        kind = store[max(prefixes, key=len)] if prefixes else "fp32"
        if kept.dim() < 2 or not kept.is_floating_point():
            packed[name] = kept
        elif kind == "int8":
            packed[f"{name}.int8"], packed[f"{name}.scale"] = _quantised(kept)
        else:
            packed[name] = kept.half() if kind == "fp16" else kept.float()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as the model has them, floats in float32; KeyError for a row format without scale."""
    state: dict[str, Tensor] = {}
    for name, tensor in packed.items():
        if name.endswith(".scale") and f"{name.removesuffix('.scale')}.int8" in packed:
            continue
        if name.endswith(".int8"):
            owner = name.removesuffix(".int8")
            scale = packed[f"{owner}.scale"].float()
            state[owner] = tensor.float() * scale.view(-1, *[1] * (tensor.dim() - 1))
        else:
            state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state


def shards(packed: Mapping[str, Tensor], limit: int = SHARD_BYTES) -> Iterator[dict[str, Tensor]]:
    """Tensors in order, in groups that make files of at most `limit` bytes."""
    group: dict[str, Tensor] = {}
    size = _HEADER_BYTES
    for name, tensor in packed.items():
        if group and size + tensor.nbytes > limit:
            yield group
            group, size = {}, _HEADER_BYTES
        group[name] = tensor
        size += tensor.nbytes
    if group:
        yield group


def _quantised(matrix: Tensor) -> tuple[Tensor, Tensor]:
    rows = matrix.float().flatten(1)
    scale = (rows.abs().amax(dim=1) / _LEVELS).clamp_min(_LEAST_SCALE).half()
    levels = (rows / scale.float()[:, None]).round().clamp(-_LEVELS, _LEVELS)
    return levels.to(torch.int8).view_as(matrix), scale
