"""Fields, farms, woods."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.shapes import Area, wave
from training.synth.things import buildings, plants, roads, vehicles, waters, works
from training.synth.world import Canvas, Frame, Paint, varied


def farmland(canvas: Canvas, plot: Plot) -> None:
    """Fields with tracks, hedges, a farm, greenhouses, a tractor, a windmill."""
    random, reach, season = canvas.random, plot.reach, plot.season
    paint = Paint(varied(season.grass, random, 6), "meadow")
    plants.ground(canvas, plot.area.points, "grass", paint)
    columns = max(2, round(2 * reach / random.uniform(60, 130)))
    rows = max(2, round(2 * reach / random.uniform(50, 110)))
    farm = int(random.integers(columns * rows))
    for index, cell in enumerate(plot.area.grid(columns, rows)):
        body = cell.inset(float(random.uniform(1.5, 3.0)))
        if index == farm:
            _farm(canvas, plot, body)
        elif random.random() < 0.16:
            _greenhouses(canvas, body)
        else:
            plants.field(canvas, body, Frame(), season)
            if random.random() < 0.3:
                x, y = body.somewhere(random, 6)
                vehicles.farm_tractor(canvas, Frame(x, y, random.integers(4) * math.pi / 2))
            if random.random() < 0.14:
                works.windmill(canvas, *body.center, size=float(random.uniform(26, 42)))
    y = plot.area.grid(columns, rows)[0].y1
    line = roads.straight(-reach, y, reach, y)
    roads.path(canvas, line, float(random.uniform(3.2, 4.4)), category="unimproved road")
    x = plot.area.grid(columns, rows)[0].x1
    for at in np.arange(-reach, reach, 5.0):
        if random.random() < 0.7:
            bush = float(random.uniform(1.0, 2.2))
            plants.bush(canvas, season, x + random.uniform(-1, 1), float(at), bush)


def _farm(canvas: Canvas, plot: Plot, area: Area) -> None:
    random = canvas.random
    plants.lawn(canvas, area.points, plot.season)
    x, y = area.center
    w = min(area.width, area.height) * 0.3
    buildings.house(canvas, Area(x - w, y - w * 0.4, x - w * 0.2, y + w * 0.3))
    buildings.hall(canvas, Area(x + w * 0.1, y - w, x + w, y - w * 0.3))
    if random.random() < 0.5:
        works.tank(canvas, x + w * 0.8, y + w * 0.4, 3.2)
    for _ in range(2):
        px, py = x + random.uniform(-0.3, 1) * w, y + random.uniform(0.2, 0.9) * w
        vehicles.farm_tractor(canvas, Frame(px, py, float(random.uniform(0, 6.3))))
    plants.trees_in(canvas, plot.season, Area(area.x0, area.y0, area.x1, y - w * 1.1), 5, (2, 4))


def _greenhouses(canvas: Canvas, area: Area) -> None:
    """Long houses side by side."""
    random = canvas.random
    wide = float(random.uniform(8, 10))
    for y in np.arange(area.y0 + 2, area.y1 - wide, wide + 1.6):
        works.greenhouse(canvas, Area(area.x0 + 3, float(y), area.x1 - 3, float(y) + wide))


def woods(canvas: Canvas, plot: Plot) -> None:
    """A wood with a path, a clearing and a lake."""
    random, reach, season = canvas.random, plot.reach, plot.season
    paint = Paint(varied([c * 0.8 for c in season.grass], random, 5), "meadow")
    plants.ground(canvas, plot.area.points, "grass", paint)
    radius = float(random.uniform(0.2, 0.42) * reach)
    x, y = (float(v) for v in random.uniform(-0.4, 0.4, 2) * reach)
    waters.lake(canvas, Frame(x, y), radius, season.soil)
    line = wave(reach, random, bend=10.0)
    roads.path(canvas, line + np.array([0.0, -y - radius * 0.4]), 2.6)
    # So many trees that a large wood is drawn in about a second.
    dense = max(float(random.uniform(10, 26)), 4 * reach * reach / 1200)
    for _ in range(int(4 * reach * reach / dense)):
        px, py = plot.area.somewhere(random)
        edge = float(np.interp(px, line[:, 0], line[:, 1])) - y - radius * 0.4
        if math.hypot(px - x, py - y) > radius * 1.25 and abs(py - edge) > 4:
            plants.tree(canvas, season, px, py, float(random.uniform(1.8, 4.2)))
