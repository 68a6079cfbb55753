"""The middle of a town: blocks, a square, a crossing, buses."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.shapes import Area, box, rectangle
from training.synth.things import buildings, plants, roads, vehicles, works
from training.synth.world import Canvas, Frame, Layer, Paint, varied


def town(canvas: Canvas, plot: Plot) -> None:
    """Streets in a grid; each block holds buildings, a square, a parking lot or a park."""
    random = canvas.random
    paving = Paint(varied((166, 160, 150), random, 8), "concrete")
    canvas.fill(plot.area.points, paving, Layer.GROUND)
    width, step = random.uniform(10, 14), random.uniform(62, 84)
    surface = roads.asphalt(random)
    xs = _lines(plot.reach, step, random)
    ys = _lines(plot.reach, step * random.uniform(0.8, 1.1), random)
    upright = [
        roads.road(
            canvas, roads.straight(x, -plot.reach, x, plot.reach), width, lanes=2, paint=surface
        )
        for x in xs
    ]
    for y in ys:
        line = roads.straight(-plot.reach, y, plot.reach, y)
        number = roads.road(canvas, line, width, lanes=2, paint=surface)
        traffic(canvas, plot, (y, width), share=0.22)
        for x, crossed in zip(xs, upright, strict=True):
            half = width / 2
            area = Area(x - half, y - half, x + half, y + half)
            roads.intersection(canvas, area, crossed, surface)
            for side in (-1, 1):
                if random.random() < 0.8:
                    roads.zebra(canvas, Frame(x + side * (half + 3.4), y), width - 0.6, number)
                if random.random() < 0.8:
                    place = Frame(x, y + side * (half + 3.4), np.pi / 2)
                    roads.zebra(canvas, place, width - 0.6, crossed)
    columns = [-plot.reach, *xs, plot.reach]
    rows = [-plot.reach, *ys, plot.reach]
    kinds = ["square", "parking", "park", *["block"] * 4]
    for i, (x0, x1) in enumerate(pairwise(columns)):
        for j, (y0, y1) in enumerate(pairwise(rows)):
            area = Area(x0, y0, x1, y1).inset(width / 2 + 2.6)
            if area.width > 12 and area.height > 12:
                kind = kinds[(int(random.integers(7)) + i + j) % 7]
                _BLOCKS[kind](canvas, plot, area)


def _lines(reach: float, step: float, random: np.random.Generator) -> list[float]:
    first = float(random.uniform(-0.3, 0.3) * step)
    return [first + k * step for k in range(-8, 9) if abs(first + k * step) < reach]


def traffic(
    canvas: Canvas, plot: Plot, lane: tuple[float, float], *, share: float, heavy: float = 0.14
) -> None:
    """Cars, vans, buses and trucks on a road along x, given by its y and width."""
    random = canvas.random
    y, width = lane
    for x in np.arange(-plot.reach + 8, plot.reach - 8, 15.0):
        for side in (-1, 1):
            if random.random() < share:
                angle = (0.0 if side > 0 else np.pi) + random.normal(0, 0.02)
                place = Frame(x + random.uniform(-2, 2), y + side * width * 0.25, angle)
                drive(canvas, place, heavy=heavy)


def drive(canvas: Canvas, place: Frame, *, heavy: float = 0.14) -> int:
    """Some vehicle of the road."""
    random = canvas.random
    if random.random() < heavy:
        return int((vehicles.bus, vehicles.truck)[random.integers(2)](canvas, place))
    kinds = ("small car", "van", "small vehicle", "vehicle")
    chosen = int(random.choice(4, p=[0.78, 0.14, 0.04, 0.04]))
    return vehicles.car(canvas, place, category=kinds[chosen])


def _block(canvas: Canvas, plot: Plot, area: Area) -> None:
    random = canvas.child()
    columns = max(1, round(area.width / random.uniform(18, 34)))
    rows = max(1, round(area.height / random.uniform(18, 34)))
    for cell in area.grid(columns, rows):
        body = cell.inset(random.uniform(0.3, 3.0))
        height = float(random.uniform(7, 26))
        sort = random.random()
        if sort < 0.62:
            panels = bool(random.random() < 0.16)
            buildings.block(canvas, body, height=height, panels=panels)
        elif sort < 0.86:
            buildings.house(canvas, body)
        else:
            _court(canvas, plot, body, height)
        if sort < 0.1 and min(body.width, body.height) > 18:
            frame = Frame(*body.center)
            works.helipad(canvas, frame, 7.5, height=height + 0.3)


def _court(canvas: Canvas, plot: Plot, area: Area, height: float) -> None:
    """Four wings around a yard with a tree."""
    deep = min(area.width, area.height) * 0.28
    plants.lawn(canvas, area.inset(deep).points, plot.season, layer=Layer.SURFACE)
    color = str(canvas.random.choice(list(buildings.ROOFS)))
    buildings.ring(canvas, area, deep, height=height, color=color)
    x, y = area.center
    if min(area.width, area.height) - 2 * deep > 7:
        plants.tree(canvas, plot.season, x, y, 2.6)


def _square(canvas: Canvas, plot: Plot, area: Area) -> None:
    """Slabs in a pattern, rows of trees, perhaps a fountain."""
    random = canvas.child()
    number = canvas.thing("paved square")
    base = varied((190, 178, 158), random, 8)
    canvas.fill(area.points, Paint(base, "concrete"), Layer.SURFACE, thing=number)
    tile = Paint(varied([c * 0.93 for c in base], random, 3), "concrete")
    step = random.uniform(4, 7)
    for x in np.arange(area.x0, area.x1 - step / 2, step):
        stripe = rectangle(x, area.y0, x + 0.5, area.y1)
        canvas.fill(stripe, tile, Layer.SURFACE, thing=number)
    for y in np.arange(area.y0, area.y1 - step / 2, step):
        stripe = rectangle(area.x0, y, area.x1, y + 0.5)
        canvas.fill(stripe, tile, Layer.SURFACE, thing=number)
    for x in np.arange(area.x0 + 5, area.x1 - 4, 9.0):
        for y in (area.y0 + 4, area.y1 - 4):
            if random.random() < 0.8:
                plants.tree(canvas, plot.season, float(x), y, float(random.uniform(1.8, 2.8)))
    x, y = area.center
    stone = Paint((206, 200, 190), "concrete")
    canvas.fill(box(9, 9, x, y), stone, Layer.LOW, height=0.6, casts=True)
    basin = canvas.thing("water")
    canvas.fill(box(7.6, 7.6, x, y), Paint((96, 136, 142), "water"), Layer.LOW, thing=basin)


def lot(canvas: Canvas, area: Area) -> None:
    """A parking lot with its cars."""
    share = float(canvas.random.uniform(0.3, 0.9))
    for place, taken in roads.parking(canvas, area, share=share):
        if taken:
            kind = "van" if canvas.random.random() < 0.1 else "small car"
            vehicles.car(canvas, place, category=kind)


def park(canvas: Canvas, plot: Plot, area: Area) -> None:
    """A lawn with paths, trees, bushes and a playground."""
    random = canvas.child()
    plants.lawn(canvas, area.points, plot.season, layer=Layer.SURFACE)
    x, y = area.center
    roads.path(canvas, roads.straight(area.x0, area.y0 + 2, area.x1, area.y1 - 2), 2.2)
    if random.random() < 0.6:
        roads.path(canvas, roads.straight(area.x0, y, x, y), 2.0)
    plants.trees_in(canvas, plot.season, area, int(area.width * area.height / 130), (2.0, 4.6))
    for _ in range(int(random.integers(2, 8))):
        px, py = area.somewhere(random, 2)
        plants.bush(canvas, plot.season, px, py, float(random.uniform(0.8, 1.9)))
    if area.width > 26 and area.height > 26 and random.random() < 0.7:
        works.playground(canvas, Area(x - 9, y + 3, x + 9, y + 12))


def _parking(canvas: Canvas, plot: Plot, area: Area) -> None:  # noqa: ARG001
    lot(canvas, area)


_BLOCKS = {"square": _square, "parking": _parking, "park": park, "block": _block}
