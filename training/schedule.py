"""Learning rates over steps: warm-up, then a cosine between two factors, stage by stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ramp:
    """One stage of a schedule, in factors of the base learning rate."""

    steps: int
    """Optimizer steps that the stage lasts."""

    start: float = 1.0
    """Factor at the first step after the warm-up."""

    end: float = 1.0
    """Factor at the last step; between them a half cosine."""

    warmup: int = 0
    """Steps of linear rise from 0 at the beginning of the stage."""

    def factor(self, step: int) -> float:
        """Factor at a step counted from the beginning of the stage."""
        if step < self.warmup:
            return self.start * (step + 1) / self.warmup
        span = max(1, self.steps - self.warmup - 1)
        done = min(1.0, (step - self.warmup) / span)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + math.cos(math.pi * done))


def locate(ramps: Sequence[Ramp], step: int) -> tuple[int, int]:
    """Stage of a global step and the step within it; past the end: the end of the last stage."""
    for index, ramp in enumerate(ramps):
        if step < ramp.steps:
            return index, step
        step -= ramp.steps
    return len(ramps) - 1, ramps[-1].steps - 1


def total_steps(ramps: Sequence[Ramp]) -> int:
    """Steps of all stages."""
    return sum(ramp.steps for ramp in ramps)
