"""Things that may stand on any open ground, strewn over a real picture of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from training.synth.layouts.plot import Plot
from training.synth.layouts.residential import pool
from training.synth.shapes import Area
from training.synth.things import aircraft, courts, vehicles, works
from training.synth.world import Canvas, Frame

_TRIES: Final = 120
_GAP: Final = 1.5
"""Metres between what stands side by side."""


def _tank(canvas: Canvas, frame: Frame) -> None:
    works.tank(canvas, frame.x, frame.y, 6.0)


def _windmill(canvas: Canvas, frame: Frame) -> None:
    works.windmill(canvas, frame.x, frame.y, size=30.0)


def _greenhouse(canvas: Canvas, frame: Frame) -> None:
    works.greenhouse(canvas, Area(-14, -4.5, 14, 4.5), frame)


def _pool(canvas: Canvas, frame: Frame) -> None:
    yard = Area(frame.x - 6, frame.y - 4, frame.x + 6, frame.y + 4)
    pool(canvas, yard, canvas.child())


@dataclass(frozen=True, slots=True)
class _Sort:
    draw: Callable[[Canvas, Frame], Any]
    radius: float
    """Of the circle that one needs, in metres."""

    most: int


_SORTS: Final[Mapping[str, _Sort]] = {
    "car": _Sort(vehicles.car, 3.0, 14),
    "van": _Sort(partial(vehicles.car, category="van"), 3.5, 5),
    "bus": _Sort(vehicles.bus, 7.0, 4),
    "truck": _Sort(vehicles.truck, 6.5, 5),
    "dump truck": _Sort(vehicles.dump_truck, 5.5, 4),
    "farm tractor": _Sort(vehicles.farm_tractor, 4.0, 4),
    "excavator": _Sort(vehicles.excavator, 7.0, 4),
    "light plane": _Sort(partial(aircraft.plane, category="plane"), 7.0, 6),
    "airliner": _Sort(partial(aircraft.plane, category="airplane"), 22.0, 2),
    "helicopter": _Sort(aircraft.helicopter, 8.0, 4),
    "helipad": _Sort(partial(works.helipad, radius=8.0), 9.0, 2),
    "tank": _Sort(_tank, 8.0, 6),
    "windmill": _Sort(_windmill, 16.0, 2),
    "greenhouse": _Sort(_greenhouse, 15.0, 4),
    "pool": _Sort(_pool, 8.0, 3),
    "tennis court": _Sort(courts.tennis, 20.0, 2),
    "basketball court": _Sort(courts.basketball, 18.0, 2),
}


def strew(canvas: Canvas, plot: Plot) -> None:
    """Some of two to four sorts, none upon another."""
    random = canvas.random
    names = [str(name) for name in random.permutation(list(_SORTS))[: random.integers(2, 5)]]
    left = {name: int(random.integers(1, _SORTS[name].most + 1)) for name in names}
    taken: list[tuple[float, float, float]] = []
    for _ in range(_TRIES):
        name = names[int(random.integers(len(names)))]
        sort = _SORTS[name]
        x, y = plot.area.somewhere(random, sort.radius)
        apart = all(
            math.hypot(x - other[0], y - other[1]) > sort.radius + other[2] + _GAP
            for other in taken
        )
        if left[name] and apart:
            left[name] -= 1
            taken.append((x, y, sort.radius))
            sort.draw(canvas, Frame(x, y, float(random.uniform(0, 2 * math.pi))))
