"""Planes by the proportions of their type, and helicopters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from training.synth.shapes import box, disc, ellipse
from training.synth.world import Canvas, Frame, Layer, Paint, Points, tinted, varied


@dataclass(frozen=True, slots=True)
class Plan:
    """A type seen from above, in metres."""

    length: float
    span: float
    body: float
    """Width of the fuselage."""

    engines: int
    sweep: float
    """Of the wing's leading edge, in degrees."""

    rear: bool = False
    """Engines at the tail."""

    dark: bool = False


PLANS: Final[Mapping[str, Plan]] = {
    "a220": Plan(35.0, 35.1, 3.7, 2, 28),
    "a321": Plan(44.5, 35.8, 4.0, 2, 28),
    "a330": Plan(63.7, 60.3, 5.6, 2, 33),
    "a350": Plan(66.8, 64.8, 6.0, 2, 35),
    "arj21": Plan(33.5, 27.3, 3.3, 2, 28, rear=True),
    "boeing737": Plan(39.5, 35.8, 3.8, 2, 28),
    "boeing747": Plan(70.7, 64.4, 6.5, 4, 41),
    "boeing777": Plan(73.9, 64.8, 6.2, 2, 35),
    "boeing787": Plan(62.8, 60.1, 5.8, 2, 36),
    "c919": Plan(38.9, 35.8, 4.0, 2, 27),
    "B1-B boomber": Plan(44.5, 41.8, 4.6, 4, 52, dark=True),
    "airplane": Plan(37.6, 34.1, 4.0, 2, 27),
    "plane": Plan(8.3, 11.0, 1.3, 0, 3),
}
"""Types by category; "plane" is a light one with a propeller."""

_LIVERIES: Final = ((226, 226, 224), (216, 218, 222), (204, 208, 214), (190, 194, 200))
_TAILS: Final = ((48, 76, 142), (176, 46, 42), (44, 112, 86), (214, 160, 52), (226, 226, 224))


def plane(canvas: Canvas, frame: Frame, category: str) -> int:
    """A plane whose nose points along x, its centre at the origin."""
    random = canvas.child()
    plan = PLANS[category]
    number = canvas.thing(category)
    body = (62, 66, 70) if plan.dark else _LIVERIES[random.integers(len(_LIVERIES))]
    paint = Paint(varied(body, random, 5), "metal")
    wing = Paint(tinted(paint.rgb, 0.93), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 0.12 * plan.length}
    tail = Paint(_TAILS[random.integers(len(_TAILS))], "metal") if not plan.dark else paint
    for side in (1, -1):
        part = canvas.part("wing", number)
        outline = _wing(plan, side)
        canvas.fill(outline, wing, Layer.VEHICLE, frame, casts=True, part=part, **shown)
        flap = outline[[3, 2, 2, 3]] + np.array([[0, 0], [0, 0], [0.5, 0], [0.8, 0]])
        rear = Paint(tinted(wing.rgb, 0.82), "metal")
        canvas.fill(flap, rear, Layer.VEHICLE, frame, part=part, **shown)
        stabilizer = canvas.part("horizontal stabilizer", number)
        outline = _stabilizer(plan, side)
        canvas.fill(outline, wing, Layer.VEHICLE, frame, casts=True, part=stabilizer, **shown)
    _engines(canvas, frame, plan, shown)
    _body(canvas, frame, plan, (paint, tail), shown)
    if plan.engines == 0:
        disc_paint = Paint((96, 94, 92), "metal")
        canvas.fill(box(0.25, 2.0, plan.length / 2), disc_paint, Layer.VEHICLE, frame, **shown)
    return number


def _wing(plan: Plan, side: int) -> Points:
    """Root front, tip front, tip rear, root rear."""
    half, lean = plan.span / 2, math.tan(math.radians(plan.sweep))
    root = 0.10 * plan.length + 0.075 * plan.span
    chord, tip = 0.19 * plan.span, 0.055 * plan.span
    if plan.engines == 0:
        chord = tip = 0.14 * plan.span
        root = 0.16 * plan.length
    inner = plan.body * 0.3
    return np.array(
        [
            [root, side * inner],
            [root - lean * half, side * half],
            [root - lean * half - tip, side * half],
            [root - chord, side * inner],
        ]
    )


def _stabilizer(plan: Plan, side: int) -> Points:
    half = 0.18 * plan.span
    root = -plan.length / 2 + 0.13 * plan.length
    lean = math.tan(math.radians(min(plan.sweep + 4, 45)))
    return np.array(
        [
            [root, side * plan.body * 0.15],
            [root - lean * half, side * half],
            [root - lean * half - 0.035 * plan.length, side * half],
            [root - 0.1 * plan.length, side * plan.body * 0.15],
        ]
    )


def _engines(canvas: Canvas, frame: Frame, plan: Plan, shown: dict[str, Any]) -> None:
    if plan.engines == 0:
        return
    long, wide = 0.075 * plan.span + 1.2, 0.05 * plan.span + 0.6
    lean = math.tan(math.radians(plan.sweep))
    root = 0.10 * plan.length + 0.075 * plan.span
    shares = (0.32,) if plan.engines == 2 else (0.33, 0.62)
    if plan.dark:
        shares = (0.13, 0.2)
    paint = Paint((150, 154, 160) if not plan.dark else (50, 52, 56), "metal")
    mouth = Paint((60, 62, 66), "metal")
    for side in (1, -1):
        for share in shares:
            part = canvas.part("airplane engine", shown["thing"])
            y = side * share * plan.span / 2
            x = root - lean * abs(y) + long * 0.25
            if plan.rear:
                x, y = -0.27 * plan.length, side * (plan.body / 2 + wide * 0.45)
            place = frame.at(x, y)
            extra = {**shown, "part": part}
            canvas.fill(ellipse(long / 2, wide / 2), paint, Layer.VEHICLE, place, **extra)
            canvas.fill(box(0.5, wide * 0.7, long / 2 - 0.4), mouth, Layer.VEHICLE, place, **extra)


def _body(
    canvas: Canvas,
    frame: Frame,
    plan: Plan,
    paints: tuple[Paint, Paint],
    shown: dict[str, Any],
) -> None:
    """The fuselage with its cockpit, and the fin."""
    part = canvas.part("fuselage", shown["thing"])
    length, width = plan.length, plan.body
    share = np.array([0.5, 0.49, 0.47, 0.43, 0.36, 0.0, -0.22, -0.36, -0.46, -0.5])
    wide = np.array([0.05, 0.42, 0.66, 0.88, 1.0, 1.0, 0.98, 0.7, 0.34, 0.14])
    upper = np.stack([share * length, wide * width / 2], axis=1)
    outline = np.concatenate([upper, (upper * (1, -1))[::-1]])
    extra = {**shown, "part": part}
    canvas.fill(outline, paints[0], Layer.VEHICLE, frame, casts=True, **extra)
    ridge = np.concatenate([upper * (1, 0.35), (upper * (1, -0.35))[::-1]])
    lit = Paint(tinted(paints[0].rgb, 1.07), "metal")
    canvas.fill(ridge, lit, Layer.VEHICLE, frame, **extra)
    glass = Paint((52, 58, 66), "metal")
    canvas.fill(
        box(0.02 * length + 0.2, width * 0.5, 0.45 * length), glass, Layer.VEHICLE, frame, **extra
    )
    fin = box(0.14 * length, max(0.35, width * 0.1), -0.41 * length)
    top = {**extra, "height": 0.3 * length}
    canvas.fill(fin, paints[1], Layer.VEHICLE, frame, casts=True, **top)


def helicopter(canvas: Canvas, frame: Frame) -> int:
    """A cabin, a tail boom and the blades of two rotors."""
    random = canvas.child()
    colors = {
        "red": (176, 46, 42),
        "white": (224, 224, 222),
        "yellow": (216, 174, 50),
        "blue": (52, 80, 140),
    }
    name = str(random.choice(list(colors)))
    number = canvas.thing("helicopter", name)
    paint = Paint(varied(colors[name], random, 6), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 3.6}
    canvas.fill(box(7.0, 0.7, -4.4), paint, Layer.VEHICLE, frame, casts=True, **shown)
    canvas.fill(box(0.8, 2.6, -7.3), paint, Layer.VEHICLE, frame, casts=True, **shown)
    canvas.fill(ellipse(3.1, 1.25, 0.4), paint, Layer.VEHICLE, frame, casts=True, **shown)
    glass = Paint((56, 62, 70), "metal")
    canvas.fill(ellipse(0.9, 0.9, 2.3), glass, Layer.VEHICLE, frame, **shown)
    turn = random.uniform(0, math.pi / 2)
    blade = Paint((78, 78, 80), "metal")
    for step in range(4):
        rotor = frame.at(0, 0, turn + step * math.pi / 2)
        canvas.fill(box(5.5, 0.36, 2.75), blade, Layer.VEHICLE, rotor, casts=True, **shown)
    canvas.fill(disc(0.45), blade, Layer.VEHICLE, frame, **shown)
    return number
