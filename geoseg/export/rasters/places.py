"""Which target of which instruction a raster is about, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoseg.export.tables import layer_name, unique


@dataclass(frozen=True, slots=True)
class Place:
    """A target of one instruction."""

    index: int
    """Index of the instruction, from 0."""

    instruction: str
    phrase: str


def file_names(places: Sequence[Place]) -> list[str]:
    """Names without extension: `01_all_roofs_roof`."""
    taken: set[str] = set()
    return [
        unique(layer_name(place.index, place.instruction, place.phrase), taken) for place in places
    ]


def band_titles(places: Sequence[Place]) -> list[str]:
    """What bands are called: targets, with their instruction where there are several."""
    if len({place.index for place in places}) < 2:
        return [place.phrase for place in places]
    return [f"{place.instruction}: {place.phrase}" for place in places]
