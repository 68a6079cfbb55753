"""A sports ground: courts in rows, a pitch, a track, a diamond or a stadium."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.layouts.town import lot
from training.synth.shapes import Area
from training.synth.things import buildings, courts, plants, roads, works
from training.synth.things.golf import golf_hole
from training.synth.world import Canvas, Frame


def courts_ground(canvas: Canvas, plot: Plot) -> None:
    """Tennis, basketball and volleyball courts side by side, with paths, cars and trees."""
    random, reach = canvas.random, plot.reach
    plants.lawn(canvas, plot.area.points, plot.season)
    kinds = [_tennis, _tennis, courts.basketball, courts.volleyball]
    width, depth = 21.0, 42.0
    taken = float(random.uniform(0.3, 0.7))
    for row, y in enumerate(np.arange(-2 * depth + random.uniform(-6, 6), reach, depth + 6)):
        if abs(y) > reach:
            continue
        first = kinds[int(random.integers(len(kinds)))]
        for x in np.arange(-3 * width, 3 * width + 1, width):
            if abs(x) < reach and random.random() < 0.35 + taken:
                draw = first if random.random() < 0.75 else kinds[int(random.integers(4))]
                draw(canvas, Frame(float(x), float(y), math.pi / 2))
            elif abs(x) < reach and random.random() < 0.3:
                works.playground(canvas, Area(x - 8, y - 12, x + 8, y + 12))
        edge = roads.straight(-reach, y + depth / 2 + 3, reach, y + depth / 2 + 3)
        roads.path(canvas, edge, 2.6)
        strip = Area(-reach, y + depth / 2 - 1, reach, y + depth / 2 + 1)
        plants.trees_in(canvas, plot.season, strip, int(reach / 14), (1.6, 3.4))
        if row == 1:
            lot(canvas, Area(3.7 * width, y - 18, 3.7 * width + 34, y + 18))


def _tennis(canvas: Canvas, frame: Frame) -> int:
    return courts.tennis(canvas, frame)


def pitches(canvas: Canvas, plot: Plot) -> None:
    """One large ground in the middle, others beside it."""
    random, reach, season = canvas.random, plot.reach, plot.season
    plants.lawn(canvas, plot.area.points, season)
    sort = int(random.integers(4))
    x, y = random.uniform(-0.12, 0.12, 2) * reach
    middle = Frame(float(x), float(y))
    if sort == 0:
        field = courts.track(canvas, middle)
        courts.bleachers(canvas, middle.at(0, 49), 60, whole=field)
    elif sort == 1:
        name = "football field" if random.random() < 0.5 else "soccer ball field"
        field = courts.football(canvas, middle, category=name)
        courts.bleachers(canvas, middle.at(0, 38), 44, whole=field)
    elif sort == 2:
        turn = float(random.uniform(0, 2 * math.pi))
        home = middle.at(-50 * math.cos(turn), -50 * math.sin(turn), turn)
        field = courts.baseball(canvas, home)
        for side in (1, -1):
            courts.bleachers(canvas, home.at(8, side * 24, side * math.pi / 4), 24, whole=field)
    else:
        courts.stadium(canvas, middle, scale=float(random.uniform(0.72, 1.0)))
    for side in (1, -1):
        beside = Frame(float(x) + side * 128, float(y) + random.uniform(-20, 20), math.pi / 2)
        if random.random() < 0.6:
            courts.sports_field(canvas, beside, (90, 56))
        else:
            lot(canvas, Area(beside.x - 24, beside.y - 40, beside.x + 24, beside.y + 40))
    below = Area(-reach, y + 100, reach, y + 140)
    roads.road(canvas, roads.straight(-reach, below.y0, reach, below.y0), 8)
    buildings.block(canvas, Area(x - 20, y - 112, x + 16, y - 96), height=7)
    for band in (Area(-reach, -reach, reach, y - 92), Area(-reach, y + 106, reach, reach)):
        if band.height > 6:
            count = int(band.width * band.height / 320)
            plants.trees_in(canvas, season, band, count, (2.2, 4.8))


def golf(canvas: Canvas, plot: Plot) -> None:
    """Fairways, greens and bunkers between trees, and a pond."""
    random, reach, season = canvas.random, plot.reach, plot.season
    canvas.site = canvas.new_site("golf field")
    plants.lawn(canvas, plot.area.points, season)
    for y in np.arange(-reach, reach, 58.0):
        golf_hole(canvas, season, reach, float(y + random.uniform(-8, 8)))
    count = int(reach * reach / 160)
    plants.trees_in(canvas, season, plot.area, count, (2.2, 5.0))
    line = roads.straight(-reach, random.uniform(-30, 30), reach, random.uniform(-30, 30))
    roads.path(canvas, line, 2.4)
    canvas.site = 0
