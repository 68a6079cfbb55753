"""What moves on wheels or tracks. Sizes: `knowledge`."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.synth.shapes import box, disc
from training.synth.world import Canvas, Frame, Layer, Paint, Points, varied

CAR_COLORS = {
    "white": (226, 226, 222),
    "black": (42, 42, 46),
    "gray": (128, 130, 134),
    "silver": (176, 178, 182),
    "red": (168, 44, 40),
    "blue": (48, 76, 132),
    "green": (56, 92, 68),
    "brown": (112, 86, 66),
}
"""Paint of small vehicles by its word."""

_SHARES = (0.3, 0.17, 0.17, 0.14, 0.09, 0.08, 0.03, 0.02)
_BUSES = {
    "white": (222, 222, 218),
    "yellow": (212, 170, 52),
    "red": (172, 48, 44),
    "blue": (58, 88, 148),
}
_GLASS = Paint((52, 58, 66), "metal")


def car(canvas: Canvas, frame: Frame, *, category: str = "small car", lifted: float = 0.0) -> int:
    """A car or van seen from above: body, windscreens, roof. `lifted`: height of its bridge."""
    random = canvas.child()
    name = str(random.choice(list(CAR_COLORS), p=_SHARES))
    if category == "van":
        name = str(random.choice(["white", "white", "gray", "red", "blue"]))
    number = canvas.thing(category, name)
    body = Paint(varied(CAR_COLORS[name], random, 7), "metal")
    van = category == "van"
    length = random.uniform(5.2, 6.0) if van else random.uniform(3.9, 4.8)
    width = random.uniform(1.95, 2.15) if van else random.uniform(1.7, 1.9)
    height = lifted + (2.3 if van else 1.5)
    shown: dict[str, Any] = {"thing": number, "height": height, "base": lifted}
    layer = Layer.ABOVE if lifted else Layer.VEHICLE
    corner = 0.18
    outline = _rounded(length, width, corner)
    canvas.fill(outline, body, layer, frame, casts=True, **shown)
    cabin = 0.30 * length if van else 0.16 * length
    front = 0.5 * length - cabin
    canvas.fill(box(0.10 * length, width * 0.8, front, 0), _GLASS, layer, frame, **shown)
    if not van:
        windows = box(0.42 * length, width * 0.84, -0.07 * length)
        canvas.fill(windows, _GLASS, layer, frame, **shown)
        roof = Paint(varied([c * 1.06 for c in body.rgb], random, 4), "metal")
        top = box(0.32 * length, width * 0.76, -0.06 * length)
        canvas.fill(top, roof, layer, frame, **shown)
        rear = box(0.06 * length, width * 0.7, -0.33 * length)
        canvas.fill(rear, _GLASS, layer, frame, **shown)
    return number


def bus(canvas: Canvas, frame: Frame) -> int:
    """A long body with windows at the front and hatches on the roof."""
    random = canvas.child()
    name = str(random.choice(list(_BUSES)))
    number = canvas.thing("bus", name)
    shown: dict[str, Any] = {"thing": number, "height": 3.2}
    body = Paint(varied(_BUSES[name], random, 6), "metal")
    canvas.fill(_rounded(12.0, 2.55, 0.3), body, Layer.VEHICLE, frame, casts=True, **shown)
    canvas.fill(box(0.5, 2.3, 5.6), _GLASS, Layer.VEHICLE, frame, **shown)
    for x in (-3.6, 0.2, 3.4):
        hatch = Paint(varied((178, 178, 176), random, 6), "metal")
        canvas.fill(box(1.3, 1.3, x), hatch, Layer.VEHICLE, frame, **shown)
    return number


def truck(canvas: Canvas, frame: Frame) -> int:
    """A cab and a box of its own."""
    random = canvas.child()
    number = canvas.thing("cargo truck")
    _cab(canvas, frame, number, 3.8, random)
    load = [(224, 224, 220), (150, 150, 150), (70, 100, 150), (140, 112, 84)]
    paint = Paint(varied(load[random.integers(len(load))], random, 6), "metal")
    canvas.fill(
        box(7.3, 2.5, -1.35), paint, Layer.VEHICLE, frame, thing=number, height=3.6, casts=True
    )
    return number


def tractor_unit(canvas: Canvas, frame: Frame) -> int:
    """What pulls a trailer: a cab, a chassis, wheels."""
    random = canvas.child()
    number = canvas.thing("truck tractor")
    shown: dict[str, Any] = {"thing": number, "height": 1.2}
    canvas.fill(box(6.0, 1.0), Paint((74, 74, 76), "metal"), Layer.VEHICLE, frame, **shown)
    for x in (-1.2, -2.5):
        canvas.fill(box(0.9, 2.4, x), Paint((44, 44, 46), "plain"), Layer.VEHICLE, frame, **shown)
    _cab(canvas, frame, number, 1.9, random)
    return number


def trailer(canvas: Canvas, frame: Frame) -> int:
    """A long box without an engine."""
    random = canvas.child()
    number = canvas.thing("trailer")
    colors = [(222, 222, 218), (196, 198, 200), (92, 118, 156), (168, 74, 60)]
    paint = Paint(varied(colors[random.integers(len(colors))], random, 6), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 3.8}
    canvas.fill(box(13.0, 2.5), paint, Layer.VEHICLE, frame, casts=True, **shown)
    rib = Paint(varied([c * 0.93 for c in paint.rgb], random, 2), "metal")
    for x in np.arange(-6, 6.1, 2.0):
        canvas.fill(box(0.16, 2.5, x), rib, Layer.VEHICLE, frame, **shown)
    return number


def dump_truck(canvas: Canvas, frame: Frame) -> int:
    """A yellow or orange cab and an open box of gravel."""
    random = canvas.child()
    number = canvas.thing("dump truck")
    paint = Paint(varied((206, 152, 56), random, 8), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 2.8}
    canvas.fill(box(6.2, 2.8, -1.2), paint, Layer.VEHICLE, frame, casts=True, **shown)
    load = Paint(varied((138, 122, 102), random, 12), "gravel")
    canvas.fill(box(5.5, 2.2, -1.2), load, Layer.VEHICLE, frame, **shown)
    _cab(canvas, frame, number, 3.1, random, paint)
    return number


def farm_tractor(canvas: Canvas, frame: Frame) -> int:
    """Two big wheels behind, a narrow bonnet in front."""
    random = canvas.child()
    colors = {"red": (174, 48, 40), "green": (52, 110, 58), "blue": (52, 86, 150)}
    name = str(random.choice(list(colors)))
    number = canvas.thing("tractor", name)
    shown: dict[str, Any] = {"thing": number, "height": 2.8}
    tyre = Paint((44, 42, 42), "plain")
    for x, y, length, width in ((-1.2, 1.0, 1.9, 0.6), (-1.2, -1.0, 1.9, 0.6)):
        canvas.fill(box(length, width, x, y), tyre, Layer.VEHICLE, frame, casts=True, **shown)
    for y in (0.85, -0.85):
        canvas.fill(box(1.1, 0.4, 1.5, y), tyre, Layer.VEHICLE, frame, **shown)
    body = Paint(varied(colors[name], random, 6), "metal")
    canvas.fill(box(4.2, 0.95, 0.2), body, Layer.VEHICLE, frame, **shown)
    canvas.fill(box(1.5, 1.5, -1.1), body, Layer.VEHICLE, frame, casts=True, **shown)
    canvas.fill(box(1.0, 1.1, -1.1), _GLASS, Layer.VEHICLE, frame, **shown)
    return number


def excavator(canvas: Canvas, frame: Frame) -> int:
    """Two tracks, a turned upper part and an arm with a bucket."""
    random = canvas.child()
    number = canvas.thing("excavator", "yellow")
    paint = Paint(varied((218, 170, 50), random, 8), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 3.0}
    for y in (1.15, -1.15):
        canvas.fill(
            box(4.2, 0.7, 0, y), Paint((58, 54, 50), "plain"), Layer.VEHICLE, frame, **shown
        )
    upper = frame.at(0, 0, random.uniform(-2.5, 2.5))
    canvas.fill(box(3.4, 2.6, -0.6), paint, Layer.VEHICLE, upper, casts=True, **shown)
    canvas.fill(box(1.3, 0.9, 0.3, 0.7), _GLASS, Layer.VEHICLE, upper, **shown)
    canvas.fill(box(5.2, 0.55, 3.4), paint, Layer.VEHICLE, upper, casts=True, **shown)
    bucket = Paint((88, 80, 72), "metal")
    canvas.fill(box(0.9, 1.3, 6.2), bucket, Layer.VEHICLE, upper, casts=True, **shown)
    canvas.fill(disc(0.5, -1.4, 0), Paint((70, 66, 62), "plain"), Layer.VEHICLE, upper, **shown)
    return number


def _cab(
    canvas: Canvas,
    frame: Frame,
    number: int,
    x: float,
    random: np.random.Generator,
    paint: Paint | None = None,
) -> None:
    """A driver's cab whose middle is at x."""
    colors = list(CAR_COLORS.values())
    paint = paint or Paint(varied(colors[random.integers(len(colors))], random, 6), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 3.0}
    canvas.fill(_rounded(2.2, 2.4, 0.2, x), paint, Layer.VEHICLE, frame, casts=True, **shown)
    canvas.fill(box(0.5, 2.1, x + 0.75), _GLASS, Layer.VEHICLE, frame, **shown)


def _rounded(length: float, width: float, cut: float, x: float = 0.0) -> Points:
    """A rectangle with its corners cut off."""
    a, b = length / 2, width / 2
    c = cut * width
    rows = [(a, -b + c), (a, b - c), (a - c, b), (-a + c, b)]
    rows += [(-ahead, -aside) for ahead, aside in rows]
    outline: Points = np.array(rows, np.float64)
    outline[:, 0] += x
    return outline
