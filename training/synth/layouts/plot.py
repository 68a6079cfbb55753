"""The ground that a layout is laid out on."""

from __future__ import annotations

from dataclasses import dataclass

from training.synth.shapes import Area
from training.synth.things.plants import Season


@dataclass(frozen=True, slots=True)
class Plot:
    """A square around the origin. Layouts fill it, and put what they are about near its middle."""

    reach: float
    """Half its side, in metres."""

    season: Season

    @property
    def area(self) -> Area:
        """All of it."""
        return Area(-self.reach, -self.reach, self.reach, self.reach)
