"""Textures of what is painted: how strongly brightness varies, at three scales.

A scale is the spacing of the noise in pixels: fine 1 to 2, middle 4 to 8, coarse 32 and more.
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


MATERIALS: Final[Mapping[str, Material]] = {
    "plain": Material(0.02, 0.02, 0.02),
    "grass": Material(0.10, 0.07, 0.07),
    "meadow": Material(0.13, 0.13, 0.11),
    "crop": Material(0.08, 0.07, 0.06),
    "soil": Material(0.08, 0.07, 0.07),
    "sand": Material(0.05, 0.04, 0.06),
    "asphalt": Material(0.06, 0.04, 0.04),
    "concrete": Material(0.05, 0.03, 0.035),
    "roof": Material(0.06, 0.05, 0.03),
    "metal": Material(0.03, 0.03, 0.03),
    "canopy": Material(0.22, 0.16, 0.06),
    "water": Material(0.05, 0.05, 0.05),
    "surf": Material(0.10, 0.16, 0.08),
    "gravel": Material(0.11, 0.08, 0.08),
    "smoke": Material(0.01, 0.02, 0.05),
}
