"""Carriageways, crossings, paths, parking lots, railways, bridges."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from training.synth.shapes import Area, band, box, disc, rectangle, shifted
from training.synth.world import ORIGIN, Canvas, Frame, Layer, Paint, Points, varied

_WHITE = Paint((214, 212, 204), "concrete")
_YELLOW = Paint((206, 172, 78), "concrete")


def straight(x0: float, y0: float, x1: float, y1: float, *, points: int = 2) -> Points:
    """A straight line of several points."""
    return np.linspace([x0, y0], [x1, y1], points)


def asphalt(random: np.random.Generator) -> Paint:
    """One road's surface."""
    if random.random() < 0.2:
        return Paint(varied((158, 152, 142), random, 8), "concrete")
    return Paint(varied((112, 110, 108), random, 14), "asphalt")


def road(
    canvas: Canvas,
    line: Points,
    width: float,
    *,
    category: str = "paved road",
    lanes: int = 2,
    layer: Layer = Layer.ROAD,
    paint: Paint | None = None,
    verge: Paint | None = None,
) -> int:
    """A road along a line, with its markings; its number."""
    random = canvas.child()
    number = canvas.thing(category)
    if verge:
        canvas.fill(band(line, width + 3.5), verge, Layer.SURFACE)
    paint = paint or asphalt(random)
    canvas.fill(band(line, width), paint, layer, thing=number)
    marks = Layer.MARKING if layer is Layer.ROAD else layer
    for track in np.linspace(-width / 2, width / 2, lanes * 2 + 1)[1::2]:
        worn = Paint(varied([c * 0.93 for c in paint.rgb], random, 2), paint.material)
        canvas.fill(band(shifted(line, float(track)), 1.3), worn, layer, thing=number)
    if lanes >= 2 and width > 5:
        for offset in np.linspace(-width / 2, width / 2, lanes + 1)[1:-1]:
            middle = lanes > 2 and abs(offset) < 0.1
            dashes(canvas, shifted(line, float(offset)), number, whole=middle, layer=marks)
        for offset in (-width / 2 + 0.4, width / 2 - 0.4):
            canvas.fill(band(shifted(line, offset), 0.15), _WHITE, marks, thing=number)
    return number


def dashes(
    canvas: Canvas, line: Points, number: int, *, whole: bool = False, layer: Layer = Layer.MARKING
) -> None:
    """The marking along a line, broken unless `whole`."""
    paint = _YELLOW if whole else _WHITE
    if whole:
        canvas.fill(band(line, 0.3), paint, layer, thing=number)
        return
    reach = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    for start in np.arange(2.0, reach[-1] - 3, 9.0):
        ends = [np.interp([start, start + 3], reach, line[:, axis]) for axis in (0, 1)]
        canvas.fill(band(np.stack(ends, axis=1), 0.18), paint, layer, thing=number)


def path(canvas: Canvas, line: Points, width: float, *, category: str = "path") -> int:
    """A way for people, or an unpaved one for carts."""
    random = canvas.child()
    number = canvas.thing(category)
    base = (186, 172, 146) if category == "path" else (170, 148, 116)
    paint = Paint(varied(base, random, 10), "gravel")
    canvas.fill(band(line, width), paint, Layer.SURFACE, thing=number)
    if category == "unimproved road":
        middle = Paint(varied((140, 134, 98), random, 8), "meadow")
        canvas.fill(band(line, width * 0.22), middle, Layer.SURFACE, thing=number)
    return number


def intersection(canvas: Canvas, area: Area, of_road: int, paint: Paint) -> int:
    """Where two roads cross: a zone of the road."""
    zone = canvas.part("intersection", of_road)
    canvas.fill(area.points, paint, Layer.MARKING, thing=of_road, part=zone)
    return zone


def zebra(canvas: Canvas, frame: Frame, span: float, of_road: int, *, depth: float = 3.6) -> int:
    """A zebra crossing along the frame's y axis, across a road of width `span`."""
    zone = canvas.part("zebra crossing", of_road)
    random = canvas.child()
    base = Paint(varied((118, 116, 114), random, 5), "asphalt")
    shown = {"thing": of_road, "part": zone}
    canvas.fill(box(depth, span), base, Layer.MARKING, frame, **shown)
    for y in np.arange(-span / 2 + 0.3, span / 2 - 0.4, 1.1):
        bar = rectangle(-depth / 2, y, depth / 2, y + 0.55)
        canvas.fill(bar, _WHITE, Layer.MARKING, frame, **shown)
    return zone


def roundabout(canvas: Canvas, x: float, y: float, radius: float, grass: Paint) -> int:
    """A ring of road around an island."""
    random = canvas.child()
    ring = canvas.thing("roundabout")
    frame = Frame(x, y)
    canvas.fill(disc(radius), asphalt(random), Layer.MARKING, frame, thing=ring)
    curb = Paint((190, 186, 176), "concrete")
    canvas.fill(disc(radius * 0.52), curb, Layer.MARKING, frame, thing=ring)
    canvas.fill(disc(radius * 0.49), grass, Layer.MARKING, frame, thing=ring)
    return ring


def parking(
    canvas: Canvas, area: Area, frame: Frame = ORIGIN, *, share: float = 0.6
) -> list[tuple[Frame, bool]]:
    """A parking lot; the places on it, heading out, and whether each is to be taken."""
    random = canvas.child()
    number = canvas.thing("parking lot")
    paint = asphalt(random)
    canvas.fill(area.points, paint, Layer.ROAD, frame, thing=number)
    places = []
    depth, wide = 5.0, 2.6
    rows = np.arange(area.y0 + 0.5, area.y1 - depth, depth + 4.5)
    for order, y in enumerate(rows):
        for x in np.arange(area.x0 + 1, area.x1 - wide - 0.5, wide):
            mark = rectangle(x - 0.06, y, x + 0.06, y + depth)
            canvas.fill(mark, _WHITE, Layer.MARKING, frame, thing=number)
            turn = np.pi / 2 if order % 2 else -np.pi / 2
            place = frame.at(x + wide / 2, y + depth / 2, turn + random.normal(0, 0.02))
            places.append((place, bool(random.random() < share)))
    return places


def railway(canvas: Canvas, line: Points) -> int:
    """A track: ballast, sleepers, two rails."""
    random = canvas.child()
    number = canvas.thing("railway")
    ballast = Paint(varied((134, 124, 114), random, 8), "gravel")
    canvas.fill(band(line, 4.2), ballast, Layer.ROAD, thing=number)
    canvas.fill(band(line, 2.5), Paint((112, 102, 94), "gravel"), Layer.ROAD, thing=number)
    for offset in (-0.75, 0.75):
        rail = band(shifted(line, offset), 0.18)
        canvas.fill(rail, Paint((158, 150, 144), "metal"), Layer.MARKING, thing=number)
    return number


def deck(
    canvas: Canvas,
    line: Points,
    width: float,
    category: str,
    *,
    height: float = 6.0,
    road_category: str = "",
) -> int:
    """A bridge or overpass: a deck that casts a shadow, with railings and a lane for traffic."""
    random = canvas.child()
    number = canvas.thing(category)
    shown: dict[str, Any] = {"thing": number, "height": height, "under": height - 1.5}
    concrete = Paint(varied((184, 178, 168), random, 8), "concrete")
    for start, end in pairwise(line):
        piece = band(np.stack([start, end]), width)
        canvas.fill(piece, concrete, Layer.DECK, casts=True, **shown)
    lane: dict[str, Any] = {"part": canvas.part(road_category, number)} if road_category else {}
    canvas.fill(band(line, width - 1.6), asphalt(random), Layer.DECK, **shown, **lane)
    for start in np.arange(0.02, 0.97, 0.08):
        ends = np.stack([_along(line, start), _along(line, start + 0.03)])
        canvas.fill(band(ends, 0.18), _WHITE, Layer.DECK, **shown, **lane)
    return number


def _along(line: Points, share: float) -> Points:
    reach = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = share * reach[-1]
    return np.array([np.interp(at, reach, line[:, 0]), np.interp(at, reach, line[:, 1])])
