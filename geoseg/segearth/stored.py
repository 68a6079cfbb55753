"""Tensors that still lie in their files: shapes are known, values are read when they are needed.

So a checkpoint larger than memory can be renamed, checked and rewritten tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from geoseg.errors import CheckpointError

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True, slots=True, eq=False)
class StoredTensor:
    """One tensor in a file."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]
    """Its values; may be a view of the file. CheckpointError if they cannot be read."""

    def rows(self, start: int, stop: int) -> StoredTensor:
        """Rows `start` to `stop`, without the rest."""
        shape = (stop - start, *self.shape[1:])
        return StoredTensor(shape, self.dtype, lambda: self.read()[start:stop].clone())


def stored(tensor: Tensor) -> StoredTensor:
    """A tensor in memory, as if it lay in a file."""
    return StoredTensor(tuple(tensor.shape), tensor.dtype, lambda: tensor)


def open_safetensors(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a file, by name; CheckpointError if it is damaged."""
    try:
        file: Any = safe_open(path, framework="pt")
        found = {}
        for name in file.keys():  # noqa: SIM118 - the handle is no mapping
            piece = file.get_slice(name)
            dtype = _DTYPES.get(piece.get_dtype())
            if dtype is None:
                raise CheckpointError(
                    f"The tensor {name} in {path} is stored as {piece.get_dtype()}, which geoseg "
                    "does not read. Give weights in float16, bfloat16 or float32."
                )
            shape = tuple(piece.get_shape())
            found[name] = StoredTensor(shape, dtype, partial(file.get_tensor, name))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"The weight file {path} cannot be read ({error}). Fetch it again."
        ) from error
    return found
