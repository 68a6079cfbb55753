"""Tensors that depend on sizes alone, made once: positions, centres of cells, shift masks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import torch

_KEPT = 32
"""Results kept of each function: the sizes of a few models at once."""

P = ParamSpec("P")
T = TypeVar("T")


def constant(make: Callable[P, T]) -> Callable[P, T]:
    """Remember what `make` returns for its (hashable) arguments; nobody may change it in place."""

    @lru_cache(maxsize=_KEPT)
    def kept(*args: P.args, **kwargs: P.kwargs) -> T:
        # A tensor born in inference mode could never take part in training later.
        with torch.inference_mode(False):
            return make(*args, **kwargs)

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        # A compiled graph has its own constants, and must not leave traced tensors here.
        if torch.compiler.is_compiling():
            return make(*args, **kwargs)
        return kept(*args, **kwargs)  # type: ignore[arg-type]  # hashable, or it raises

    return made
