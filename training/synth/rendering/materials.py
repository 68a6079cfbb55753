"""Textures of what is painted: how strongly brightness varies, and in what ways.

A scale is the spacing of the noise in pixels: fine 1 to 2, middle 4 to 8, coarse 16 and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Material:
    """Standard deviations of brightness, as shares of it."""

    fine: float
    middle: float
    coarse: float
    """Hue varies with it."""

    streaks: float = 0.0
    """Along the direction of the layout: tyres, mowers, ploughs."""

    clumps: float = 0.0
    """Puffs with dark creases between them, as leaves from above."""

    worn: float = 0.0
    """How much of bare earth shows in patches, at most."""

    @property
    def strengths(self) -> tuple[float, ...]:
        """All six, in their order."""
        return self.fine, self.middle, self.coarse, self.streaks, self.clumps, self.worn


MATERIALS: Final[Mapping[str, Material]] = {
    "plain": Material(0.012, 0.015, 0.02),
    "grass": Material(0.065, 0.045, 0.09, 0.05, 0.06, 0.55),
    "meadow": Material(0.12, 0.10, 0.14, 0.0, 0.18, 0.7),
    "crop": Material(0.10, 0.06, 0.08, 0.10, 0.0, 0.25),
    "soil": Material(0.08, 0.07, 0.10, 0.05, 0.05),
    "sand": Material(0.04, 0.03, 0.07, 0.015),
    "asphalt": Material(0.045, 0.025, 0.05, 0.07, 0.0, 0.12),
    "concrete": Material(0.03, 0.02, 0.045, 0.05, 0.0, 0.15),
    "roof": Material(0.045, 0.035, 0.04, 0.06),
    "metal": Material(0.012, 0.015, 0.02, 0.015),
    "canopy": Material(0.20, 0.0, 0.06, 0.0, 0.6),
    "water": Material(0.03, 0.015, 0.05, 0.015, 0.03),
    "surf": Material(0.10, 0.16, 0.08),
    "gravel": Material(0.14, 0.09, 0.10, 0.04, 0.06, 0.4),
    "smoke": Material(0.01, 0.02, 0.05),
}
