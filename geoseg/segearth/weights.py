"""How weights lie in files: storage formats per tensor, shards of bounded size.

Matrices are stored as fp32, fp16 or int8, or kept in the format that they come in; int8 keeps one
scale per row, so `name` of shape (R, …) becomes `name.int8` (R, …) and `name.scale` (R,) in fp16.
A row that reaches 0.01 reads back within 0.6 of its scale. Vectors and integers are small and keep
their format. Everything goes by one tensor at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from geoseg.segearth.stored import StoredTensor

Storage = Literal["int8", "fp16", "fp32", "kept"]

SHARD_BYTES = 15 * 2**20
"""Largest weight file of a small checkpoint, unless one tensor alone is larger."""

_HEADER_BYTES = 2**17  # names and shapes lie in front of the data; this is generous
_LEVELS = 127
_LEAST_SCALE = 2.0**-24  # the smallest positive fp16


def pack(
    state: Iterable[tuple[str, Tensor]], store: Mapping[str, Storage]
) -> Iterator[tuple[str, Tensor]]:
    """Tensors as they are stored; `store` maps prefixes of names to formats, the longest wins.

    A name without a prefix in `store` is stored in float32.
    """
    for name, tensor in state:
        plain = tensor.detach().cpu().contiguous()
        prefixes = [prefix for prefix in store if name.startswith(prefix)]
        kind = store[max(prefixes, key=len)] if prefixes else "fp32"
        if kind == "kept":
            yield name, plain.clone()  # two views of one file or matrix cannot share a shard
        elif plain.dim() < 2 or not plain.is_floating_point():
            yield name, plain
        elif kind == "int8":
            levels, scale = _quantised(plain)
            yield f"{name}.int8", levels
            yield f"{name}.scale", scale
        else:
            yield name, plain.half() if kind == "fp16" else plain.float()


def unpack(packed: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Tensors as the model has them; KeyError for a row format without scale."""
    state: dict[str, StoredTensor] = {}
    for name, tensor in packed.items():
        if name.endswith(".scale") and f"{name.removesuffix('.scale')}.int8" in packed:
            continue
        if name.endswith(".int8"):
            owner = name.removesuffix(".int8")
            read = partial(_dequantised, tensor, packed[f"{owner}.scale"])
            state[owner] = StoredTensor(tensor.shape, torch.float32, read)
        else:
            state[name] = tensor
    return state


def shards(
    packed: Iterable[tuple[str, Tensor]], limit: int = SHARD_BYTES
) -> Iterator[dict[str, Tensor]]:
    """Tensors in order, in groups that make files of at most `limit` bytes."""
    group: dict[str, Tensor] = {}
    size = _HEADER_BYTES
    for name, tensor in packed:
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


def _dequantised(levels: StoredTensor, scale: StoredTensor) -> Tensor:
    rows = scale.read().float().view(-1, *[1] * (len(levels.shape) - 1))
    return levels.read().float() * rows
