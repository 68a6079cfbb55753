"""Grass, trees, bushes and fields."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.synth.shapes import Area, blob, blobs
from training.synth.world import Canvas, Face, Frame, Layer, Paint, Points, tinted, varied

GRASS = (
    *((104, 118, 72), (120, 124, 84), (92, 112, 66), (134, 130, 92), (86, 104, 70)),
    # watered, pale, dry
    *((72, 116, 80), (134, 150, 116), (156, 140, 110), (140, 124, 102), (168, 158, 126)),
)
SOIL = ((152, 128, 100), (166, 144, 116), (138, 116, 92), (176, 156, 128), (160, 124, 94))


@dataclass(frozen=True, slots=True)
class Season:
    """What grows in one scene looks alike."""

    grass: tuple[int, int, int]
    soil: tuple[int, int, int]
    leaves: tuple[tuple[int, int, int], ...]


def draw_season(random: np.random.Generator) -> Season:
    """Colours of the plants and the ground of one scene."""
    leaf = random.choice(
        [[62, 84, 50], [74, 90, 56], [54, 74, 52], [84, 92, 58], [70, 76, 54], [112, 98, 84]]
    )
    leaves = tuple(varied(leaf, random, 9) for _ in range(5))
    return Season(
        varied(GRASS[random.integers(len(GRASS))], random, 6),
        varied(SOIL[random.integers(len(SOIL))], random, 6),
        leaves,
    )


def ground(
    canvas: Canvas,
    points: Points,
    category: str,
    paint: Paint,
    *,
    layer: Layer = Layer.GROUND,
) -> int:
    """A piece of ground that can be asked for."""
    number = canvas.thing(category)
    canvas.fill(points, paint, layer, thing=number)
    return number


def lawn(canvas: Canvas, points: Points, season: Season, *, layer: Layer = Layer.GROUND) -> int:
    """A piece of grass."""
    paint = Paint(varied(season.grass, canvas.random, 7), "grass")
    return ground(canvas, points, "grass", paint, layer=layer)


def tree(canvas: Canvas, season: Season, x: float, y: float, radius: float) -> int:
    """A crown with a lit and a shaded side, and its shadow."""
    random = canvas.child()
    number = canvas.thing("tree")
    base = season.leaves[random.integers(len(season.leaves))]
    height = radius * random.uniform(1.5, 2.4)
    crown(canvas, random, Frame(x, y), (radius, height), base, number)
    return number


def crown(
    canvas: Canvas,
    random: np.random.Generator,
    frame: Frame,
    size: tuple[float, float],
    base: tuple[int, int, int],
    number: int,
) -> None:
    """Leaves of `size` radius and height: a dark rim, and lit tufts towards the sun."""
    radius, height = size
    count = int(min(7, max(2, radius * 2)))
    turns, reaches = random.uniform(0, 2 * math.pi, count), random.uniform(0.1, 0.5, count)
    radii = np.concatenate([[1.0], random.uniform(0.3, 0.5, count)]) * radius
    outlines = blobs(radii, random, rough=0.18)
    sides = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    outlines[1:] += (sides * (radius * reaches)[:, None])[:, None]
    outlines = canvas.base.map(frame.map(outlines.reshape(-1, 2))).reshape(outlines.shape)
    lit = 1 - 0.22 * (1 - canvas.lights(sides)) / 0.17 + random.normal(0, 0.07, count)
    shown: dict[str, Any] = {"thing": number, "height": height, "site": canvas.site}
    rim = Paint(tinted(base, 0.72), "canopy")
    canvas.faces.append(Face(outlines[0], rim, Layer.CANOPY, casts=True, **shown))
    for outline, light in zip(outlines[1:], lit.tolist(), strict=True):
        paint = Paint(varied([c * light for c in base], random, 4), "canopy")
        canvas.faces.append(Face(outline, paint, Layer.CANOPY, **shown))


def bush(canvas: Canvas, season: Season, x: float, y: float, radius: float) -> int:
    """A low plant."""
    random = canvas.child()
    number = canvas.thing("bushes")
    base = season.leaves[random.integers(len(season.leaves))]
    paint = Paint(varied([c * 0.9 for c in base], random, 6), "canopy")
    outline = blob(radius, random)
    canvas.fill(
        outline, paint, Layer.LOW, Frame(x, y), thing=number, height=radius * 0.6, casts=True
    )
    return number


def trees_in(
    canvas: Canvas, season: Season, area: Area, count: int, radius: tuple[float, float]
) -> list[tuple[float, float]]:
    """Trees at random places in an area; where they stand."""
    places = []
    for _ in range(count):
        x, y = area.somewhere(canvas.random, radius[1])
        tree(canvas, season, x, y, float(canvas.random.uniform(*radius)))
        places.append((x, y))
    return places


def field(canvas: Canvas, area: Area, frame: Frame, season: Season) -> int:
    """Farmland: rows of a crop, or ploughed soil."""
    random = canvas.child()
    number = canvas.thing("farmland")
    crops = [(126, 138, 84), (150, 146, 98), (98, 118, 70), (172, 158, 112), season.soil]
    base = varied(crops[random.integers(len(crops))], random, 10)
    canvas.fill(area.points, Paint(base, "crop"), Layer.GROUND, frame, thing=number)
    spacing = random.uniform(1.6, 5.0)
    upright = bool(random.random() < 0.5)
    start, end = (area.x0, area.x1) if upright else (area.y0, area.y1)
    dark = random.normal(0, 0.09)
    for row in np.arange(start, end - spacing / 2, spacing):
        shade = 1 + dark + random.normal(0, 0.03)
        paint = Paint(varied([c * shade for c in base], random, 2), "crop")
        near = (row, row + spacing * 0.5)
        strip = (
            Area(near[0], area.y0, near[1], area.y1)
            if upright
            else Area(area.x0, near[0], area.x1, near[1])
        )
        canvas.fill(strip.points, paint, Layer.GROUND, frame, thing=number)
    return number
