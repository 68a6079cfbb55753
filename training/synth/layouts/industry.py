"""Works, tank farms, power stations, fields of panels, building sites."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.layouts.town import lot
from training.synth.shapes import Area, blob, rectangle
from training.synth.things import buildings, plants, roads, vehicles, works
from training.synth.world import Canvas, Frame, Layer, Paint, tinted, varied


def tank_farm(canvas: Canvas, plot: Plot) -> None:
    """Tanks in bunds, pipes between them, a road around."""
    random, reach = canvas.random, plot.reach
    ground = Paint(varied((168, 158, 142), random, 10), "gravel")
    canvas.fill(plot.area.points, ground, Layer.GROUND)
    step = float(random.uniform(38, 62))
    first = float(random.uniform(-0.5, 0.5) * step)
    bund = Paint(varied((190, 182, 168), random, 6), "concrete")
    for y in np.arange(first - 4 * step, reach, step * 1.24):
        for x in np.arange(-first - 4 * step, reach, step):
            if max(abs(x), abs(y)) > reach:
                continue
            cell = Area(x - step * 0.46, y - step * 0.46, x + step * 0.46, y + step * 0.46)
            canvas.fill(cell.points, bund, Layer.SURFACE)
            inner = Paint(tinted(ground.rgb, 0.96), "gravel")
            canvas.fill(cell.inset(1.2).points, inner, Layer.SURFACE)
            if random.random() < 0.2:
                for place in cell.grid(2, 2):
                    works.tank(canvas, *place.center, step * 0.15)
            elif random.random() < 0.9:
                works.tank(canvas, float(x), float(y), step * float(random.uniform(0.26, 0.38)))
        lane = y + step * 0.62
        works.pipeline(canvas, roads.straight(-reach, lane - 3.4, reach, lane - 3.4))
        roads.road(canvas, roads.straight(-reach, lane + 2, reach, lane + 2), 5.4, lanes=1)
        for x in np.arange(-reach, reach, 26.0):
            if random.random() < 0.22:
                vehicles.truck(canvas, Frame(float(x), lane + 2, 0.0))


def factory(canvas: Canvas, plot: Plot) -> None:
    """Halls, a chimney with smoke, a truck yard, a building site."""
    random, reach = canvas.random, plot.reach
    plants.lawn(canvas, plot.area.points, plot.season)
    paved = Paint(varied((150, 146, 140), random, 8), "concrete")
    canvas.fill(Area(-reach, -0.62 * reach, reach, 0.62 * reach).points, paved, Layer.SURFACE)
    site, yard = Area(-reach, -0.6 * reach, reach, 0.6 * reach).cut_x(0.25 * reach)
    for cell in site.inset(4).grid(max(1, round(reach / 52)), 2):
        body = cell.inset(float(random.uniform(5, 9)))
        if random.random() < 0.8:
            buildings.hall(canvas, body, height=float(random.uniform(8, 14)))
        else:
            lot(canvas, body)
    x, y = float(random.uniform(-0.3, 0.15) * reach), float(random.uniform(-4, 4))
    works.chimney(canvas, x, y, height=float(random.uniform(40, 75)))
    if random.random() < 0.7:
        works.smoke(canvas, x, y, start=4.0, length=float(random.uniform(40, 80)))
    works.pipeline(canvas, roads.straight(-reach, y, x - 4, y))
    _trucks(canvas, yard.inset(4))
    top = Area(-reach, -reach, reach, -0.72 * reach)
    building_site(canvas, top)
    roads.road(canvas, roads.straight(-reach, 0.7 * reach, reach, 0.7 * reach), 8.5)
    bottom = Area(-reach, 0.78 * reach, reach, reach)
    plants.trees_in(canvas, plot.season, bottom, int(reach / 4), (2.0, 4.4))


def _trucks(canvas: Canvas, area: Area) -> None:
    """Trucks, trailers and tractors parked in rows."""
    random = canvas.random
    kinds = (vehicles.truck, vehicles.trailer, vehicles.tractor_unit, vehicles.trailer)
    for y in np.arange(area.y0 + 9, area.y1 - 8, 24.0):
        for x in np.arange(area.x0 + 3, area.x1 - 3, 4.2):
            if random.random() < 0.55:
                kind = kinds[int(random.integers(4))]
                kind(canvas, Frame(float(x), float(y), math.pi / 2 + random.normal(0, 0.01)))


def building_site(canvas: Canvas, area: Area) -> None:
    """Bare earth with heaps, excavators and dump trucks."""
    random = canvas.child()
    number = canvas.thing("bare land")
    base = varied((176, 148, 114), random, 8)
    canvas.fill(area.points, Paint(base, "soil"), Layer.SURFACE, thing=number)
    for _ in range(int(area.width * area.height / 420)):
        x, y = area.somewhere(random, 5)
        tone = Paint(varied([c * random.uniform(0.86, 1.1) for c in base], random, 4), "gravel")
        heap = blob(float(random.uniform(2, 6)), random, rough=0.3)
        canvas.fill(heap, tone, Layer.SURFACE, Frame(x, y), thing=number)
    inner = area.inset(6)
    if inner.width < 20 or inner.height < 4:
        return
    for index, cell in enumerate(inner.grid(max(2, int(inner.width / 34)), 1)):
        place = Frame(*cell.center, float(random.uniform(0, 6.3)))
        if random.random() < 0.75:
            (vehicles.excavator, vehicles.dump_truck)[index % 2](canvas, place)


def power_station(canvas: Canvas, plot: Plot) -> None:
    """Cooling towers with vapour, a chimney, a hall and a substation."""
    random, reach = canvas.random, plot.reach
    plants.lawn(canvas, plot.area.points, plot.season)
    paved = Paint(varied((164, 158, 150), random, 8), "concrete")
    canvas.fill(plot.area.inset(reach * 0.14).points, paved, Layer.SURFACE)
    radius = float(np.clip(reach * random.uniform(0.16, 0.2), 18, 42))
    count = int(random.integers(1, 4))
    for index in range(count):
        x = (index - (count - 1) / 2) * radius * 2.6
        y = -0.38 * reach
        works.cooling_tower(canvas, x, y, radius)
        if random.random() < 0.5:
            works.smoke(
                canvas, x, y, start=radius * 0.36, length=radius * float(random.uniform(1, 2))
            )
    hall = Area(-0.55 * reach, 0.05 * reach, 0.1 * reach, 0.3 * reach)
    buildings.hall(canvas, hall, height=26, color="gray")
    works.chimney(canvas, 0.22 * reach, 0.12 * reach, height=float(random.uniform(70, 110)))
    works.pipeline(canvas, roads.straight(0.12 * reach, 0.2 * reach, 0.8 * reach, 0.2 * reach))
    works.substation(canvas, Area(0.3 * reach, 0.3 * reach, 0.82 * reach, 0.72 * reach))
    lot(canvas, Area(-0.6 * reach, 0.42 * reach, -0.2 * reach, 0.62 * reach))
    line = roads.straight(-reach, 0.34 * reach, reach, 0.34 * reach)
    roads.road(canvas, line, 6.5)
    ring = Area(-reach, 0.86 * reach, reach, reach)
    plants.trees_in(canvas, plot.season, ring, int(reach / 4), (2.4, 5))


def solar_park(canvas: Canvas, plot: Plot) -> None:
    """Rows of panels in fields, with a substation and a track."""
    random, reach = canvas.random, plot.reach
    paint = Paint(varied(plot.season.grass, random, 6), "meadow")
    plants.ground(canvas, plot.area.points, "grass", paint)
    count = max(2, round(2 * reach / 70))
    for cell in plot.area.grid(count, count):
        body = cell.inset(5)
        sort = random.random()
        if sort < 0.72:
            buildings.solar_rows(canvas, body, tilt=float(random.uniform(2.2, 3.4)))
        elif sort < 0.84 and body.width > 30:
            works.substation(canvas, body.inset(4))
        elif sort < 0.92:
            works.windmill(canvas, *body.center, size=float(random.uniform(22, 34)))
    line = roads.straight(-reach, -reach + 2 * reach / count, reach, -reach + 2 * reach / count)
    roads.path(canvas, line, 4.0, category="unimproved road")


def bare(canvas: Canvas, plot: Plot) -> None:
    """Dry ground with scattered bushes and a track."""
    random, reach = canvas.random, plot.reach
    base = varied(
        ((196, 162, 122), (176, 148, 112), (206, 180, 146))[random.integers(3)], random, 8
    )
    plants.ground(canvas, plot.area.points, "bare land", Paint(base, "soil"))
    wild = plants.Season(
        plot.season.grass, plot.season.soil, ((92, 88, 58), (104, 92, 62), (82, 84, 60))
    )
    for _ in range(int(reach * reach / 16)):
        x, y = plot.area.somewhere(random, 1)
        plants.bush(canvas, wild, x, y, float(random.uniform(0.6, 2.0)))
    y = float(random.uniform(-0.4, 0.4) * reach)
    roads.path(canvas, roads.straight(-reach, y, reach, y), 3.6, category="unimproved road")
    if random.random() < 0.4:
        vehicles.car(canvas, Frame(float(random.uniform(-0.5, 0.5) * reach), y))
    elif random.random() < 0.6:
        place = Frame(float(random.uniform(-0.5, 0.5) * reach), y, math.pi * random.integers(2))
        vehicles.dump_truck(canvas, place)
    if random.random() < 0.3:
        mark = rectangle(-8, -6, 8, 6)
        canvas.fill(mark, Paint(tinted(base, 1.1), "gravel"), Layer.SURFACE)
