"""What the language model remembers of a picture, shared by all questions about it.

Every prompt begins with the same words and the picture, so the keys and values of these tokens
do not depend on the question. Letters: B pictures, Q questions, P tokens in front of the
question, H heads, d width of a head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from geoseg.segearth.generate.cache import RoomyCache


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """Keys and values of [before][image], for questions about these pictures.

    Nothing writes into them: a question copies its rows when it adds its own tokens.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    """Keys and values of every layer, (B, H, P, d) each."""

    rows: Tensor
    """(Q,) picture of each question."""

    @property
    def length(self) -> int:
        """P; none of these tokens is padding."""
        return self.layers[0][0].shape[2]

    @property
    def like(self) -> Tensor:
        """A tensor of this number format on this device."""
        return self.layers[0][0]

    def select(self, rows: Tensor) -> Prefix:
        """The same memory for other questions: `rows` (Q',) indexes the present ones."""
        return replace(self, rows=self.rows[rows.to(self.rows.device)])

    def opened(self, room: int) -> RoomyCache:
        """A cache that begins with these tokens, with room for `room` more."""
        cache = RoomyCache(len(self.layers), self.length + room)
        for layer, (keys, values) in zip(cache.roomy, self.layers, strict=True):
            layer.begin(keys, values, self.rows)
        return cache
