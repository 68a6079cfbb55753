"""Industry and power: tanks, towers, cranes, smoke; and small places of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from training.synth.shapes import Area, arc_band, band, blob, box, disc, rectangle
from training.synth.world import ORIGIN, Canvas, Frame, Layer, Paint, Points, tinted, varied


def tank(canvas: Canvas, x: float, y: float, radius: float) -> int:
    """A storage tank with its roof, rim, ladder and stairs."""
    random = canvas.child()
    colors = {
        "white": (222, 220, 214),
        "gray": (166, 168, 168),
        "beige": (192, 176, 148),
        "brown": (138, 112, 92),
    }
    name = str(random.choice(list(colors), p=[0.6, 0.2, 0.12, 0.08]))
    number = canvas.thing("storage tank", name)
    base = varied(colors[name], random, 6)
    height = float(random.uniform(8, 15))
    shown: dict[str, Any] = {"thing": number, "height": height}
    frame = Frame(x, y)
    rim = Paint(tinted(base, 0.88), "metal")
    canvas.fill(disc(radius), rim, Layer.BUILDING, frame, casts=True, **shown)
    floating = random.random() < 0.35
    roof = Paint(varied((150, 146, 140), random, 8) if floating else base, "metal")
    canvas.fill(disc(radius * 0.95), roof, Layer.BUILDING, frame, **shown)
    if floating:
        away = canvas.sun.direction - canvas.base.angle + math.pi
        shade = arc_band(radius * 0.7, radius * 0.95, away - 1.1, away + 1.1)
        canvas.fill(shade, Paint(tinted(roof.rgb, 0.6), "metal"), Layer.BUILDING, frame, **shown)
    else:
        for turn in np.arange(0, 2 * math.pi, math.pi / 4):
            side = np.array([math.cos(turn), math.sin(turn)])
            wedge = arc_band(0.2, radius * 0.94, turn - 0.39, turn + 0.39)
            lit = Paint(tinted(roof.rgb, 0.5 + 0.5 * canvas.light(side)), "metal")
            canvas.fill(wedge, lit, Layer.BUILDING, frame, **shown)
    stairs = arc_band(radius, radius + 0.9, 0, 1.2)
    canvas.fill(
        stairs,
        Paint((120, 118, 116), "metal"),
        Layer.BUILDING,
        frame,
        thing=number,
        height=height / 2,
    )
    canvas.fill(disc(radius * 0.08), rim, Layer.BUILDING, frame, **shown)
    return number


def pipeline(canvas: Canvas, line: Points, *, whole: int = 0) -> int:
    """Two or three pipes side by side on supports."""
    random = canvas.child()
    part = canvas.part("industrial pipeline", whole)
    base = Paint((142, 138, 130), "concrete")
    canvas.fill(band(line, 2.2), base, Layer.LOW, part=part)
    for offset in (-0.65, 0.0, 0.65):
        paint = Paint(varied((196, 194, 188), random, 12), "metal")
        moved = line + np.array([offset, offset])
        shown: dict[str, Any] = {"part": part, "height": 1.5}
        canvas.fill(band(moved, 0.45), paint, Layer.LOW, casts=True, **shown)
    return part


def chimney(canvas: Canvas, x: float, y: float, *, height: float = 60.0) -> int:
    """A tall stack with a dark mouth."""
    random = canvas.child()
    number = canvas.thing("chimney")
    radius = height / 24 + 1.0
    base = varied([(196, 190, 182), (158, 108, 90)][random.integers(2)], random, 8)
    frame = Frame(x, y)
    shown: dict[str, Any] = {"thing": number, "height": height}
    canvas.fill(
        disc(radius * 1.35),
        Paint(tinted(base, 0.9), "concrete"),
        Layer.BUILDING,
        frame,
        thing=number,
        height=3.0,
    )
    canvas.fill(disc(radius), Paint(base, "concrete"), Layer.DECK, frame, casts=True, **shown)
    canvas.fill(disc(radius * 0.6), Paint((44, 42, 42), "plain"), Layer.DECK, frame, **shown)
    return number


def smoke(canvas: Canvas, x: float, y: float, *, start: float, length: float) -> int:
    """A plume that drifts and spreads."""
    random = canvas.child()
    number = canvas.thing("white smoke")
    wind = random.uniform(0, 2 * math.pi)
    frame = Frame(x, y, wind)
    shown: dict[str, Any] = {"thing": number, "height": 90.0}
    for reach in np.arange(0, length, start * 0.55):
        size = start * (1 + 1.6 * reach / length) * random.uniform(0.85, 1.15)
        tone = varied((226 - 10 * reach / length,) * 3, random, 5)
        place = frame.at(reach, random.normal(0, 0.12) * (start + reach * 0.2))
        canvas.fill(
            blob(size, random, rough=0.12), Paint(tone, "smoke"), Layer.SMOKE, place, **shown
        )
    return number


def cooling_tower(canvas: Canvas, x: float, y: float, radius: float) -> int:
    """The shell's waist and rim, and the opening that one looks into."""
    random = canvas.child()
    number = canvas.thing("cooling tower")
    frame = Frame(x, y)
    base = varied((190, 186, 178), random, 6)
    height = radius * 1.9
    shell = canvas.part("cooling tower shell", number)
    mouth = canvas.part("cooling tower top opening", number)
    shown: dict[str, Any] = {"thing": number, "part": shell, "height": height}
    canvas.fill(
        disc(radius),
        Paint(tinted(base, 0.85), "concrete"),
        Layer.BUILDING,
        frame,
        casts=True,
        **shown,
    )
    for turn in np.arange(0, 2 * math.pi, math.pi / 12):
        side = np.array([math.cos(turn), math.sin(turn)])
        tone = tinted(base, 0.35 + 0.65 * canvas.light(side))
        wedge = arc_band(radius * 0.64, radius, turn - 0.14, turn + 0.14)
        canvas.fill(wedge, Paint(tone, "concrete"), Layer.BUILDING, frame, **shown)
    canvas.fill(
        disc(radius * 0.66), Paint(tinted(base, 1.12), "concrete"), Layer.DECK, frame, **shown
    )
    inside: dict[str, Any] = {"thing": number, "part": mouth, "height": height}
    canvas.fill(disc(radius * 0.6), Paint((92, 92, 92), "concrete"), Layer.DECK, frame, **inside)
    canvas.fill(disc(radius * 0.42), Paint((66, 66, 68), "smoke"), Layer.DECK, frame, **inside)
    return number


def windmill(canvas: Canvas, x: float, y: float, *, size: float = 45.0) -> int:
    """A wind turbine: mast, nacelle and three blades, seen almost from above."""
    random = canvas.child()
    number = canvas.thing("windmill")
    white = Paint((232, 232, 230), "metal")
    pad = Paint(varied((178, 164, 140), random, 8), "gravel")
    canvas.fill(disc(size * 0.16), pad, Layer.SURFACE, Frame(x, y))
    # The mast leans out of the picture's centre, as tall things do.
    lean = Frame(x, y, random.uniform(0, 2 * math.pi))
    hub = size * 0.55
    shown: dict[str, Any] = {"thing": number, "height": size * 1.6}
    mast = np.array([[0, -1.6], [hub, -0.9], [hub, 0.9], [0, 1.6]])
    foot: dict[str, Any] = {"thing": number, "height": size * 1.5, "casts": True}
    canvas.fill(box(2, 2), white, Layer.LOW, Frame(x, y), **foot)
    canvas.fill(mast, white, Layer.DECK, lean, thing=number, height=size * 0.8)
    turn = random.uniform(0, 2 * math.pi)
    outline = np.array([[0, -0.9], [size * 0.2, -1.7], [size, -0.25], [size, 0.25], [0, 0.9]])
    for step in range(3):
        blade = lean.at(hub, 0, turn + step * 2 * math.pi / 3)
        canvas.fill(outline, white, Layer.ABOVE, blade, **shown)
        # Its shadow lies where the hub's does, not where the lens shows the hub.
        below = Frame(x, y, lean.angle + turn + step * 2 * math.pi / 3)
        air: dict[str, Any] = {"height": size * 1.5, "under": size * 1.49}
        canvas.fill(outline, white, Layer.LOW, below, casts=True, hidden=True, **air)
    canvas.fill(box(5, 2.6, hub), Paint((214, 214, 212), "metal"), Layer.ABOVE, lean, **shown)
    return number


def container_crane(canvas: Canvas, frame: Frame, *, reach: float = 62.0) -> int:
    """A gantry whose boom reaches along x over the water; its feet stand behind the origin."""
    random = canvas.child()
    number = canvas.thing("container crane")
    base = [(58, 96, 146), (196, 82, 52), (206, 160, 60)][random.integers(3)]
    paint = Paint(varied(base, random, 8), "metal")
    for x in (-26.0, -4.0):
        for y in (-11, 11):
            leg = box(2.4, 2.4, x, y)
            canvas.fill(leg, paint, Layer.DECK, frame, thing=number, height=30.0, casts=True)
        canvas.fill(
            box(1.8, 24, x),
            paint,
            Layer.ABOVE,
            frame,
            thing=number,
            height=34.0,
            under=32.0,
            casts=True,
        )
    shown: dict[str, Any] = {"thing": number, "height": 40.0, "under": 38.0}
    for aside in (-2.4, 2.4):
        boom = rectangle(-34, aside - 0.8, reach, aside + 0.8)
        canvas.fill(boom, paint, Layer.ABOVE, frame, casts=True, **shown)
    for at in np.arange(-32, reach, 7.0):
        canvas.fill(box(0.7, 5.4, float(at)), paint, Layer.ABOVE, frame, **shown)
    canvas.fill(box(9, 6.4, -24), Paint((206, 206, 202), "metal"), Layer.ABOVE, frame, **shown)
    return number


def substation(canvas: Canvas, area: Area) -> int:
    """A yard of gravel with transformers and busbars in rows."""
    random = canvas.child()
    site = canvas.new_site("substation")
    before, canvas.site = canvas.site, site
    gravel = Paint(varied((172, 166, 156), random, 8), "gravel")
    canvas.fill(area.points, gravel, Layer.SURFACE)
    steel = Paint((138, 140, 142), "metal")
    for y in np.arange(area.y0 + 5, area.y1 - 4, 8.5):
        for x in np.arange(area.x0 + 4, area.x1 - 3, 6.0):
            post = box(1.1, 1.1, float(x), float(y))
            canvas.fill(post, steel, Layer.LOW, height=6.0, casts=True)
        for dy in (-1.2, 0.0, 1.2):
            bar = rectangle(area.x0 + 3, y + dy - 0.12, area.x1 - 3, y + dy + 0.12)
            canvas.fill(bar, steel, Layer.LOW, height=6.0, casts=True)
    for x in np.arange(area.x0 + 8, area.x1 - 8, 14.0):
        paint = Paint(varied((110, 122, 118), random, 8), "metal")
        canvas.fill(box(5, 4, float(x), area.y0 + 9), paint, Layer.BUILDING, height=4.5, casts=True)
        canvas.fill(box(1, 3.4, float(x) + 3.4, area.y0 + 9), steel, Layer.BUILDING, height=4.0)
    canvas.site = before
    return site


def greenhouse(canvas: Canvas, area: Area, frame: Frame = ORIGIN) -> int:
    """One long house of glass or film with its hoops."""
    random = canvas.child()
    number = canvas.thing("greenhouse")
    base = varied(
        [(206, 212, 210), (188, 202, 202), (222, 222, 214)][random.integers(3)], random, 6
    )
    shown: dict[str, Any] = {"thing": number, "height": 3.5}
    canvas.fill(area.points, Paint(base, "metal"), Layer.BUILDING, frame, casts=True, **shown)
    cx, cy = area.center
    ridge = Paint(tinted(base, 1.1), "metal")
    hoop = Paint(tinted(base, 0.84), "metal")
    if area.width >= area.height:
        canvas.fill(
            box(area.width, area.height * 0.3, cx, cy), ridge, Layer.BUILDING, frame, **shown
        )
        for x in np.arange(area.x0 + 1.5, area.x1 - 0.5, 3.0):
            canvas.fill(box(0.25, area.height, float(x), cy), hoop, Layer.BUILDING, frame, **shown)
    else:
        canvas.fill(
            box(area.width * 0.3, area.height, cx, cy), ridge, Layer.BUILDING, frame, **shown
        )
        for y in np.arange(area.y0 + 1.5, area.y1 - 0.5, 3.0):
            canvas.fill(box(area.width, 0.25, cx, float(y)), hoop, Layer.BUILDING, frame, **shown)
    return number


def helipad(canvas: Canvas, frame: Frame, radius: float, *, height: float = 0.0) -> int:
    """A disc with a ring and an H; on a roof if it has a height."""
    random = canvas.child()
    number = canvas.thing("helipad")
    layer = Layer.ROOF if height else Layer.MARKING
    shown: dict[str, Any] = {"thing": number, "height": height}
    base = Paint(
        varied([(118, 120, 120), (92, 118, 98)][random.integers(2)], random, 6), "concrete"
    )
    white = Paint((226, 224, 216), "plain")
    canvas.fill(disc(radius, corners=40), base, layer, frame, **shown)
    canvas.fill(disc(radius * 0.88, corners=40), white, layer, frame, **shown)
    canvas.fill(disc(radius * 0.80, corners=40), base, layer, frame, **shown)
    arm, bar = radius * 0.8, radius * 0.13
    for y in (-radius * 0.28, radius * 0.28):
        canvas.fill(box(arm, bar, 0, y), white, layer, frame, **shown)
    canvas.fill(box(bar, radius * 0.56), white, layer, frame, **shown)
    return number


def playground(canvas: Canvas, area: Area) -> int:
    """Sand or rubber with a slide, swings and a roundabout for children."""
    random = canvas.child()
    number = canvas.thing("playground")
    tones = [(206, 180, 132), (164, 92, 78), (92, 122, 140)]
    paint = Paint(varied(tones[random.integers(3)], random, 8), "sand")
    canvas.fill(area.points, paint, Layer.SURFACE, thing=number)
    x, y = area.inset(4).somewhere(random)
    place = Frame(x, y, random.uniform(0, 2 * math.pi))
    slide = canvas.thing("slide")
    chute = Paint(
        varied([(206, 62, 48), (224, 182, 52), (58, 110, 178)][random.integers(3)], random, 6),
        "metal",
    )
    tower = Paint((150, 116, 78), "plain")
    canvas.fill(box(1.8, 1.8, -2.6), tower, Layer.LOW, place, thing=slide, height=2.4, casts=True)
    canvas.fill(box(4.0, 0.9), chute, Layer.LOW, place, thing=slide, height=1.6, casts=True)
    x, y = area.inset(3).somewhere(random)
    spinner = Paint((198, 92, 60), "metal")
    if abs(x - place.x) + abs(y - place.y) > 6:
        canvas.fill(
            disc(1.5), spinner, Layer.LOW, Frame(x, y), thing=number, height=0.6, casts=True
        )
    return number
