"""Streets with houses on both sides, their drives, gardens and pools."""

from __future__ import annotations

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.shapes import Area, box, disc, rectangle
from training.synth.things import buildings, plants, roads, vehicles
from training.synth.world import Canvas, Frame, Layer, Paint, varied


def residential(canvas: Canvas, plot: Plot) -> None:
    """Parallel streets, a cross street, lots between them."""
    random, season, reach = canvas.random, plot.season, plot.reach
    plants.lawn(canvas, plot.area.points, season)
    depth, street = random.uniform(24, 34), random.uniform(6.5, 9)
    step = 2 * depth + street
    first = random.uniform(-step / 2, step / 2)
    cross = float(random.uniform(-0.5, 0.5) * reach)
    verge = Paint(varied((182, 176, 164), random, 6), "concrete")
    surface = roads.asphalt(random)
    streets = [
        float(first + k * step) for k in range(-6, 7) if abs(first + k * step) < reach + step
    ]
    across = roads.straight(cross, -reach, cross, reach)
    crossing = roads.road(canvas, across, street, paint=surface, verge=verge)
    for y in streets:
        line = roads.straight(-reach, y, reach, y)
        road = roads.road(canvas, line, street, paint=surface, verge=verge)
        half = street / 2
        area = Area(cross - half, y - half, cross + half, y + half)
        roads.intersection(canvas, area, crossing, surface)
        if random.random() < 0.6:
            roads.zebra(canvas, Frame(cross + half + 4, y), street, road)
        _traffic(canvas, plot, y, street)
        for side in (-1, 1):
            _row(canvas, plot, (y + side * half, y + side * (half + depth)), cross, street)


def _traffic(canvas: Canvas, plot: Plot, y: float, street: float) -> None:
    random = canvas.random
    for x in np.arange(-plot.reach + 5, plot.reach, 7.5):
        if random.random() < 0.16:
            side = 1 if random.random() < 0.5 else -1
            angle = (0 if side > 0 else np.pi) + random.normal(0, 0.03)
            kind = "van" if random.random() < 0.12 else "small car"
            place = Frame(x, y + side * (street / 2 - 1.3), angle)
            vehicles.car(canvas, place, category=kind)


def _row(
    canvas: Canvas, plot: Plot, span: tuple[float, float], cross: float, street: float
) -> None:
    """The lots along one side of a street, `span` from the street to their back."""
    random, (near, far) = canvas.random, span
    x = -plot.reach
    while x < plot.reach:
        wide = float(random.uniform(15, 24))
        lot = Area(x, min(near, far), x + wide, max(near, far))
        x += wide
        if lot.x1 < cross - street / 2 - 2 or lot.x0 > cross + street / 2 + 2:
            _lot(canvas, plot, lot.inset(0.7), up=far < near)


def _lot(canvas: Canvas, plot: Plot, lot: Area, *, up: bool) -> None:
    random, season = canvas.child(), plot.season
    ahead = -1 if up else 1
    front = lot.y1 if up else lot.y0
    w, h = random.uniform(9, min(14, lot.width - 3)), random.uniform(8, 12)
    cx = (lot.x0 + lot.x1) / 2 + random.uniform(-0.08, 0.08) * lot.width
    cy = front + ahead * (random.uniform(6, 8) + h / 2)
    body = Area(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    buildings.house(canvas, body)
    _drive(canvas, front, (cx, cy, w), random)
    back = front + ahead * (8 + h + 3)
    yard = Area(
        lot.x0, min(back, lot.y0 if up else lot.y1), lot.x1, max(back, lot.y0 if up else lot.y1)
    )
    if yard.height > 7 and random.random() < 0.3:
        pool(canvas, yard, random)
    elif yard.height > 5:
        for _ in range(int(random.integers(0, 3))):
            x, y = yard.somewhere(random, 3)
            plants.tree(canvas, season, x, y, float(random.uniform(2.0, 4.5)))
    for _ in range(int(random.integers(0, 4))):
        x, y = lot.somewhere(random, 1.5)
        if abs(x - cx) > w / 2 + 1.4 or abs(y - cy) > h / 2 + 1.4:
            plants.bush(canvas, season, x, y, float(random.uniform(0.7, 1.6)))
    if random.random() < 0.4:
        plants.tree(canvas, season, lot.x0 + 1.5, front + ahead * 2.0, random.uniform(2, 3.6))


def _drive(
    canvas: Canvas,
    front: float,
    house: tuple[float, float, float],
    random: np.random.Generator,
) -> None:
    """The drive from the street to the house, often with a car."""
    cx, cy, w = house
    side = 1 if random.random() < 0.5 else -1
    x = cx + side * w * 0.28
    number = canvas.thing("driveway")
    paint = Paint(varied((178, 170, 158), random, 10), "concrete")
    points = rectangle(x - 1.9, min(front, cy), x + 1.9, max(front, cy))
    canvas.fill(points, paint, Layer.SURFACE, thing=number)
    if random.random() < 0.5:
        ahead = np.sign(cy - front)
        place = Frame(x, front + ahead * 3.2, np.pi / 2 + random.normal(0, 0.04))
        vehicles.car(canvas, place)


def pool(canvas: Canvas, yard: Area, random: np.random.Generator) -> int:
    """A swimming pool with a paved rim."""
    cx, cy = yard.center
    rx, ry = random.uniform(3, 5), random.uniform(1.8, 2.6)
    number = canvas.thing("swimming pool")
    rim = Paint(varied((196, 190, 178), random, 8), "concrete")
    canvas.fill(box(2 * rx + 3, 2 * ry + 3, cx, cy), rim, Layer.SURFACE)
    water = Paint(varied((96, 176, 190), random, 10), "water")
    outline = box(2 * rx, 2 * ry, cx, cy)
    if random.random() < 0.5:
        ring = disc(1.0, corners=32)
        waist = 1 + 0.18 * np.cos(2 * np.arctan2(ring[:, 1], ring[:, 0]))
        outline = ring * (rx, ry) * waist[:, None] + np.array([cx, cy])
    canvas.fill(outline, water, Layer.LOW, thing=number)
    return number
