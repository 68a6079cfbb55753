"""Keys and values of a batch, in buffers with room for the tokens to come.

Growing by concatenation copies all keys and values with every token; here a token is written
into its place. Letters: Q rows, H heads, S tokens, d width of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import Cache
from transformers.cache_utils import DynamicLayer


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, (Q, H, S, d) each, with room for `room` tokens in all."""

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room = room

    def update(
        self, key_states: Tensor, value_states: Tensor, *_args: Any, **_options: Any
    ) -> tuple[Tensor, Tensor]:
        """Take in the newest tokens; gives the keys and values of all tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._reserve(key_states, len(key_states))
        start = self.get_seq_length()
        end = start + key_states.shape[2]
        keys, values = self._buffers[0, :, :, :end], self._buffers[1, :, :, :end]
        keys[:, :, start:] = key_states
        values[:, :, start:] = value_states
        self.keys, self.values = keys, values
        return keys, values

    def held(self) -> tuple[Tensor, Tensor]:
        """The keys and values of all tokens."""
        assert self.keys is not None, "nothing was taken in yet"
        assert self.values is not None
        return self.keys, self.values

    def begin(self, keys: Tensor, values: Tensor, rows: Tensor) -> None:
        """Start with a copy of rows (Q,) of these keys and values."""
        length = keys.shape[2]
        self.lazy_initialization(keys, values)
        self._reserve(keys, len(rows))
        self.keys, self.values = self._buffers[0, :, :, :length], self._buffers[1, :, :, :length]
        torch.index_select(keys, 0, rows, out=self.keys)
        torch.index_select(values, 0, rows, out=self.values)

    def keep(self, rows: Tensor, length: int) -> None:
        """Keep these rows of the batch and the first `length` tokens."""
        keys, values = self.held()
        self.begin(keys[:, :, :length], values[:, :, :length], rows)

    def _reserve(self, like: Tensor, rows: int) -> None:
        _, heads, _, width = like.shape
        self._buffers = like.new_empty(2, rows, heads, self._room, width)


class RoomyCache(Cache):
    """The keys and values of all layers."""

    def __init__(self, layers: int, room: int) -> None:
        self.roomy = [RoomyLayer(room) for _ in range(layers)]
        self.room = room
        super().__init__(layers=list(self.roomy))

    def held(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Per layer the keys and values of all tokens."""
        return tuple(layer.held() for layer in self.roomy)

    def keep(self, rows: Tensor, length: int) -> None:
        """Keep these rows of the batch and the first `length` tokens."""
        for layer in self.roomy:
            layer.keep(rows, length)
