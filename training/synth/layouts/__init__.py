"""How land is used: each layout places things where they belong.

Every layout fills a square plot; the scene shows a turned piece of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from training.synth.layouts.airport import airfield, airport
from training.synth.layouts.country import farmland, woods
from training.synth.layouts.industry import bare, factory, power_station, solar_park, tank_farm
from training.synth.layouts.plot import Plot
from training.synth.layouts.residential import residential
from training.synth.layouts.sports import courts_ground, golf, pitches
from training.synth.layouts.town import town
from training.synth.layouts.traffic import crossroads, motorway, rails
from training.synth.layouts.waterside import beach, canalside, marina, port, riverside
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
        "town": Layout(town, (0.2, 0.4), 1.4),
        "crossroads": Layout(crossroads, (0.15, 0.35)),
        "motorway": Layout(motorway, (0.2, 0.45), 1.2),
        "rails": Layout(rails, (0.2, 0.45), 0.7),
        "courts": Layout(courts_ground, (0.12, 0.22), 1.3),
        "pitches": Layout(pitches, (0.25, 0.5), 1.2),
        "golf": Layout(golf, (0.3, 0.6), 0.5),
        "airport": Layout(airport, (0.3, 0.65), 1.3),
        "airfield": Layout(airfield, (0.15, 0.35), 0.7),
        "port": Layout(port, (0.3, 0.65), 1.3),
        "marina": Layout(marina, (0.15, 0.32), 0.8),
        "beach": Layout(beach, (0.2, 0.45), 0.8),
        "riverside": Layout(riverside, (0.25, 0.55)),
        "canalside": Layout(canalside, (0.2, 0.45), 0.5),
        "tank farm": Layout(tank_farm, (0.25, 0.5), 0.9),
        "factory": Layout(factory, (0.25, 0.5)),
        "power station": Layout(power_station, (0.35, 0.65), 0.7),
        "solar park": Layout(solar_park, (0.25, 0.5), 0.5),
        "farmland": Layout(farmland, (0.3, 0.8)),
        "woods": Layout(woods, (0.2, 0.45), 0.4),
        "bare": Layout(bare, (0.2, 0.4), 0.4),
    }
)
