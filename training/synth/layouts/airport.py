"""Airports: a runway, an apron with planes, a terminal, hangars."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.shapes import Area, band, box, rectangle
from training.synth.things import aircraft, buildings, plants, roads, vehicles, works
from training.synth.world import Canvas, Frame, Layer, Paint, varied

_TYPES = tuple(name for name in aircraft.PLANS if name != "plane")


def airport(canvas: Canvas, plot: Plot) -> None:
    """Terminal above, apron in the middle, runway below."""
    random, reach = canvas.random, plot.reach
    plants.lawn(canvas, plot.area.points, plot.season)
    canvas.site = canvas.new_site("airport")
    top = float(random.uniform(-0.45, -0.1) * reach)
    deep = 92.0
    apron = Area(-reach, top, reach, top + deep)
    concrete = Paint(varied((178, 174, 166), random, 8), "concrete")
    canvas.fill(apron.points, concrete, Layer.SURFACE)
    seam = Paint(varied([c * 0.95 for c in concrete.rgb], random, 2), "concrete")
    for x in np.arange(-reach, reach, 15.0):
        canvas.fill(rectangle(x, apron.y0, x + 0.4, apron.y1), seam, Layer.SURFACE)
    _gates(canvas, plot, apron)
    _runway(canvas, plot, apron.y1 + 70)
    canvas.site = 0


def _gates(canvas: Canvas, plot: Plot, apron: Area) -> None:
    """The terminal with jet bridges, and planes nose-in."""
    random, reach = canvas.random, plot.reach
    yellow = Paint((206, 172, 74), "concrete")
    building = canvas.random.random() < 0.75
    if building:
        body = Area(-reach * 0.9, apron.y0 - 44, reach * 0.9, apron.y0 - 4)
        buildings.block(canvas, body, height=16, category="terminal", color="white")
    else:
        for x in np.arange(-reach, reach, 92.0):
            hall = Area(x, apron.y0 - 64, x + 76, apron.y0 - 3)
            buildings.hall(canvas, hall, category="hangar", height=16)
    x = -reach + float(random.uniform(10, 40))
    while x < reach - 10:
        kind = _TYPES[int(random.integers(len(_TYPES)))]
        plan = aircraft.PLANS[kind]
        x += plan.span / 2 + 5
        nose = apron.y0 + float(random.uniform(8, 14))
        line = rectangle(x - 0.25, apron.y0 + 4, x + 0.25, apron.y1 - 6)
        canvas.fill(line, yellow, Layer.MARKING)
        if random.random() < 0.85:
            place = Frame(x, nose + plan.length / 2, -math.pi / 2 + random.normal(0, 0.02))
            aircraft.plane(canvas, place, kind)
            if building:
                _jet_bridge(canvas, (x - 9, apron.y0 - 4), (x - plan.body / 2 - 0.4, nose + 8))
            _service(canvas, Frame(x + plan.span * 0.3, nose + 6, random.uniform(0, 6.3)))
        x += plan.span / 2 + 5
    way = rectangle(-reach, apron.y1 - 9.5, reach, apron.y1 - 9.0)
    canvas.fill(way, yellow, Layer.MARKING)


def _jet_bridge(canvas: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    number = canvas.thing("jet bridge")
    random = canvas.child()
    line = np.array([start, (start[0], start[1] + 5), end])
    paint = Paint(varied((186, 186, 184), random, 8), "metal")
    for piece in (line[:2], line[1:]):
        tube = band(piece, 3.4)
        canvas.fill(tube, paint, Layer.DECK, thing=number, height=6.5, under=3.5, casts=True)
    head = box(4.2, 4.2, *end)
    canvas.fill(head, Paint((150, 150, 150), "metal"), Layer.DECK, thing=number, height=6.5)


def _service(canvas: Canvas, place: Frame) -> None:
    if canvas.random.random() < 0.6:
        vehicles.car(canvas, place, category="van")
    else:
        vehicles.truck(canvas, place)


def _runway(canvas: Canvas, plot: Plot, y: float) -> None:
    """A runway along x with its markings, and a taxiway to the apron."""
    random, reach = canvas.random, plot.reach
    dark = Paint(varied((98, 96, 96), random, 10), "asphalt")
    link = canvas.random.uniform(-0.4, 0.4) * reach
    canvas.fill(rectangle(link - 12, y - 72, link + 12, y), dark, Layer.SURFACE)
    number = canvas.thing("airport runway")
    shoulder = Paint(varied((132, 128, 122), random, 6), "asphalt")
    canvas.fill(rectangle(-reach, y - 30, reach, y + 30), shoulder, Layer.SURFACE)
    canvas.fill(rectangle(-reach, y - 22.5, reach, y + 22.5), dark, Layer.ROAD, thing=number)
    white = Paint((222, 220, 212), "concrete")
    for offset in (-21.5, 21.5):
        edge = rectangle(-reach, y + offset - 0.45, reach, y + offset + 0.45)
        canvas.fill(edge, white, Layer.MARKING, thing=number)
    start = float(random.uniform(-0.6, 0.2) * reach)
    for x in np.arange(start + 40, reach, 50.0):
        dash = rectangle(x, y - 0.45, x + 30, y + 0.45)
        canvas.fill(dash, white, Layer.MARKING, thing=number)
    for offset in np.arange(-18, 18.1, 3.6):
        bar = rectangle(start, y + offset - 0.9, start + 30, y + offset + 0.9)
        canvas.fill(bar, white, Layer.MARKING, thing=number)
    rubber = Paint(varied((70, 68, 68), random, 4), "asphalt")
    for offset in (-4.5, 4.5):
        mark = rectangle(start + 60, y + offset - 1.4, reach, y + offset + 1.4)
        canvas.fill(mark, rubber, Layer.ROAD, thing=number)
    if random.random() < 0.4:
        kind = _TYPES[int(random.integers(len(_TYPES)))]
        aircraft.plane(canvas, Frame(float(random.uniform(-0.4, 0.4) * reach), y), kind)


def airfield(canvas: Canvas, plot: Plot) -> None:
    """A small field: light planes, helicopters, hangars, a narrow runway."""
    random, reach = canvas.random, plot.reach
    plants.lawn(canvas, plot.area.points, plot.season)
    canvas.site = canvas.new_site("airport")
    concrete = Paint(varied((170, 166, 158), random, 8), "concrete")
    apron = Area(-0.8 * reach, -18, 0.8 * reach, 34)
    canvas.fill(apron.points, concrete, Layer.SURFACE)
    for x in np.arange(apron.x0 + 4, apron.x1 - 30, 38.0):
        buildings.hall(canvas, Area(x, -48, x + 30, -22), category="hangar", height=9)
    for x in np.arange(apron.x0 + 9, apron.x1 - 9, 15.5):
        for y in (-6.0, 9.0):
            if random.random() < 0.6:
                angle = -math.pi / 2 + random.normal(0, 0.12)
                aircraft.plane(canvas, Frame(float(x), y, angle), "plane")
    for x in np.arange(apron.x0 + 14, apron.x1 - 14, 26.0):
        if random.random() < 0.6:
            pad = Frame(float(x), 25.0, random.uniform(0, 6.3))
            works.helipad(canvas, pad, 8.0)
            if random.random() < 0.7:
                aircraft.helicopter(canvas, pad.at(0, 0, random.uniform(0, 6.3)))
    y = 34 + float(random.uniform(26, 40))
    canvas.site = 0
    line = roads.straight(-reach, -58, reach, -58)
    roads.road(canvas, line, 6.5)
    number = canvas.thing("airport runway")
    strip = Paint(varied((110, 108, 106), random, 8), "asphalt")
    canvas.fill(rectangle(-reach, y - 9, reach, y + 9), strip, Layer.ROAD, thing=number)
    white = Paint((216, 214, 208), "concrete")
    for x in np.arange(-reach, reach, 34.0):
        dash = rectangle(x, y - 0.3, x + 20, y + 0.3)
        canvas.fill(dash, white, Layer.MARKING, thing=number)
    below = Area(-reach, y + 20, reach, reach)
    if below.height > 8:
        plants.trees_in(canvas, plot.season, below, int(reach / 5), (2, 4.5))
