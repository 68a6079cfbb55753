"""Houses, halls, roofs and what stands on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.synth.shapes import Area, box, disc, rectangle
from training.synth.world import ORIGIN, Canvas, Frame, Layer, Paint, Points, tinted, varied

ROOFS = {
    "red": (158, 92, 74),
    "brown": (124, 104, 88),
    "gray": (128, 126, 124),
    "white": (214, 210, 204),
    "dark": (84, 82, 84),
    "beige": (178, 162, 138),
}
"""Colours of roofs by their word."""

SHEETS = {
    "white": (206, 206, 202),
    "gray": (156, 160, 164),
    "blue": (96, 122, 150),
    "red": (150, 96, 82),
}
"""Colours of metal roofs by their word."""


def house(
    canvas: Canvas,
    area: Area,
    frame: Frame = ORIGIN,
    *,
    color: str = "",
    category: str = "building",
) -> int:
    """A house with a gabled or hipped roof, sometimes of two wings."""
    random = canvas.child()
    color = color or str(random.choice(list(ROOFS)))
    number = canvas.thing(category, color)
    base = varied(ROOFS[color], random, 9)
    along_x = area.width >= area.height
    height = random.uniform(4.0, 7.5)
    _gable(
        canvas,
        area,
        frame,
        (base, height),
        number,
        along_x=along_x,
        hip=bool(random.random() < 0.5),
    )
    if random.random() < 0.55:
        cx, cy = area.center
        side = 1 if random.random() < 0.5 else -1
        reach = random.uniform(0.15, 0.35)
        if along_x:
            x = cx + random.uniform(-0.25, 0.25) * area.width
            w = area.width * random.uniform(0.16, 0.26)
            y1 = cy + side * area.height * (0.5 + reach)
            wing = Area(x - w, min(cy, y1), x + w, max(cy, y1))
        else:
            y = cy + random.uniform(-0.25, 0.25) * area.height
            h = area.height * random.uniform(0.16, 0.26)
            x1 = cx + side * area.width * (0.5 + reach)
            wing = Area(min(cx, x1), y - h, max(cx, x1), y + h)
        _gable(canvas, wing, frame, (base, height - 0.3), number, along_x=not along_x, hip=False)
    if random.random() < 0.5:
        x, y = area.inset(min(area.width, area.height) * 0.3).somewhere(random)
        stack = Paint(varied((120, 96, 84), random, 8), "roof")
        canvas.fill(
            box(0.8, 0.8, x, y),
            stack,
            Layer.ROOF,
            frame,
            thing=number,
            height=height + 1,
            base=height,
            casts=True,
        )
    return number


def _gable(
    canvas: Canvas,
    area: Area,
    frame: Frame,
    form: tuple[tuple[int, int, int], float],
    number: int,
    *,
    along_x: bool,
    hip: bool,
) -> None:
    """Two or four roof planes in their own light."""
    base, height = form
    cx, cy = area.center
    inset = min(area.width, area.height) / 2 if hip else 0.0
    if along_x:
        a, b = (area.x0 + inset, cy), (area.x1 - inset, cy)
    else:
        a, b = (cx, area.y0 + inset), (cx, area.y1 - inset)
    p = area.points
    tl, tr, br, bl = p
    planes: list[Points] = (
        [np.array([tl, tr, b, a]), np.array([bl, br, b, a])]
        if along_x
        else [np.array([tl, a, b, bl]), np.array([tr, a, b, br])]
    )
    if hip:
        planes += (
            [np.array([tl, a, bl]), np.array([tr, b, br])]
            if along_x
            else [np.array([tl, a, tr]), np.array([bl, b, br])]
        )
    shown: dict[str, Any] = {"thing": number, "height": height}
    canvas.fill(p, Paint(base, "roof"), Layer.BUILDING, frame, casts=True, **shown)
    for plane in planes:
        middle = frame.map(plane).mean(axis=0) - frame.map(np.array([[cx, cy]]))[0]
        paint = Paint(tinted(base, canvas.light(middle)), "roof")
        canvas.fill(plane, paint, Layer.BUILDING, frame, **shown)


def block(
    canvas: Canvas,
    area: Area,
    frame: Frame = ORIGIN,
    *,
    height: float = 12.0,
    category: str = "building",
    color: str = "",
    panels: bool = False,
) -> int:
    """A building with a flat roof: parapet, machines, sometimes solar panels."""
    random = canvas.child()
    color = color or str(random.choice(["gray", "white", "beige", "brown", "dark"]))
    number = canvas.thing(category, color)
    base = varied(ROOFS[color], random, 10)
    shown: dict[str, Any] = {"thing": number, "height": height}
    edge = Paint(tinted(base, 1.15), "roof")
    canvas.fill(area.points, edge, Layer.BUILDING, frame, casts=True, **shown)
    canvas.fill(area.inset(0.5).points, Paint(base, "roof"), Layer.BUILDING, frame, **shown)
    inner = area.inset(2.0)
    if inner.width < 3 or inner.height < 3:
        return number
    if panels:
        solar_rows(canvas, inner, frame, height=height + 0.6)
        return number
    for _ in range(int(random.integers(1, 2 + int(min(8, inner.width * inner.height / 90))))):
        _machine(canvas, random, inner, frame, height, number)
    return number


def ring(canvas: Canvas, area: Area, deep: float, *, height: float, color: str) -> int:
    """A building of four wings around a yard."""
    random = canvas.child()
    number = canvas.thing("building", color)
    base = varied(ROOFS[color], random, 8)
    shown: dict[str, Any] = {"thing": number, "height": height}
    wings = (
        rectangle(area.x0, area.y0, area.x1, area.y0 + deep),
        rectangle(area.x0, area.y1 - deep, area.x1, area.y1),
        rectangle(area.x0, area.y0, area.x0 + deep, area.y1),
        rectangle(area.x1 - deep, area.y0, area.x1, area.y1),
    )
    for wing in wings:
        canvas.fill(wing, Paint(base, "roof"), Layer.BUILDING, casts=True, **shown)
    sides = ((0, -1), (0, 1), (-1, 0), (1, 0))
    for wing, side in zip(wings, sides, strict=True):
        for way in (1, -1):
            slope = _half(wing, side, way)
            paint = Paint(tinted(base, canvas.light(np.array(side, np.float64) * way)), "roof")
            canvas.fill(slope, paint, Layer.BUILDING, **shown)
    return number


def _half(points: Points, side: tuple[int, int], way: int) -> Points:
    """The half of an upright rectangle that lies towards a side, or away from it."""
    low, high = points.min(axis=0), points.max(axis=0)
    axis = 0 if side[0] else 1
    middle = (low[axis] + high[axis]) / 2
    (low if side[axis] * way > 0 else high)[axis] = middle
    return rectangle(*low, *high)


def _machine(
    canvas: Canvas,
    random: np.random.Generator,
    area: Area,
    frame: Frame,
    height: float,
    number: int,
) -> None:
    x, y = area.somewhere(random, 1.5)
    w, h = random.uniform(1.0, 3.0, 2)
    paint = Paint(varied((170, 170, 168), random, 18), "metal")
    top: dict[str, Any] = {"thing": number, "height": height + 1.4, "base": height}
    canvas.fill(box(w, h, x, y), paint, Layer.ROOF, frame, casts=True, **top)
    if random.random() < 0.4:
        fan = Paint((70, 70, 72), "metal")
        canvas.fill(disc(min(w, h) * 0.35, x, y), fan, Layer.ROOF, frame, **top)


def hall(
    canvas: Canvas,
    area: Area,
    frame: Frame = ORIGIN,
    *,
    category: str = "building",
    height: float = 10.0,
    color: str = "",
) -> int:
    """A long hall with a ribbed metal roof and skylights."""
    random = canvas.child()
    color = color or str(random.choice(list(SHEETS)))
    number = canvas.thing(category, color)
    base = varied(SHEETS[color], random, 8)
    shown: dict[str, Any] = {"thing": number, "height": height}
    canvas.fill(area.points, Paint(base, "metal"), Layer.BUILDING, frame, casts=True, **shown)
    cx, cy = area.center
    half = Paint(varied([c * 0.9 for c in base], random, 2), "metal")
    along_x = area.width >= area.height
    lower = Area(area.x0, cy, area.x1, area.y1) if along_x else Area(cx, area.y0, area.x1, area.y1)
    canvas.fill(lower.points, half, Layer.BUILDING, frame, **shown)
    rib = Paint(varied([c * 0.95 for c in base], random, 2), "metal")
    span = (area.x0, area.x1) if along_x else (area.y0, area.y1)
    for at in np.arange(span[0] + 2, span[1] - 1, 4.0):
        line = (
            rectangle(at, area.y0, at + 0.35, area.y1)
            if along_x
            else rectangle(area.x0, at, area.x1, at + 0.35)
        )
        canvas.fill(line, rib, Layer.BUILDING, frame, **shown)
    return number


def solar_rows(
    canvas: Canvas, area: Area, frame: Frame = ORIGIN, *, height: float = 1.2, tilt: float = 2.0
) -> list[int]:
    """Rows of solar panels, one thing each."""
    random = canvas.child()
    numbers = []
    base = varied((44, 56, 88), random, 6)
    for y in np.arange(area.y0, area.y1 - tilt + 0.01, tilt * 1.7):
        number = canvas.thing("solar panel")
        paint = Paint(varied(base, random, 3), "metal")
        shown: dict[str, Any] = {"thing": number, "height": height, "base": height - 1.2}
        row = rectangle(area.x0, y, area.x1, y + tilt)
        canvas.fill(row, paint, Layer.ROOF, frame, casts=True, **shown)
        seam = Paint(varied((112, 120, 140), random, 4), "metal")
        for x in np.arange(area.x0, area.x1, 1.7):
            canvas.fill(rectangle(x, y, x + 0.12, y + tilt), seam, Layer.ROOF, frame, **shown)
        numbers.append(number)
    return numbers
