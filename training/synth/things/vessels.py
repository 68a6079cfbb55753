"""Ships and boats by their kind, with the parts that can be told from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from training.synth.shapes import Area, box, disc, rectangle
from training.synth.world import Canvas, Frame, Layer, Paint, Points, tinted, varied

CONTAINERS: Final = (
    (164, 62, 50),
    (52, 88, 140),
    (178, 142, 74),
    (92, 122, 92),
    (196, 194, 190),
    (128, 92, 76),
    (214, 118, 54),
)
"""Colours of shipping containers."""


@dataclass(frozen=True, slots=True)
class Hull:
    """A kind of vessel: size in metres, colours of side and deck."""

    length: tuple[float, float]
    slim: float
    """Length over width."""

    side: tuple[int, int, int]
    deck: tuple[int, int, int]
    fit_out: Callable[[Canvas, Frame, float, float, int], None]
    blunt: float = 0.0
    """Share of the full width at the bow."""


def vessel(
    canvas: Canvas, frame: Frame, category: str, *, length: float = 0.0, moving: bool = False
) -> int:
    """A vessel whose bow points along x, its centre at the origin, with a wake if it moves."""
    random = canvas.child()
    hull = HULLS[category]
    length = length or float(random.uniform(*hull.length))
    width = length / hull.slim
    number = canvas.thing(category)
    if moving:
        _wake(canvas, frame, length, width, number)
    shown: dict[str, Any] = {"thing": number, "height": 0.3 + 0.03 * length}
    side = Paint(varied(hull.side, random, 7), "metal")
    deck = Paint(varied(hull.deck, random, 7), "metal")
    canvas.fill(
        outline(length, width, 0, 1, hull.blunt), side, Layer.VEHICLE, frame, casts=True, **shown
    )
    for start, end, name in (
        (0.0, 0.16, "stern of ship"),
        (0.16, 0.84, ""),
        (0.84, 1.0, "bow of ship"),
    ):
        part = canvas.part(name, number) if name else 0
        piece = outline(length, width, start, end, hull.blunt)
        canvas.fill(piece, side, Layer.VEHICLE, frame, part=part, **shown)
        inner = piece * (0.985, 0.86)
        canvas.fill(inner, deck, Layer.VEHICLE, frame, part=part, **shown)
    hull.fit_out(canvas, frame, length, width, number)
    return number


def outline(length: float, width: float, start: float, end: float, blunt: float = 0.0) -> Points:
    """The hull between two shares of its length, from the stern."""
    share = np.unique(np.concatenate([[start, end], np.linspace(start, end, 9)]))
    bow = np.clip((share - 0.62) / 0.38, 0, 1)
    half = (1 - (1 - blunt) * bow**2.2) * (0.86 + 0.14 * np.clip(share / 0.2, 0, 1)) * width / 2
    upper = np.stack([(share - 0.5) * length, half], axis=1)
    return np.concatenate([upper, (upper * (1, -1))[::-1]])


def containers(
    canvas: Canvas,
    area: Area,
    frame: Frame,
    *,
    whole: int = 0,
    thing: int = 0,
    height: float = 5.0,
    along_y: bool = False,
) -> None:
    """Rows of shipping containers, each a part of its own."""
    random = canvas.child()
    long, wide = (2.6, 12.2) if along_y else (12.2, 2.6)
    for x in np.arange(area.x0, area.x1 - long + 0.01, long + 0.35):
        for y in np.arange(area.y0, area.y1 - wide + 0.01, wide + 0.12):
            if random.random() < 0.12:
                continue
            part = canvas.part("shipping container", whole)
            base = CONTAINERS[random.integers(len(CONTAINERS))]
            paint = Paint(varied(base, random, 8), "metal")
            top = height + 2.6 * int(random.integers(0, 2))
            shown: dict[str, Any] = {"thing": thing, "part": part, "height": top}
            here = rectangle(x, y, x + long, y + wide)
            canvas.fill(here, paint, Layer.VEHICLE, frame, casts=True, **shown)
            edge = Paint(tinted(paint.rgb, 0.86), "metal")
            seam = box(long - 0.6, 0.3, x + long / 2, y + wide / 2)
            if not along_y:
                canvas.fill(seam, edge, Layer.VEHICLE, frame, **shown)


def _wake(canvas: Canvas, frame: Frame, length: float, width: float, whole: int) -> None:
    """Foam that spreads behind the stern. It is water: not a piece of the ship."""
    random = canvas.child()
    part = canvas.part("wake", whole)
    reach = length * random.uniform(1.0, 2.0) + 8
    x = np.linspace(-length / 2 + 0.06 * length, -length / 2 - reach, 14)
    spread = np.linspace(width * 0.35, width * random.uniform(0.8, 1.3), 14)
    spread *= 1 + 0.12 * random.standard_normal(14)
    foam = Paint(varied((206, 216, 216), random, 6), "surf")
    shape = np.concatenate([np.stack([x, spread], 1), np.stack([x, -spread], 1)[::-1]])
    canvas.fill(shape, foam, Layer.WATER, frame, part=part)
    for side in (1, -1):
        arm = np.stack([x + length * 0.5, side * (spread * 0.4 + (x[0] - x) * 0.28)], axis=1)
        thin = np.concatenate([arm, (arm + np.array([0, side * width * 0.2]))[::-1]])
        pale = Paint((168, 186, 190), "surf")
        canvas.fill(thin, pale, Layer.WATER, frame, part=part)


def _bridge(
    canvas: Canvas, frame: Frame, number: int, place: tuple[float, float], size: tuple[float, float]
) -> None:
    """A white superstructure with a dark window front."""
    random = canvas.child()
    x, length = place
    white = Paint(varied((222, 222, 218), random, 6), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 2 + 0.09 * length}
    canvas.fill(box(size[0], size[1], x), white, Layer.VEHICLE, frame, casts=True, **shown)
    glass = Paint((70, 76, 84), "metal")
    canvas.fill(
        box(size[0] * 0.12, size[1] * 0.9, x + size[0] * 0.4), glass, Layer.VEHICLE, frame, **shown
    )
    funnel = Paint(varied((96, 92, 92), random, 10), "metal")
    canvas.fill(
        box(size[0] * 0.3, size[1] * 0.3, x - size[0] * 0.2), funnel, Layer.VEHICLE, frame, **shown
    )


def _motorboat(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    seats = Paint((122, 104, 88), "plain")
    shown: dict[str, Any] = {"thing": number, "height": 1.2}
    canvas.fill(
        box(0.34 * length, 0.6 * width, -0.2 * length), seats, Layer.VEHICLE, frame, **shown
    )
    glass = Paint((62, 72, 84), "metal")
    canvas.fill(
        box(0.1 * length, 0.62 * width, 0.08 * length), glass, Layer.VEHICLE, frame, **shown
    )


def _fishing(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    _bridge(canvas, frame, number, (0.16 * length, length), (0.2 * length, 0.6 * width))
    gear = Paint((92, 84, 72), "gravel")
    canvas.fill(
        box(0.26 * length, 0.5 * width, -0.24 * length), gear, Layer.VEHICLE, frame, thing=number
    )
    mast = Paint((210, 208, 200), "metal")
    canvas.fill(box(0.4 * length, 0.25, -0.05 * length), mast, Layer.VEHICLE, frame, thing=number)


def _tug(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    _bridge(canvas, frame, number, (0.1 * length, length), (0.3 * length, 0.6 * width))
    winch = Paint((70, 66, 64), "metal")
    canvas.fill(disc(0.12 * width, -0.25 * length), winch, Layer.VEHICLE, frame, thing=number)


def _warship(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    gray = Paint((138, 146, 152), "metal")
    dark = Paint((104, 112, 118), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 0.12 * length}
    for x, long, wide in ((0.1, 0.16, 0.7), (-0.12, 0.12, 0.6)):
        canvas.fill(
            box(long * length, wide * width, x * length),
            gray,
            Layer.VEHICLE,
            frame,
            casts=True,
            **shown,
        )
    canvas.fill(disc(0.16 * width, 0.3 * length), dark, Layer.VEHICLE, frame, **shown)
    canvas.fill(
        box(0.09 * length, 0.05 * width, 0.34 * length), dark, Layer.VEHICLE, frame, **shown
    )
    ring = Paint((206, 206, 202), "metal")
    canvas.fill(disc(0.34 * width, -0.36 * length), ring, Layer.VEHICLE, frame, thing=number)
    canvas.fill(disc(0.28 * width, -0.36 * length), dark, Layer.VEHICLE, frame, thing=number)


def _passenger(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    white = Paint((228, 228, 226), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 0.14 * length}
    canvas.fill(
        box(0.62 * length, 0.76 * width, -0.04 * length),
        white,
        Layer.VEHICLE,
        frame,
        casts=True,
        **shown,
    )
    pool = Paint((92, 170, 190), "water")
    canvas.fill(box(0.08 * length, 0.3 * width, 0.1 * length), pool, Layer.VEHICLE, frame, **shown)
    deck = Paint((178, 152, 118), "plain")
    canvas.fill(
        box(0.18 * length, 0.5 * width, -0.16 * length), deck, Layer.VEHICLE, frame, **shown
    )
    funnel = Paint((52, 82, 140), "metal")
    canvas.fill(
        box(0.06 * length, 0.26 * width, -0.28 * length),
        funnel,
        Layer.VEHICLE,
        frame,
        casts=True,
        **shown,
    )


def _dry(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    """Hatches over the holds, some with containers on them, and the bridge behind."""
    _bridge(canvas, frame, number, (-0.38 * length, length), (0.1 * length, 0.84 * width))
    random = canvas.child()
    count = max(3, int(length / 26))
    edges = np.linspace(-0.29, 0.33, count + 1) * length
    loaded = bool(random.random() < 0.4)
    for start, end in zip(edges[:-1], edges[1:] - 0.02 * length, strict=True):
        part = canvas.part("cargo hold", number)
        shown: dict[str, Any] = {"thing": number, "height": 1.5 + 0.03 * length}
        area = Area(float(start), -0.36 * width, float(end), 0.36 * width)
        paint = Paint(varied((134, 98, 84), random, 8), "metal")
        canvas.fill(area.points, paint, Layer.VEHICLE, frame, part=part, **shown)
        middle = Paint(tinted(paint.rgb, 0.8), "metal")
        cover = box(0.25, area.height, *area.center)
        canvas.fill(cover, middle, Layer.VEHICLE, frame, part=part, **shown)
        if loaded and area.width > 12.5:
            containers(canvas, area, frame, whole=number, thing=number, height=8.0)


def _liquid(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    _bridge(canvas, frame, number, (-0.38 * length, length), (0.1 * length, 0.84 * width))
    pipe = Paint((186, 178, 166), "metal")
    shown: dict[str, Any] = {"thing": number}
    for y in (-0.06, 0.0, 0.06):
        canvas.fill(
            box(0.64 * length, 0.018 * width + 0.15, 0, y * width),
            pipe,
            Layer.VEHICLE,
            frame,
            **shown,
        )
    for x in (-0.02, 0.02):
        canvas.fill(box(0.5, 0.8 * width, x * length), pipe, Layer.VEHICLE, frame, **shown)


def _engineering(canvas: Canvas, frame: Frame, length: float, width: float, number: int) -> None:
    _bridge(canvas, frame, number, (-0.3 * length, length), (0.14 * length, 0.7 * width))
    yellow = Paint((216, 168, 48), "metal")
    shown: dict[str, Any] = {"thing": number, "height": 12.0}
    canvas.fill(disc(0.2 * width, 0.12 * length), yellow, Layer.VEHICLE, frame, casts=True, **shown)
    arm = frame.at(0.12 * length, 0, 0.5)
    canvas.fill(
        box(0.42 * length, 0.06 * width, 0.2 * length),
        yellow,
        Layer.VEHICLE,
        arm,
        casts=True,
        **shown,
    )


HULLS: Final[Mapping[str, Hull]] = {
    "motorboat": Hull((6, 11), 3.0, (232, 232, 230), (216, 212, 204), _motorboat),
    "fishing boat": Hull((14, 24), 3.3, (66, 98, 136), (176, 166, 148), _fishing),
    "tugboat": Hull((24, 34), 2.8, (52, 52, 56), (150, 78, 60), _tug, 0.25),
    "warship": Hull((100, 150), 8.4, (120, 128, 134), (134, 142, 148), _warship),
    "passenger ship": Hull((90, 170), 6.2, (226, 226, 224), (206, 204, 198), _passenger),
    "dry cargo ship": Hull((110, 190), 6.0, (74, 62, 60), (130, 92, 78), _dry, 0.2),
    "liquid cargo ship": Hull((120, 200), 5.9, (60, 52, 54), (146, 82, 66), _liquid, 0.2),
    "engineering ship": Hull((50, 80), 3.6, (64, 84, 104), (168, 160, 146), _engineering, 0.4),
    "ship": Hull((30, 60), 5.2, (88, 92, 98), (170, 166, 158), _fishing),
}
"""Vessels by category."""
