"""Field: one target's fused logits over the scene, told strip by strip."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import Target
from geoseg.errors import InstructionError
from geoseg.grid import Grid

STEPS = 256
"""Samples per logit. Samples are odd numbers and levels even ones, both at twice this scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Whole rows of a field, h of its W columns wide. All arrays are (h, W)."""

    row_off: int
    """First row, counted in cells of the field."""

    samples: NDArray[np.int16]
    """Fused logits at cell centres, never equal to the field's level; more is foreground."""

    coverage: NDArray[np.bool_]
    """Cells that a finished tile saw. Elsewhere samples mean nothing."""

    n_seen: NDArray[np.uint16]
    """Per foreground region: tiles that saw it properly or found it. 0 outside of regions."""

    n_found: NDArray[np.uint16]
    """Per foreground region: tiles that found it. 0 outside of regions."""

    agreement: NDArray[np.float32]
    """Per cell: of the tiles that saw it, the share that found its region."""

    score: NDArray[np.float32]
    """Per cell: mean score of the tiles that saw it and found its region."""

    apart: tuple[NDArray[np.int16], ...] = ()
    """Samples of things that are kept apart, a plane for those that do not touch each other;
    empty where `samples` is all there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One target's fused logits over the scene."""

    target: Target

    scene: Grid
    """The scene's pixels."""

    stride: int
    """Pixels a side per cell; the last row and column of cells may stick out of the scene."""

    level: int
    """Where foreground begins, in the unit of the samples."""

    strips: Callable[[], Iterator[Strip]]
    """Tells the field from top to bottom without gaps, as often as asked."""

    planes: int = 0
    """Planes that strips keep apart."""

    @property
    def grid(self) -> Grid:
        """The cells' grid."""
        return self.scene.scaled(self.stride)


def level_of(threshold: float) -> int:
    """The level of a foreground probability.

    Raises InstructionError when the probability is not inside (0, 1).
    """
    if not 0.0 < threshold < 1.0:
        raise InstructionError(
            f"The threshold is a probability between 0 and 1, got {threshold}.",
            hint="0.5 is the model's own decision; a higher one asks for more certainty.",
        )
    limit = (2**14 - 1) / STEPS
    logit = math.log(threshold) - math.log1p(-threshold)
    return 2 * round(min(max(logit, -limit), limit) * STEPS)


def quantized(logits: NDArray[np.float32]) -> NDArray[np.int16]:
    """Logits as samples: odd, so that none equals a level.

    Opposite logits have opposite samples: where one thing ends and another begins, their outlines
    cross the level at the same points.
    """
    limit = 2.0**14 - 1
    steps = np.asarray(logits * np.float32(STEPS))
    np.clip(steps, -limit, limit, out=steps)
    samples: NDArray[np.int16] = np.rint(steps, out=steps).astype(np.int16)
    samples *= 2
    samples += np.where(logits < 0, np.int16(-1), np.int16(1))
    return samples
