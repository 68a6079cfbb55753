"""Rivers with bridges and dams, coasts with beaches, marinas, ports."""

from __future__ import annotations

import math

import numpy as np

from training.synth.layouts.plot import Plot
from training.synth.shapes import Area, box, rectangle, wave
from training.synth.things import buildings, plants, roads, vehicles, vessels, waters, works
from training.synth.world import Canvas, Frame, Layer, Paint, Points, varied


def riverside(canvas: Canvas, plot: Plot) -> None:
    """A river through meadows, with a bridge or a dam."""
    random, reach, season = canvas.random, plot.reach, plot.season
    paint = Paint(varied(season.grass, random, 6), "meadow")
    plants.ground(canvas, plot.area.points, "grass", paint)
    width = float(np.clip(reach * random.uniform(0.22, 0.4), 16, 60))
    dammed = bool(random.random() < 0.45)
    line = wave(reach + 8, random, bend=reach * (0.10 if dammed else 0.22))
    middle = float(random.uniform(0.4, 0.6))
    number = waters.river(canvas, line, width, season.soil, cut=middle if dammed else None)
    at = line[int(middle * (len(line) - 1))]
    if dammed:
        _dam(canvas, at, width, number)
    else:
        _crossing(canvas, plot, at, width)
    first = len(canvas.faces)
    for _ in range(int(random.integers(1, 5))):
        spot = line[int(random.integers(3, len(line) - 3))]
        place = Frame(
            float(spot[0]),
            float(spot[1] + random.uniform(-0.2, 0.2) * width),
            random.uniform(-0.4, 0.4) + (math.pi if random.random() < 0.5 else 0),
        )
        if abs(spot[0] - at[0]) > 16:
            vessels.vessel(canvas, place, "motorboat", moving=True)
    waters.keep_wakes_on(canvas, number, first)
    _wooded(canvas, plot, line, width)


def _dam(canvas: Canvas, at: Points, width: float, river: int) -> None:
    """A concrete wall across the water, with foam below it."""
    random = canvas.child()
    number = canvas.thing("dam")
    frame = Frame(float(at[0]), float(at[1]))
    long = width * 1.5
    concrete = Paint(varied((196, 192, 184), random, 6), "concrete")
    shown = {"thing": number, "height": 9.0, "casts": True}
    canvas.fill(box(7, long), concrete, Layer.BUILDING, frame, **shown)
    worn = Paint(varied((164, 160, 152), random, 5), "concrete")
    canvas.fill(box(2.2, long), worn, Layer.BUILDING, frame, thing=number, height=9.0)
    down = canvas.part("downstream", river)
    foam = Paint((212, 220, 218), "surf")
    for y in np.arange(-width * 0.36, width * 0.37, width * 0.18):
        pier = box(9, 1.4, 0.5, float(y))
        canvas.fill(pier, concrete, Layer.BUILDING, frame, thing=number, height=10.0, casts=True)
        shape = rectangle(3.5, y + 1.0, 3.5 + random.uniform(5, 12), y + width * 0.18 - 1.0)
        canvas.fill(shape, foam, Layer.SURFACE, frame, thing=river, part=down)


def _crossing(canvas: Canvas, plot: Plot, at: Points, width: float) -> None:
    """A road that a bridge carries over the river."""
    random, reach = canvas.random, plot.reach
    x = float(at[0])
    road = roads.straight(x, -reach, x, reach)
    surface = roads.asphalt(random)
    roads.road(canvas, road, 8.0, paint=surface)
    span = roads.straight(x, at[1] - width * 0.85, x, at[1] + width * 0.85)
    roads.deck(canvas, span, 10.0, "bridge", height=7.0, road_category="bridge road")
    for y in np.arange(-reach + 6, reach - 6, 17.0):
        if random.random() < 0.35:
            side = 1 if random.random() < 0.5 else -1
            on = abs(y - at[1]) < width
            vehicles.car(
                canvas,
                Frame(x - side * 2.0, float(y), side * math.pi / 2),
                lifted=7.0 if on else 0.0,
            )


def _wooded(canvas: Canvas, plot: Plot, line: Points, width: float) -> None:
    """Trees and bushes along the banks and beyond."""
    random = canvas.random
    for _ in range(int(plot.reach * 1.1)):
        x, y = plot.area.somewhere(random, 2)
        edge = float(np.interp(x, line[:, 0], line[:, 1]))
        away = abs(y - edge) - width * 0.5
        if away < 8 or (random.random() < math.exp(-away / 60) and abs(x) > 14):
            if away < 8:
                y = edge + math.copysign(width * 0.5 + random.uniform(9, 26), y - edge)
            if random.random() < 0.75:
                plants.tree(canvas, plot.season, x, y, float(random.uniform(2.0, 5.0)))
            else:
                plants.bush(canvas, plot.season, x, y, float(random.uniform(0.9, 2.2)))


def canalside(canvas: Canvas, plot: Plot) -> None:
    """A straight canal between fields, with a towpath, trees and barges."""
    random, reach, season = canvas.random, plot.reach, plot.season
    y = float(random.uniform(-0.2, 0.2) * reach)
    width = float(random.uniform(14, 24))
    plants.lawn(canvas, plot.area.points, season)
    plants.field(canvas, Area(-reach, -reach, reach, y - width - 8), Frame(), season)
    plants.field(canvas, Area(-reach, y + width + 8, reach, reach), Frame(), season)
    line = roads.straight(-reach, y, reach, y, points=24)
    canal = waters.river(canvas, line, width, season.soil, category="canal")
    roads.path(canvas, roads.straight(-reach, y + width / 2 + 5, reach, y + width / 2 + 5), 2.6)
    for x in np.arange(-reach + 4, reach, 9.0):
        if random.random() < 0.7:
            plants.tree(canvas, season, float(x), y - width / 2 - 6, float(random.uniform(2, 3.6)))
    x = float(random.uniform(-0.5, 0.5) * reach)
    roads.road(canvas, roads.straight(x, -reach, x, reach), 6.5, category="road")
    span = roads.straight(x, y - width, x, y + width)
    roads.deck(canvas, span, 8.0, "bridge", height=5.0, road_category="bridge road")
    first = len(canvas.faces)
    vessels.vessel(
        canvas, Frame(x + 40, y), "ship", length=34.0, moving=bool(random.random() < 0.5)
    )
    waters.keep_wakes_on(canvas, canal, first)


def beach(canvas: Canvas, plot: Plot) -> None:
    """A sandy coast with parasols, bathers' boats and houses behind."""
    random, reach, season = canvas.random, plot.reach, plot.season
    shore = float(random.uniform(-0.35, 0.05) * reach)
    sand = float(random.uniform(18, 36))
    plants.lawn(canvas, plot.area.points, season)
    waters.coast(canvas, reach, shore, sand=sand)
    edge = shore - sand - 9
    roads.path(canvas, roads.straight(-reach, edge, reach, edge), 3.4)
    roads.road(canvas, roads.straight(-reach, edge - 16, reach, edge - 16), 7.0)
    for x in np.arange(-reach, reach, 4.0):
        if random.random() < 0.5:
            plants.bush(
                canvas,
                season,
                float(x),
                edge + random.uniform(3, 5),
                float(random.uniform(0.7, 1.8)),
            )
        if random.random() < 0.3:
            plants.tree(
                canvas,
                season,
                float(x),
                edge - random.uniform(5, 9),
                float(random.uniform(1.8, 3.2)),
            )
    for x in np.arange(-reach + 8, reach - 8, 22.0):
        buildings.house(canvas, Area(x, edge - 40, x + 13, edge - 29))
    for _ in range(int(random.integers(2, 6))):
        x, y = float(random.uniform(-0.8, 0.8) * reach), shore + float(random.uniform(36, 60))
        vessels.vessel(
            canvas,
            Frame(x, y, random.uniform(0, 6.3)),
            "motorboat",
            moving=bool(random.random() < 0.7),
        )
    _parasols(canvas, reach, shore - sand * 0.5)


def _parasols(canvas: Canvas, reach: float, y: float) -> None:
    random = canvas.child()
    for x in np.arange(-reach, reach, 5.0):
        if random.random() < 0.4:
            tone = [(206, 66, 56), (236, 232, 220), (64, 110, 176), (226, 178, 60)][
                random.integers(4)
            ]
            frame = Frame(float(x), y + random.uniform(-4, 4))
            canvas.fill(
                box(1.9, 1.9),
                Paint(varied(tone, random, 6), "plain"),
                Layer.LOW,
                frame,
                height=2.2,
                casts=True,
            )


def marina(canvas: Canvas, plot: Plot) -> None:
    """Piers with boats on both sides."""
    random, reach, season = canvas.random, plot.reach, plot.season
    site = canvas.new_site("harbor")
    shore = float(random.uniform(-0.7, -0.4) * reach)
    land, basin = plot.area.cut_y(shore)
    plants.lawn(canvas, land.points, season)
    canvas.site = site
    sea = canvas.thing("sea")
    water = waters.water_paint(random)
    canvas.fill(basin.points, water, Layer.WATER, thing=sea)
    quay = Paint(varied((186, 180, 170), random, 6), "concrete")
    canvas.fill(rectangle(-reach, shore - 9, reach, shore), quay, Layer.SURFACE)
    step = float(random.uniform(30, 40))
    for x in np.arange(-reach + random.uniform(6, 20), reach, step):
        long = float(random.uniform(0.7, 1.5) * reach)
        pier = rectangle(x - 1.3, shore, x + 1.3, shore + long)
        canvas.fill(pier, quay, Layer.LOW, height=1.0, casts=True)
        for y in np.arange(shore + 5, shore + long - 2, 5.2):
            for side in (1, -1):
                if random.random() < 0.8:
                    kind = "fishing boat" if random.random() < 0.1 else "motorboat"
                    length = float(random.uniform(8, 11.5))
                    place = Frame(
                        x + side * (1.6 + length / 2),
                        float(y),
                        (0 if side > 0 else math.pi) + random.normal(0, 0.03),
                    )
                    vessels.vessel(canvas, place, kind, length=length)
    canvas.site = 0
    plants.trees_in(
        canvas, season, Area(-reach, shore - 40, reach, shore - 13), int(reach / 7), (1.8, 3.6)
    )


_BIG = (
    "dry cargo ship",
    "liquid cargo ship",
    "passenger ship",
    "warship",
    "engineering ship",
    "dry cargo ship",
)


def port(canvas: Canvas, plot: Plot) -> None:
    """A quay with cranes, containers, sheds and ships alongside."""
    random, reach = canvas.random, plot.reach
    site = canvas.new_site("harbor")
    quay = float(random.uniform(-0.15, 0.2) * reach)
    land, basin = plot.area.cut_y(quay)
    canvas.site = site
    sea = canvas.thing("sea")
    canvas.fill(basin.points, waters.water_paint(random), Layer.WATER, thing=sea)
    paved = Paint(varied((158, 154, 148), random, 8), "concrete")
    canvas.fill(land.points, paved, Layer.GROUND)
    edge = Paint((196, 192, 184), "concrete")
    canvas.fill(rectangle(-reach, quay - 1.6, reach, quay + 0.4), edge, Layer.MARKING)
    x = -reach + float(random.uniform(0, 60))
    while x < reach:
        kind = _BIG[int(random.integers(len(_BIG)))]
        length = float(random.uniform(*vessels.HULLS[kind].length))
        width = length / vessels.HULLS[kind].slim
        turn = 0.0 if random.random() < 0.5 else math.pi
        vessels.vessel(
            canvas, Frame(x + length / 2, quay + width / 2 + 3, turn), kind, length=length
        )
        if kind == "dry cargo ship":
            for at in (0.35, 0.6):
                crane = Frame(x + at * length, quay - 3, math.pi / 2)
                works.container_crane(canvas, crane, reach=width + 12)
        x += length + float(random.uniform(18, 40))
    for _ in range(int(random.integers(1, 4))):
        kind = ("tugboat", "fishing boat", "motorboat", "ship")[int(random.integers(4))]
        place = Frame(
            float(random.uniform(-0.7, 0.7) * reach),
            quay + 52 + float(random.uniform(10, 0.5 * reach + 11)),
            float(random.uniform(0, 6.3)),
        )
        vessels.vessel(canvas, place, kind, moving=True)
    _yard(canvas, plot, quay)
    canvas.site = 0


def _yard(canvas: Canvas, plot: Plot, quay: float) -> None:
    """Behind the quay: stacks, then sheds, then a road with trucks."""
    random, reach = canvas.random, plot.reach
    y = quay - 46
    for x in np.arange(-reach, reach, 58.0):
        if random.random() < 0.75:
            vessels.containers(canvas, Area(x, y - 22, x + 51, y), Frame(), height=2.6)
    y -= 34
    for x in np.arange(-reach, reach, 14.0):
        if random.random() < 0.5:
            _hauler(canvas, Frame(float(x), y, 0.0 if random.random() < 0.5 else math.pi))
    y -= 12
    for x in np.arange(-reach + 10, reach, 104.0):
        buildings.hall(canvas, Area(x, y - 34, x + 88, y), category="dockside warehouse")
    roads.road(canvas, roads.straight(-reach, y - 46, reach, y - 46), 9)


def _hauler(canvas: Canvas, place: Frame) -> None:
    """A truck of some kind, or a tractor with its trailer."""
    sort = int(canvas.random.integers(3))
    if sort == 0:
        vehicles.truck(canvas, place)
    elif sort == 1:
        vehicles.trailer(canvas, place)
    else:
        vehicles.tractor_unit(canvas, place)
