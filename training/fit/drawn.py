"""Drawn examples with known truth: squares and discs of a few colours on noisy ground.

For tests, for smoke runs without data, and for experiments on small objects. Example i of a seed is
always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.fit.examples import Example

_COLORS = {"red": (200, 60, 50), "green": (70, 170, 70), "blue": (60, 90, 200), "white": (230,) * 3}
_SHAPES = ("square", "disc")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures with one shape of every second colour; a question asks for one or two of them."""

    count: int
    seed: int = 0
    side: int = 256
    """Of a picture, in pixels."""

    sizes: tuple[int, int] = (24, 64)
    """Least and largest width of a shape, in pixels."""

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < self.count:
            raise IndexError(index)
        rng = np.random.default_rng([self.seed, index])
        picture = rng.normal(110, 12, (self.side, self.side, 3))
        taken = np.zeros((self.side, self.side), dtype=bool)
        things: list[tuple[str, NDArray[np.bool_]]] = []
        for color in rng.permutation(list(_COLORS))[:3]:
            shape = str(rng.choice(_SHAPES))
            mask = self._free(rng, shape, taken)
            picture[mask] = _COLORS[color] + rng.normal(0, 8, (int(mask.sum()), 3))
            taken |= mask
            things.append((f"{color} {shape}", mask))
        asked = things[: 1 + int(rng.random() < 0.25)]
        names = [name for name, _ in asked]
        return Example(
            torch.from_numpy(picture.clip(0, 255).astype(np.uint8)).permute(2, 0, 1).contiguous(),
            f"find the {' and the '.join(names)}",
            " and ".join(f"<p>{name}</p>[SEG]" for name in names),
            np.stack([mask for _, mask in asked]),
            f"drawn {self.seed}/{index}",
        )

    def instructions(self) -> Sequence[str]:
        """A sentence with every word there is."""
        return [f"find the {color} {shape} and" for color in _COLORS for shape in _SHAPES]

    def answers(self) -> Sequence[str]:
        """A sentence with every word there is."""
        return [f"<p>{color} {shape}</p>[SEG] and" for color in _COLORS for shape in _SHAPES]

    def _free(
        self, rng: np.random.Generator, shape: str, taken: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """A shape where nothing is yet."""
        y, x = np.mgrid[: self.side, : self.side]
        while True:
            width = int(rng.integers(self.sizes[0], self.sizes[1] + 1))
            top, left = rng.integers(0, self.side - width, 2)
            if shape == "square":
                mask = (y >= top) & (y < top + width) & (x >= left) & (x < left + width)
            else:
                middle = (width - 1) / 2
                mask = np.hypot(y - top - middle, x - left - middle) <= width / 2
            if not (mask & taken).any():
                found: NDArray[np.bool_] = mask
                return found
