"""How land is used: each layout places things where they belong.

Every layout fills a square plot; the scene shows a turned piece of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from training.synth.layouts.plot import Plot
from training.synth.layouts.residential import residential
from training.synth.world import Canvas

__all__ = ["LAYOUTS", "Layout", "Plot"]


@dataclass(frozen=True, slots=True)
class Layout:
    """A land use."""

    draw: Callable[[Canvas, Plot], None]
    gsd: tuple[float, float]
    """Metres per pixel that show it well, from and to."""

    share: float = 1.0
    """How often it comes, beside the others."""


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "residential": Layout(residential, (0.15, 0.32), 1.2),
    }
)
