"""Rivers, canals, lakes, the sea, and their edges."""

from __future__ import annotations

import numpy as np
import shapely

from training.synth.shapes import band, blob, clipped
from training.synth.world import Canvas, Frame, Layer, Paint, Points, tinted, varied

DEEP = ((58, 84, 88), (74, 92, 84), (48, 72, 92), (92, 96, 78), (70, 100, 106))
"""Colours of open water."""


def water_paint(random: np.random.Generator) -> Paint:
    """The water of one scene."""
    return Paint(varied(DEEP[random.integers(len(DEEP))], random, 8), "water")


def river(
    canvas: Canvas,
    line: Points,
    width: float,
    bank: tuple[int, int, int],
    *,
    category: str = "river",
    cut: float | None = None,
) -> int:
    """A river along a line with both its banks.

    With `cut`, a share of the line, what lies before it is upstream and what lies behind is
    downstream.
    """
    random = canvas.child()
    number = canvas.thing(category)
    paint = water_paint(random)
    steps = np.arange(len(line))
    swing = 1.0 if category == "canal" else 1 + 0.1 * np.sin(steps * 0.7 + random.uniform(0, 6))
    wide = np.broadcast_to(width * swing, steps.shape)
    edge = 1.2 if category == "canal" else max(2.0, width * 0.12)
    tone = (176, 172, 164) if category == "canal" else bank
    shore = Paint(varied(tone, random, 6), "concrete" if category == "canal" else "soil")
    for side in (1, -1):
        part = canvas.part("riverbank", number)
        ahead = np.gradient(line, axis=0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        aside = side * np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
        near, far = line + aside * wide[:, None] * 0.4, line + aside * (wide[:, None] / 2 + edge)
        canvas.fill(np.concatenate([near, far[::-1]]), shore, Layer.WATER, part=part)
    at = len(line) if cut is None else int(cut * (len(line) - 1))
    pieces = [(0, len(line) - 1, "")]
    if cut is not None:
        pieces = [(0, at, "upstream"), (at, len(line) - 1, "downstream")]
    for start, end, name in pieces:
        part = canvas.part(name, number) if name else 0
        piece = slice(start, end + 1)
        canvas.fill(band(line[piece], wide[piece]), paint, Layer.WATER, thing=number, part=part)
        deep = Paint(tinted(paint.rgb, 0.9), "water")
        middle = band(line[piece], wide[piece] * 0.55)
        canvas.fill(middle, deep, Layer.WATER, thing=number, part=part)
    return number


def lake(
    canvas: Canvas, frame: Frame, radius: float, shore: tuple[int, int, int], category: str = "lake"
) -> int:
    """Still water with a shore around it."""
    random = canvas.child()
    number = canvas.thing(category)
    outline = blob(radius, random, rough=0.3)
    for _ in range(2):
        outline = _smooth(outline)
    outline = outline * (1, random.uniform(0.55, 0.95))
    paint = water_paint(random)
    canvas.fill(outline * 1.06, Paint(varied(shore, random, 5), "soil"), Layer.WATER, frame)
    canvas.fill(outline, paint, Layer.WATER, frame, thing=number)
    canvas.fill(
        outline * 0.8, Paint(tinted(paint.rgb, 0.92), "water"), Layer.WATER, frame, thing=number
    )
    return number


def _smooth(outline: Points) -> Points:
    """Twice the corners, cut as Chaikin does."""
    ahead = np.roll(outline, -1, axis=0)
    pairs = np.stack([0.75 * outline + 0.25 * ahead, 0.25 * outline + 0.75 * ahead], axis=1)
    return pairs.reshape(-1, 2)


def coast(canvas: Canvas, reach: float, shore: float, *, sand: float = 26.0) -> int:
    """Sea for y above `shore`, surf, and a beach before it; the sea's number."""
    random = canvas.child()
    sea = canvas.thing("sea")
    x = np.linspace(-reach, reach, 61)
    swing = 3.0 * np.sin(x / 38 + random.uniform(0, 6)) + 5.0 * np.sin(
        x / 90 + random.uniform(0, 6)
    )
    rough = 0.7 * random.standard_normal(61)
    deep = varied((54, 96, 112), random, 8)

    def below(offset: float, wild: float = 1.0) -> Points:
        edge = np.stack([x, shore + offset + swing + wild * rough], axis=1)
        return np.concatenate([edge, [[reach, reach + 9], [-reach, reach + 9]]])

    if sand:
        beach = canvas.thing("beach")
        dry = Paint(varied((206, 188, 152), random, 6), "sand")
        canvas.fill(below(-sand, 0.4), dry, Layer.WATER, thing=beach)
        wet = Paint(varied((168, 148, 118), random, 6), "sand")
        canvas.fill(below(-5.0, 2.0), wet, Layer.WATER, thing=beach)
    shades = ((0.0, 1.28), (9.0, 1.14), (22.0, 1.05), (40.0, 1.0))
    for offset, light in shades:
        paint = Paint(tinted(deep, light), "water")
        canvas.fill(below(offset, 2.5 if offset else 1.5), paint, Layer.WATER, thing=sea)
    for offset in (0.8, 7.0, 16.0):
        if random.random() < 0.8:
            line = below(offset + random.uniform(0, 4), 1.0)[:61]
            width = np.abs(random.normal(2.2, 1.2, 61)) + 0.3
            foam = Paint(varied((224, 230, 228), random, 4), "surf")
            canvas.fill(band(line, width), foam, Layer.WATER, thing=sea)
    return sea


def keep_wakes_on(canvas: Canvas, water: int, first: int) -> None:
    """Cut off what of wakes, drawn from face `first` on, would lie on the banks."""
    shown = [shapely.Polygon(face.points) for face in canvas.faces if face.thing == water]
    area = shapely.union_all(shapely.make_valid(shown))
    wakes = {item.number for item in canvas.items if item.category == "wake"}
    canvas.faces[first:] = [
        piece
        for face in canvas.faces[first:]
        for piece in (clipped(face, area) if face.part in wakes else (face,))
    ]
