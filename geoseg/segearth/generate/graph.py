"""Tokens one at a time in fixed shapes, compiled once and replayed as a CUDA graph.

One step of a batch reads all weights for a handful of tokens: on a GPU, starting its kernels one
by one takes longer than running them. A graph starts them at once, but wants the same shapes and
addresses every time: rows and tokens are rounded up, and the buffers of a shape are kept with the
model. Compiling a large model takes a minute, so a shape is compiled only once it is known to
come again and again. Letters: R rows of the shape, Q rows in use, S tokens of the shape, D width.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from transformers import StaticCache

from geoseg.segearth.generate.cache import RoomyCache
from geoseg.segearth.language import CausalLanguage, positions

_log = logging.getLogger(__name__)

_TOKENS = 256
"""Lengths are rounded up to multiples of this."""

_PATIENCE = 50
"""So many batches of a shape are spoken without a graph: a preview does not wait for a compiler."""

_Shape = tuple[int, int, torch.dtype]


@dataclass(slots=True, eq=False)
class _Shapes:
    """What a model knows of the shapes that it was asked in."""

    batches: Counter[_Shape] = field(default_factory=Counter)
    buffers: dict[_Shape, StaticCache | None] = field(default_factory=dict)
    """Of the shapes that are compiled; None where that failed."""


_shapes: WeakKeyDictionary[CausalLanguage, _Shapes] = WeakKeyDictionary()


class GraphSteps:
    """Steps on a static cache; rows that are finished go on being computed."""

    def __init__(
        self, language: CausalLanguage, static: StaticCache, mask: Tensor, cache: RoomyCache
    ) -> None:
        rows, length = mask.shape
        self._language = language
        self._static = static
        self._rows = rows
        self._next = length
        # What an earlier batch left there is masked, but 0 times infinity would still be felt.
        static.reset()  # type: ignore[no-untyped-call]
        for layer, (keys, values) in zip(_layers(static), cache.held(), strict=True):
            layer.keys[:rows, :, :length] = keys
            layer.values[:rows, :, :length] = values
            layer.cumulative_length.fill_(length)
        shape = _layers(static)[0].keys.shape  # (R, H, S, d)
        self._mask = mask.new_zeros(shape[0], shape[2])  # (R, S)
        self._mask[:rows, :length] = mask
        self._places = mask.new_zeros(shape[0], dtype=torch.long)  # (R,)
        self._places[:rows] = positions(mask)[:, -1]

    @staticmethod
    def ready(language: CausalLanguage, mask: Tensor, cache: RoomyCache) -> GraphSteps | None:
        """Steps behind `cache`, whose (Q, S) tokens `mask` tells.

        None for the first batches of a shape, and where it does not compile. One batch in between
        waits for the compiler.
        """
        like, _ = cache.held()[0]
        shape = (_round_rows(len(mask)), -(-cache.room // _TOKENS) * _TOKENS, like.dtype)
        known = _shapes.setdefault(language, _Shapes())
        known.batches[shape] += 1
        if known.batches[shape] <= _PATIENCE:
            return None
        if shape not in known.buffers:
            known.buffers[shape] = _compiled(language, shape, like)
        static = known.buffers[shape]
        return None if static is None else GraphSteps(language, static, mask, cache)

    def keep(self, needed: Sequence[bool]) -> list[int]:
        """All rows: another shape would have to be compiled."""
        return list(range(len(needed)))

    def step(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """States at the tokens, next tokens, probabilities."""
        fed = tokens.new_zeros(len(self._places))
        fed[: self._rows] = tokens
        self._mask[:, self._next] = True
        self._next += 1
        self._places += 1
        said = _run(self._language, fed, self._mask, self._places, self._static)
        states, rows, shares = (part[: self._rows].clone() for part in said)
        return states, rows, shares


def _layers(static: StaticCache) -> list[Any]:
    # transformers types them as any kind of layer, whose buffers may not be there yet.
    return list(static.layers)


def _round_rows(rows: int) -> int:
    """1, 4, or a multiple of 16: few shapes to compile, and little memory for rows not in use."""
    return 1 if rows == 1 else 4 if rows <= 4 else -(-rows // 16) * 16


def _compiled(language: CausalLanguage, shape: _Shape, like: Tensor) -> StaticCache | None:
    """Buffers of a shape for which the step is compiled and recorded."""
    rows, length, dtype = shape
    static = StaticCache(language.phi.config, max_cache_len=length)
    static.early_initialization(rows, like.shape[1], like.shape[3], dtype, like.device)
    tokens = torch.zeros(rows, dtype=torch.long, device=like.device)
    mask = torch.zeros(rows, length, dtype=torch.bool, device=like.device)
    mask[:, :3] = True
    _log.info("compiling steps of %d rows and up to %d tokens", rows, length)
    try:
        # The first run compiles, the second records the graph, the third replays it.
        for _ in range(3):
            _run(language, tokens, mask, tokens.clone(), static)
    except torch.OutOfMemoryError:
        raise
    except Exception:  # no compiler, no driver for it, a kernel it cannot make: all are optional
        _log.warning("steps of %d rows are not compiled; they are slower", rows, exc_info=True)
        return None
    return static


def _run(
    language: CausalLanguage, tokens: Tensor, mask: Tensor, places: Tensor, static: StaticCache
) -> tuple[Tensor, Tensor, Tensor]:
    # Tells the graphs that results of the step before may be overwritten.
    torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
    return _program()(language, tokens, mask, places, static)


@functools.cache
def _program() -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    program: Any = torch.compile(_step, mode="reduce-overhead", fullgraph=True, dynamic=False)
    return program  # type: ignore[no-any-return]


def _step(
    language: CausalLanguage, tokens: Tensor, mask: Tensor, places: Tensor, static: StaticCache
) -> tuple[Tensor, Tensor, Tensor]:
    """(R,) tokens at positions `places` (R,), `mask` (R, S) True on all valid ones, these too."""
    states: Tensor = language.phi(
        inputs_embeds=language.embed(tokens[:, None]),
        attention_mask=mask[:, None, None],
        position_ids=places[:, None],
        cache=static,
        use_cache=True,
    ).last_hidden_state[:, 0]
    return states, *language.choose(states)
