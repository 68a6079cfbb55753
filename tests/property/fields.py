"""Fields and answers made of arrays, for tests of fusion and contours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoseg.dialogue import Instruction, Target
from geoseg.fuse import Field, Strip
from geoseg.fuse.field import quantized
from geoseg.grid import Grid
from geoseg.tiling import Tile

ASKED = Instruction("all squares")
SQUARES = Target.named("squares")


def grid_of(height: int, width: int) -> Grid:
    """A scene of pixels one metre wide."""
    return Grid('LOCAL_CS["metres"]', Affine(1, 0, 0, 0, -1, 0), height, width)


def field_of(
    logits: NDArray[np.float32],
    *,
    stride: int = 4,
    size: tuple[int, int] | None = None,
    rows: int = 64,
    coverage: NDArray[np.bool_] | None = None,
    score: NDArray[np.float32] | None = None,
) -> Field:
    """A field of logits at its cells, told in strips of so many rows."""
    samples = quantized(np.asarray(logits, np.float32))
    height, width = samples.shape
    seen = np.ones(samples.shape, np.bool_) if coverage is None else coverage
    scores = np.ones(samples.shape, np.float32) if score is None else score

    def strips() -> Iterator[Strip]:
        for row in range(0, height, rows):
            cut = slice(row, min(row + rows, height))
            ones = np.ones(samples[cut].shape, np.uint16)
            agreement = np.full(ones.shape, 0.5, np.float32)
            yield Strip(row, samples[cut], seen[cut], 2 * ones, ones, agreement, scores[cut])

    pixels = size or (height * stride, width * stride)
    return Field(SQUARES, grid_of(*pixels), stride, 0, strips)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One target in one tile."""

    logits: NDArray[np.float32]
    score: float = 1.0

    @property
    def steps(self) -> NDArray[np.float32]:
        """The logits."""
        return self.logits

    @property
    def step(self) -> float:
        """Logits are not rounded."""
        return 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers kept in memory; tiles that are not named here were not looked at."""

    heard: Mapping[Tile, Heard | None]
    """What each finished tile saw: logits, or None for "nothing here"."""

    failed: frozenset[Tile] = field(default_factory=frozenset)

    apart: Mapping[Tile, Sequence[Heard]] = field(default_factory=dict)
    """The things that a tile told apart, where it did."""

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:
        return (SQUARES,)

    def tile_state(self, instruction: Instruction, tile: Tile) -> str | None:
        if tile in self.failed:
            return "failed"
        return "done" if tile in self.heard else None

    def logits(self, instruction: Instruction, target: Target, tile: Tile) -> Heard | None:
        return self.heard[tile]

    def instances(self, instruction: Instruction, target: Target, tile: Tile) -> Sequence[Heard]:
        return self.apart.get(tile, ())
