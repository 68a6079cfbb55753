"""Motorways, overpasses, roundabouts, toll stations, railways."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.layouts.town import drive, lot
from training.synth.shapes import Area, box, rectangle
from training.synth.things import buildings, plants, roads, vehicles
from training.synth.world import Canvas, Frame, Layer, Paint, varied


def motorway(canvas: Canvas, plot: Plot) -> None:
    """Two carriageways with a green strip; an overpass, a toll station or a service area."""
    random, reach, season = canvas.random, plot.reach, plot.season
    meadow = Paint(varied(season.grass, random, 6), "meadow")
    plants.ground(canvas, plot.area.points, "grass", meadow)
    width, gap = 14.0, float(random.uniform(5, 9))
    surface = roads.asphalt(random)
    for side in (1, -1):
        y = side * (width + gap) / 2
        line = roads.straight(-reach, y, reach, y)
        roads.road(canvas, line, width, lanes=3, paint=surface)
        _stream(canvas, plot, y, 0.0 if side > 0 else math.pi)
    strip = canvas.thing("green strip")
    green = Paint(varied(season.grass, random, 5), "grass")
    canvas.fill(
        rectangle(-reach, -gap / 2 + 0.6, reach, gap / 2 - 0.6), green, Layer.SURFACE, thing=strip
    )
    for x in np.arange(-reach, reach, 6.0):
        if random.random() < 0.55:
            plants.bush(canvas, season, float(x), 0.0, float(random.uniform(0.7, 1.4)))
    sort = int(random.integers(3))
    edge = width + gap / 2
    if sort == 0:
        _overpass(canvas, plot, edge)
    elif sort == 1:
        _toll(canvas, edge)
    else:
        _services(canvas, edge)
    for band in (Area(-reach, -reach, reach, -edge - 52), Area(-reach, edge + 58, reach, reach)):
        if band.height > 8:
            count = int(band.width * band.height / 260)
            plants.trees_in(canvas, season, band, count, (2.2, 4.6))


def _stream(canvas: Canvas, plot: Plot, y: float, angle: float) -> None:
    """Traffic in three lanes, trucks on the outer one."""
    random = canvas.random
    ahead = math.cos(angle)
    for lane in (-1, 0, 1):
        for x in np.arange(-plot.reach, plot.reach, 26.0):
            if random.random() < 0.42:
                place = Frame(x + random.uniform(-6, 6), y + lane * 4.4, angle)
                if lane * ahead > 0 and random.random() < 0.5:
                    _heavy(canvas, place)
                else:
                    drive(canvas, place, heavy=0.04)


def _heavy(canvas: Canvas, place: Frame) -> None:
    """A truck, a bus, or a tractor unit that pulls its trailer."""
    sort = int(canvas.random.integers(4))
    if sort < 2:
        vehicles.tractor_unit(canvas, place.at(6.6, 0))
        vehicles.trailer(canvas, place.at(-1.6, 0))
    elif sort == 2:
        vehicles.truck(canvas, place)
    else:
        vehicles.bus(canvas, place)


def _overpass(canvas: Canvas, plot: Plot, edge: float) -> None:
    random, reach = canvas.random, plot.reach
    x = float(random.uniform(-0.3, 0.3) * reach)
    lean = float(random.uniform(-0.25, 0.25))
    line = roads.straight(x - lean * reach, -reach, x + lean * reach, reach)
    roads.road(canvas, line, 8.5)
    deck = roads.straight(
        x - lean * edge * 1.5, -edge * 1.5, x + lean * edge * 1.5, edge * 1.5, points=3
    )
    roads.deck(canvas, deck, 11.0, "overpass", height=7.0)
    turn = math.atan2(1.0, lean)
    for y in np.arange(-edge, edge, 13.0):
        if random.random() < 0.4:
            place = Frame(x + lean * float(y), float(y), turn).at(0, 2.2)
            vehicles.car(canvas, place, lifted=7.0)


def _toll(canvas: Canvas, edge: float) -> None:
    """A wide plaza, a roof across it, booths on islands, queues."""
    random = canvas.random
    site = canvas.new_site("expressway toll station")
    canvas.site = site
    wide = edge + 14
    plaza = np.array(
        [
            [-70, -edge],
            [-22, -wide],
            [22, -wide],
            [70, -edge],
            [70, edge],
            [22, wide],
            [-22, wide],
            [-70, edge],
        ]
    )
    paint = Paint(varied((172, 168, 160), random, 6), "concrete")
    canvas.fill(plaza, paint, Layer.MARKING)
    for y in np.arange(-wide + 4, wide - 3, 5.2):
        island = Paint((206, 202, 194), "concrete")
        canvas.fill(box(26, 1.2, 0, float(y)), island, Layer.MARKING)
        booth = Paint((92, 116, 140), "metal")
        canvas.fill(box(3, 1.8, -8, float(y)), booth, Layer.LOW, height=2.8, casts=True)
        canvas.site = 0
        if random.random() < 0.6:
            drive(canvas, Frame(-20 - random.uniform(0, 14), float(y) + 2.6, 0.0), heavy=0.1)
        canvas.site = site
    roof = Paint(
        varied((188, 96, 76) if random.random() < 0.4 else (206, 208, 208), random, 6), "metal"
    )
    canvas.fill(box(12, 2 * wide - 4), roof, Layer.DECK, height=7.0, under=6.0, casts=True)
    canvas.fill(box(1.0, 2 * wide - 4), Paint((150, 152, 154), "metal"), Layer.DECK, height=7.0)
    canvas.site = 0


def _services(canvas: Canvas, edge: float) -> None:
    """A fuel station, a restaurant and parking beside the carriageway."""
    random = canvas.random
    canvas.site = canvas.new_site("expressway service area")
    area = Area(-62, edge + 6, 62, edge + 52)
    canvas.fill(area.points, Paint(varied((158, 154, 148), random, 6), "asphalt"), Layer.SURFACE)
    canopy = Paint((214, 214, 210), "metal")
    canvas.fill(box(24, 11, -40, area.y0 + 14), canopy, Layer.BUILDING, height=5.5, casts=True)
    canvas.fill(
        box(24, 1.2, -40, area.y0 + 9), Paint((188, 52, 46), "metal"), Layer.BUILDING, height=5.5
    )
    buildings.block(canvas, Area(-22, area.y1 - 18, 12, area.y1 - 3), height=6)
    lot(canvas, Area(16, area.y0 + 4, 60, area.y1 - 4))
    canvas.site = 0


def crossroads(canvas: Canvas, plot: Plot) -> None:
    """A roundabout or a wide crossing between lawns and a few buildings."""
    random, reach, season = canvas.random, plot.reach, plot.season
    plants.lawn(canvas, plot.area.points, season)
    width = float(random.uniform(9, 15))
    surface = roads.asphalt(random)
    numbers = []
    for line in (roads.straight(-reach, 0, reach, 0), roads.straight(0, -reach, 0, reach)):
        lanes = 4 if width > 12 else 2
        numbers.append(roads.road(canvas, line, width, lanes=lanes, paint=surface))
    clear = width / 2
    if random.random() < 0.5:
        clear = float(random.uniform(17, 26))
        roads.roundabout(canvas, 0, 0, clear, Paint(varied(season.grass, random, 6), "grass"))
        if random.random() < 0.6:
            plants.tree(canvas, season, 0, 0, clear * 0.22)
    else:
        roads.intersection(canvas, Area(-clear, -clear, clear, clear), numbers[1], surface)
    for number, turn in (
        (numbers[0], 0.0),
        (numbers[0], math.pi),
        (numbers[1], math.pi / 2),
        (numbers[1], -math.pi / 2),
    ):
        place = Frame(0, 0, turn)
        roads.zebra(canvas, place.at(clear + 4, 0), width - 0.8, number)
        for x in np.arange(clear + 12, reach, 13.0):
            for side in (1, -1):
                if random.random() < 0.3:
                    drive(
                        canvas,
                        place.at(float(x), side * width * 0.25, 0.0 if side > 0 else math.pi),
                        heavy=0.1,
                    )
        _corner(canvas, plot, place, clear + width)


def _corner(canvas: Canvas, plot: Plot, place: Frame, clear: float) -> None:
    """What stands in one quarter: a building, a parking lot or trees."""
    random, reach = canvas.random, plot.reach
    near = clear + 8
    corner = place.map(np.array([[near, near], [reach, reach]]))
    (x0, y0), (x1, y1) = corner.min(axis=0), corner.max(axis=0)
    area = Area(float(x0), float(y0), float(x1), float(y1))
    if area.width < 14:
        return
    sort = int(random.integers(3))
    if sort == 0:
        size = min(area.width, 30.0)
        x, y = area.center
        buildings.block(canvas, Area(x - size / 2, y - size / 2, x + size / 2, y + size / 2))
    elif sort == 1:
        lot(canvas, area.inset(2))
    else:
        plants.trees_in(canvas, plot.season, area, int(area.width * area.height / 120), (2, 4.6))


def rails(canvas: Canvas, plot: Plot) -> None:
    """Tracks in parallel, a station with platforms, a road with parking."""
    random, reach, season = canvas.random, plot.reach, plot.season
    plants.lawn(canvas, plot.area.points, season)
    count = int(random.integers(2, 7))
    gravel = Paint(varied((150, 142, 132), random, 6), "gravel")
    half = count * 2.5 + 2
    canvas.fill(rectangle(-reach, -half, reach, half), gravel, Layer.SURFACE)
    for index in range(count):
        y = (index - (count - 1) / 2) * 5.0
        line = roads.straight(-reach, y, reach, y)
        roads.railway(canvas, line)
    platform = Paint(varied((186, 182, 174), random, 6), "concrete")
    canvas.fill(box(120, 5, 0, half + 3), platform, Layer.LOW, height=0.9, casts=True)
    roof = Paint(varied((130, 136, 140), random, 8), "metal")
    canvas.fill(box(84, 3.6, 0, half + 3), roof, Layer.DECK, height=5.0, casts=True)
    station = Area(-44, half + 7, 40, half + 26)
    buildings.hall(canvas, station, category="train station", height=11)
    lot(canvas, Area(-50, half + 32, 52, half + 62))
    road = roads.straight(-reach, half + 72, reach, half + 72)
    roads.road(canvas, road, 8.0, category="road")
    for x in np.arange(-reach, reach, 9.0):
        if random.random() < 0.6:
            plants.tree(
                canvas, season, float(x), -half - random.uniform(5, 14), float(random.uniform(2, 4))
            )
    for x in np.arange(-reach, reach, 26.0):
        body = Area(x + 2, -half - 52, x + 22, -half - 28)
        buildings.block(canvas, body, height=float(random.uniform(6, 16)))
