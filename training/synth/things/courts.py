"""Sports grounds to scale, with the zones and lines that have names.

Lines are painted up to a hand wider than the rules have them, so that they can be seen.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from training.synth.shapes import Area, arc_band, box, disc, rectangle
from training.synth.world import Canvas, Frame, Layer, Paint, Points, tinted, varied

SURFACES = {
    "green": (84, 122, 92),
    "blue": (66, 98, 142),
    "red": (158, 88, 72),
    "gray": (132, 132, 130),
}
"""Colours of hard courts by their word."""

_LINE = Paint((226, 226, 220), "plain")
_LAYER = Layer.LOW


def tennis(canvas: Canvas, frame: Frame, *, color: str = "") -> int:
    """A tennis court along x with its run-off, service boxes, no man's lands and net."""
    random = canvas.child()
    color = color or str(random.choice(list(SURFACES)[:3]))
    number = canvas.thing("tennis court", color)
    paint = Paint(varied(SURFACES[color], random, 6), "concrete")
    around = SURFACES["green" if color != "green" else "red"]
    apron = Paint(
        varied(around if random.random() < 0.5 else tinted(paint.rgb, 0.85), random, 6), "concrete"
    )
    canvas.fill(box(34, 17), apron, Layer.SURFACE, frame)
    canvas.fill(box(23.8, 11), paint, _LAYER, frame, thing=number)
    for side in (1, -1):
        zone = canvas.part("no man's land of tennis court", number)
        back = rectangle(side * 6.4, -4.1, side * 11.9, 4.1)
        canvas.fill(back, paint, _LAYER, frame, thing=number, part=zone)
        for across in (1, -1):
            service = canvas.part("service box", number)
            lit = Paint(tinted(paint.rgb, 1.02), "concrete")
            corner = rectangle(0, 0, side * 6.4, across * 4.1)
            canvas.fill(corner, lit, _LAYER, frame, thing=number, part=service)
    for lines in (
        box(23.8, 0.14, 0, 5.45),
        box(23.8, 0.14, 0, -5.45),
        box(23.8, 0.14, 0, 4.1),
        box(23.8, 0.14, 0, -4.1),
    ):
        canvas.fill(lines, _LINE, _LAYER, frame, thing=number)
    for x in (-11.85, -6.4, 6.4, 11.85):
        width = 11 if abs(x) > 10 else 8.2
        canvas.fill(box(0.16, width, x), _LINE, _LAYER, frame, thing=number)
    middle = canvas.part("center service line", number)
    canvas.fill(box(12.8, 0.26), _LINE, _LAYER, frame, thing=number, part=middle)
    net = canvas.part("tennis net", number)
    mesh = Paint((58, 62, 62), "plain")
    shown: dict[str, Any] = {"thing": number, "part": net, "height": 1.0}
    canvas.fill(box(0.32, 12.4), mesh, _LAYER, frame, casts=True, **shown)
    return number


def basketball(canvas: Canvas, frame: Frame) -> int:
    """A basketball court along x."""
    random = canvas.child()
    color = str(random.choice(list(SURFACES)))
    number = canvas.thing("basketball court", color)
    paint = Paint(varied(SURFACES[color], random, 6), "concrete")
    canvas.fill(box(28, 15), paint, _LAYER, frame, thing=number)
    other = SURFACES["red" if color != "red" else "green"]
    key = Paint(varied(other, random, 6), "concrete")
    shown: dict[str, Any] = {"thing": number}
    for side in (1, -1):
        canvas.fill(rectangle(side * 8.2, -2.45, side * 14, 2.45), key, _LAYER, frame, **shown)
        three = canvas.part("three-point line", number)
        arc = arc_band(6.6, 6.9, math.pi * 0.58, math.pi * 1.42) * (side, 1) + (side * 12.4, 0)
        canvas.fill(arc, _LINE, _LAYER, frame, part=three, **shown)
        for y in (6.6, -6.6):
            canvas.fill(box(3.2, 0.3, side * 12.4, y), _LINE, _LAYER, frame, part=three, **shown)
        board = Paint((214, 214, 210), "plain")
        canvas.fill(
            box(0.4, 1.8, side * 12.8), board, _LAYER, frame, thing=number, height=3.5, casts=True
        )
    middle = canvas.part("center line", number)
    canvas.fill(box(0.3, 15), _LINE, _LAYER, frame, part=middle, **shown)
    circle = canvas.part("center circle", number)
    canvas.fill(disc(1.95), _LINE, _LAYER, frame, part=circle, **shown)
    canvas.fill(disc(1.65), key, _LAYER, frame, part=circle, **shown)
    border(canvas, frame, 28, 15, number, 0.16)
    return number


def volleyball(canvas: Canvas, frame: Frame) -> int:
    """A volleyball court along x, on sand or a hard surface."""
    random = canvas.child()
    number = canvas.thing("volleyball court")
    sand = random.random() < 0.5
    base = (206, 186, 148) if sand else SURFACES[str(random.choice(["blue", "green", "red"]))]
    paint = Paint(varied(base, random, 6), "sand" if sand else "concrete")
    canvas.fill(box(24, 15), Paint(tinted(paint.rgb, 0.92), paint.material), Layer.SURFACE, frame)
    canvas.fill(box(18, 9), paint, _LAYER, frame, thing=number)
    middle = canvas.part("center line", number)
    canvas.fill(
        box(0.8, 9),
        Paint(tinted(paint.rgb, 1.12), "plain"),
        _LAYER,
        frame,
        thing=number,
        part=middle,
    )
    border(canvas, frame, 18, 9, number, 0.16)
    net = canvas.part("net", number)
    mesh = Paint((66, 66, 66), "plain")
    canvas.fill(box(0.3, 10), mesh, _LAYER, frame, thing=number, part=net, height=2.4, casts=True)
    return number


def football(
    canvas: Canvas, frame: Frame, *, category: str = "football field", scale: float = 1.0
) -> int:
    """A football pitch along x, mown in stripes."""
    random = canvas.child()
    number = canvas.thing(category)
    length, width = 105 * scale, 68 * scale
    base = varied((92, 122, 66), random, 8)
    shown: dict[str, Any] = {"thing": number}
    edges = np.linspace(-length / 2, length / 2, 13)
    canvas.fill(
        box(length + 6, width + 6), Paint(tinted(base, 0.95), "grass"), Layer.SURFACE, frame
    )
    for index, (start, end) in enumerate(pairwise(edges)):
        paint = Paint(tinted(base, 1.06 if index % 2 else 0.96), "grass")
        stripe = rectangle(float(start), -width / 2, float(end), width / 2)
        canvas.fill(stripe, paint, _LAYER, frame, **shown)
    border(canvas, frame, length, width, number, 0.35)
    for side in (1, -1):
        for deep, wide in ((16.5, 40.3), (5.5, 18.3)):
            hollow(
                canvas,
                frame,
                Area(
                    side * length / 2 - (deep if side > 0 else 0),
                    -wide / 2,
                    side * length / 2 + (0 if side > 0 else deep),
                    wide / 2,
                ),
                number,
            )
        net = canvas.part("football net", number)
        mesh = Paint((214, 214, 212), "gravel")
        x = side * (length / 2 + 1.1)
        canvas.fill(
            box(2.2, 7.6, x), mesh, _LAYER, frame, part=net, height=2.4, casts=True, **shown
        )
    circle = canvas.part("center circle", number)
    canvas.fill(disc(9.3), _LINE, _LAYER, frame, part=circle, **shown)
    canvas.fill(disc(8.9), Paint(base, "grass"), _LAYER, frame, part=circle, **shown)
    middle = canvas.part("center line", number)
    canvas.fill(box(0.4, width), _LINE, _LAYER, frame, part=middle, **shown)
    return number


def track(canvas: Canvas, frame: Frame, *, scale: float = 1.0) -> int:
    """A running track around a pitch, along x; its number."""
    random = canvas.child()
    number = canvas.thing("ground track field")
    straight, radius = 84.4 * scale, 36.5 * scale
    base = varied((158, 84, 68), random, 8)
    lanes = 8
    for lane in range(lanes, -1, -1):
        reach = radius + lane * 1.22 * scale
        tone = tinted(base, 1.0 if lane % 2 else 0.96)
        paint = (
            Paint(tone, "concrete") if lane else Paint(varied((96, 124, 70), random, 5), "grass")
        )
        shown = {"thing": number} if lane else {}
        canvas.fill(_stadium(straight, reach), paint, Layer.SURFACE, frame, **shown)
        if lane > 1:
            canvas.fill(
                _stadium(straight, reach - 1.1 * scale),
                Paint(tinted(base, 1.25), "plain"),
                Layer.SURFACE,
                frame,
                **shown,
            )
    football(canvas, frame, scale=scale * 0.86)
    return number


def _stadium(straight: float, radius: float) -> Points:
    turn = np.linspace(-math.pi / 2, math.pi / 2, 20)
    right = np.stack([straight / 2 + radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    return np.concatenate([right, -right])


def baseball(canvas: Canvas, frame: Frame, *, reach: float = 95.0) -> int:
    """A baseball field that opens along x: grass outfield and a clay diamond."""
    random = canvas.child()
    field = canvas.thing("baseball field")
    grass = Paint(varied((104, 128, 76), random, 8), "grass")
    clay = Paint(varied((178, 134, 96), random, 8), "soil")
    fan = np.concatenate([[[0, 0]], arc_band(reach - 0.1, reach, -math.pi / 4, math.pi / 4)[:8]])
    arc = np.linspace(-math.pi / 4, math.pi / 4, 16)
    rim = np.stack([np.cos(arc), np.sin(arc)], axis=1)
    warning = np.concatenate([[[-6, 0]], rim * (reach + 4)])
    canvas.fill(warning, clay, Layer.SURFACE, frame, thing=field)
    fan = np.concatenate([[[0, 0]], rim * reach])
    canvas.fill(fan, grass, Layer.SURFACE, frame, thing=field)
    diamond = canvas.part("baseball diamond", field)
    shown: dict[str, Any] = {"thing": field, "part": diamond}
    infield = np.concatenate([[[-4, -3], [-4, 3]][::-1], rim[::-1] * 43 + (0, 0)])
    canvas.fill(infield, clay, _LAYER, frame, **shown)
    side = 27.4 / math.sqrt(2)
    inner = np.array([[5, 0], [side, side - 4], [2 * side - 5, 0], [side, 4 - side]])
    canvas.fill(inner, grass, _LAYER, frame, **shown)
    canvas.fill(disc(2.7, 18.4), clay, _LAYER, frame, **shown)
    for x, y in ((0, 0), (side, side), (2 * side, 0), (side, -side)):
        canvas.fill(box(0.8, 0.8, x, y), _LINE, _LAYER, frame, **shown)
    for turn in (math.pi / 4, -math.pi / 4):
        line = frame.at(0, 0, turn)
        canvas.fill(box(reach, 0.3, reach / 2), _LINE, _LAYER, line, thing=field)
    return field


def sports_field(canvas: Canvas, frame: Frame, size: tuple[float, float]) -> int:
    """A lawn with lines that are of no sport in particular."""
    random = canvas.child()
    number = canvas.thing("sports field")
    paint = Paint(varied((98, 126, 72), random, 8), "grass")
    canvas.fill(box(*size), paint, _LAYER, frame, thing=number)
    border(canvas, frame, size[0], size[1], number, 0.3)
    for x in (-size[0] / 4, 0.0, size[0] / 4):
        canvas.fill(box(0.3, size[1], x), _LINE, _LAYER, frame, thing=number)
    return number


def bleachers(
    canvas: Canvas, frame: Frame, length: float, *, whole: int = 0, thing: int = 0
) -> int:
    """Rows of benches along x."""
    random = canvas.child()
    part = canvas.part("bleachers", whole)
    base = varied((168, 166, 162), random, 10)
    for row in range(8):
        paint = Paint(tinted(base, 1.08 if row % 2 else 0.82), "metal")
        shown: dict[str, Any] = {"thing": thing, "part": part, "height": 1 + row * 0.5}
        strip = rectangle(-length / 2, row * 0.9, length / 2, row * 0.9 + 0.9)
        canvas.fill(strip, paint, Layer.BUILDING, frame, casts=row == 7, **shown)
    return part


def stadium(canvas: Canvas, frame: Frame, *, scale: float = 1.0) -> int:
    """A bowl of seats around a pitch."""
    random = canvas.child()
    number = canvas.thing("stadium")
    rx, ry = 96 * scale, 76 * scale
    turn = np.linspace(0, 2 * math.pi, 49)[:-1]
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring = np.sign(ring) * np.abs(ring) ** 0.72
    outer = Paint(varied((190, 188, 184), random, 8), "concrete")
    canvas.fill(
        ring * (rx, ry), outer, Layer.SURFACE, frame, thing=number, height=22.0 * scale, casts=True
    )
    part = canvas.part("bleachers", number)
    seats = varied([(150, 66, 58), (62, 88, 140), (140, 142, 146)][random.integers(3)], random, 8)
    for row in range(9):
        share = 0.95 - row * 0.038
        paint = Paint(tinted(seats, 0.84 + 0.05 * (row % 3)), "metal")
        height = (20 - row * 2) * scale
        shown: dict[str, Any] = {"thing": number, "part": part, "height": height}
        canvas.fill(ring * (rx * share, ry * share), paint, Layer.SURFACE, frame, **shown)
    inner = Paint(varied((104, 128, 78), random, 6), "grass")
    canvas.fill(ring * (rx * 0.62, ry * 0.6), inner, Layer.SURFACE, frame, thing=number)
    football(canvas, frame, scale=scale)
    return number


def border(
    canvas: Canvas, frame: Frame, length: float, width: float, number: int, line: float
) -> None:
    """Four lines around a field."""
    for y in (width / 2 - line / 2, line / 2 - width / 2):
        canvas.fill(box(length, line, 0, y), _LINE, _LAYER, frame, thing=number)
    for x in (length / 2 - line / 2, line / 2 - length / 2):
        canvas.fill(box(line, width, x), _LINE, _LAYER, frame, thing=number)


def hollow(canvas: Canvas, frame: Frame, area: Area, number: int) -> None:
    """The lines around an area."""
    x, y = area.center
    border(canvas, frame.at(x, y), area.width, area.height, number, 0.3)
