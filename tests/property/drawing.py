"""A drawn scene with exact truth and an oracle that answers windows the way a tired model does.

The parameters below were fixed before fusion was tuned. They are not to be adjusted to results.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely import affinity

from geoseg.grid import Window

WIDTH, HEIGHT = 5300, 4700
"""Size of the whole drawing, pixels."""

SMALL, SMALL_SIDES = 600, (12.0, 200.0)
LARGE, LARGE_SIDES = 50, (200.0, 1900.0)
"""How many rectangles, and the range of their long side in pixels (log-uniform)."""

SMALL_ASPECT, LARGE_ASPECT = (0.35, 1.0), (0.08, 0.3)
"""Short side ÷ long side, uniform; the short side is never under the least long side."""

GAP = 12.0
"""Least distance between two rectangles, pixels."""

SLOPE, PLATEAU = 1.0, 6.0
"""Clean logits: per pixel of distance to the outline, and where they level off."""

NOISE, NOISE_AT_EDGE, NOISE_REACH = 0.5, 2.0, 48.0
"""Standard deviation of the noise (logits) deep inside a window and on its edge; decay, pixels."""

GRAIN = 1.5
"""Correlation length of the noise: sigma of the blur, pixels."""

SAG, SAG_REACH = 0.6, 64.0
"""Share of the confidence lost on the window's edge, and the decay in pixels."""

LITTLE, OMIT = 0.2, 0.6
"""Of a thing told apart, the visible share that is little, and the chance that it is not named."""

TERRACE = 40.0
"""Least long side of a rectangle that is cut into a terrace, pixels."""

SEED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Rectangles on an empty scene."""

    height: int
    width: int

    outlines: NDArray[np.object_]
    """Shapely polygons in pixel coordinates, the truth."""

    logits: NDArray[np.float32]
    """(height, width), what a model without flaws would answer at pixel centres."""


def draw(height: int = HEIGHT, width: int = WIDTH, seed: int = SEED) -> Drawing:
    """Draw rectangles of all sizes, the largest first; fewer on a smaller scene."""
    random = np.random.default_rng(seed)
    share = height * width / (HEIGHT * WIDTH)
    sides = np.concatenate([_sides(random, LARGE, LARGE_SIDES), _sides(random, SMALL, SMALL_SIDES)])
    sides = sides[sides < 0.8 * min(height, width)]
    count = max(1, round(share * len(sides)))
    sides = np.sort(random.permutation(sides)[:count])[::-1]
    placed: list[shapely.Polygon] = []
    logits = np.full((height, width), -PLATEAU, np.float32)
    for side in sides:
        aspect = random.uniform(*(LARGE_ASPECT if side > LARGE_SIDES[0] else SMALL_ASPECT))
        outline = _place(
            random, (side, max(side * aspect, SMALL_SIDES[0])), placed, (height, width)
        )
        if outline is not None:
            placed.append(outline)
            _paint(logits, outline)
    return Drawing(height, width, np.array(placed, dtype=object), logits)


def answer(
    drawing: Drawing, window: Window, *, miss: float = 0.0, seed: int = SEED
) -> NDArray[np.float32]:
    """What the oracle says about a window: (height, width) logits at every pixel.

    With `miss` each object is overlooked with that chance, independently in each window.
    """
    random = np.random.default_rng((seed, window.row_off, window.col_off))
    rows = slice(window.row_off, window.row_end)
    cols = slice(window.col_off, window.col_end)
    clean = drawing.logits[rows, cols].copy()
    if miss:
        _overlook(clean, drawing, window, random.random(len(drawing.outlines)) < miss)
    confidence, noise = _mood(window, random)
    return np.asarray(clean * confidence + noise, np.float32)


def instances(
    drawing: Drawing, window: Window, *, omit: float = OMIT, seed: int = SEED
) -> list[NDArray[np.float32]]:
    """What the oracle says about a window, thing by thing: (height, width) logits of each.

    With the chance `omit` it does not name a thing of which little is in the window.
    """
    random = np.random.default_rng((seed, window.row_off, window.col_off))
    confidence, noise = _mood(window, random)
    frame = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
    shares = shapely.area(shapely.intersection(drawing.outlines, frame))
    shares /= shapely.area(drawing.outlines)
    unnamed = (shares < LITTLE) & (random.random(len(shares)) < omit)
    told = []
    for outline in drawing.outlines[(shares > 0) & ~unnamed]:
        rows, cols = _surroundings(outline, (drawing.height, drawing.width))
        rows = slice(max(rows.start, window.row_off), min(rows.stop, window.row_end))
        cols = slice(max(cols.start, window.col_off), min(cols.stop, window.col_end))
        place = (
            slice(rows.start - window.row_off, rows.stop - window.row_off),
            slice(cols.start - window.col_off, cols.stop - window.col_off),
        )
        depth = np.clip(SLOPE * _depth(outline, rows, cols), -PLATEAU, PLATEAU)
        logits = np.full(confidence.shape, -PLATEAU, np.float32)
        near = np.where(depth > -PLATEAU, depth * confidence[place] + noise[place], -PLATEAU)
        logits[place] = near
        told.append(logits)
    return told


def terraced(drawing: Drawing) -> Drawing:
    """The same rectangles, the longer ones cut across into two to four that share their walls."""
    random = np.random.default_rng(SEED)
    parts: list[shapely.Polygon] = []
    for outline in drawing.outlines:
        first, second, third, fourth = shapely.get_coordinates(outline)[:4]
        if np.hypot(*(second - first)) < np.hypot(*(third - second)):
            first, second, third, fourth = second, third, fourth, first
        count = int(random.integers(2, 5)) if np.hypot(*(second - first)) >= TERRACE else 1
        for begin, end in pairwise(np.linspace(0, 1, count + 1)):
            sides = ((first, second, begin), (first, second, end))
            others = ((fourth, third, end), (fourth, third, begin))
            parts.append(shapely.Polygon([a + t * (b - a) for a, b, t in sides + others]))
    return Drawing(drawing.height, drawing.width, np.array(parts, dtype=object), drawing.logits)


def _mood(
    window: Window, random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(height, width) how sure the oracle is of what it sees, and what it adds to it."""
    inward = np.minimum(
        _edge_distance(window.height)[:, None], _edge_distance(window.width)[None, :]
    )
    shape = (window.height, window.width)
    noise = ndimage.gaussian_filter(random.standard_normal(shape, np.float32), GRAIN)
    noise *= 2.0 * np.sqrt(np.pi) * GRAIN  # the blur leaves 1 / (2 √π σ) of the deviation
    spread = NOISE + (NOISE_AT_EDGE - NOISE) * np.exp(-inward / NOISE_REACH)
    confidence = 1.0 - SAG * np.exp(-inward / SAG_REACH)
    return np.asarray(confidence, np.float32), np.asarray(noise * spread, np.float32)


def shrink(logits: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Block means: what a model that answers at the mask stride says."""
    height, width = logits.shape
    padded = np.pad(logits, ((0, -height % stride), (0, -width % stride)), mode="reflect")
    blocks = padded.reshape(padded.shape[0] // stride, stride, -1, stride)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _sides(
    random: np.random.Generator, count: int, limits: tuple[float, float]
) -> NDArray[np.float64]:
    low, high = np.log(limits)
    return np.exp(random.uniform(low, high, count))


def _place(
    random: np.random.Generator,
    size: tuple[float, float],
    placed: list[shapely.Polygon],
    shape: tuple[int, int],
) -> shapely.Polygon | None:
    height, width = shape
    others = shapely.STRtree(placed)
    upright = shapely.box(-size[0] / 2, -size[1] / 2, size[0] / 2, size[1] / 2)
    inside = shapely.box(GAP, GAP, width - GAP, height - GAP)
    for _ in range(2000):
        turned = affinity.rotate(upright, random.uniform(0, 180), origin=(0, 0))
        outline = affinity.translate(turned, random.uniform(0, width), random.uniform(0, height))
        if inside.contains(outline) and not len(
            others.query(outline, predicate="dwithin", distance=GAP)
        ):
            return outline
    return None


def _paint(logits: NDArray[np.float32], outline: shapely.Polygon) -> None:
    rows, cols = _surroundings(outline, logits.shape)
    view = logits[rows, cols]
    np.maximum(view, np.clip(SLOPE * _depth(outline, rows, cols), -PLATEAU, PLATEAU), out=view)


def _overlook(
    clean: NDArray[np.float32], drawing: Drawing, window: Window, missed: NDArray[np.bool_]
) -> None:
    frame = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
    for outline in drawing.outlines[missed & shapely.intersects(drawing.outlines, frame)]:
        rows, cols = _surroundings(outline, drawing.logits.shape)
        near = _depth(outline, rows, cols) > -GAP / 2
        top, left = max(rows.start, window.row_off), max(cols.start, window.col_off)
        end, right = min(rows.stop, window.row_end), min(cols.stop, window.col_end)
        view = clean[
            top - window.row_off : end - window.row_off,
            left - window.col_off : right - window.col_off,
        ]
        view[
            near[top - rows.start : end - rows.start, left - cols.start : right - cols.start]
        ] = -PLATEAU


def _surroundings(outline: shapely.Polygon, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, right, bottom = outline.buffer(PLATEAU / SLOPE + 2).bounds
    return (
        slice(max(int(top), 0), min(int(bottom) + 1, shape[0])),
        slice(max(int(left), 0), min(int(right) + 1, shape[1])),
    )


def _depth(outline: shapely.Polygon, rows: slice, cols: slice) -> NDArray[np.float32]:
    """Signed distance of pixel centres to a rectangle's outline, pixels, positive inside."""
    corners = shapely.get_coordinates(outline)[:4]
    centre = corners.mean(axis=0)
    y = np.arange(rows.start, rows.stop)[:, None] + 0.5 - centre[1]
    x = np.arange(cols.start, cols.stop)[None, :] + 0.5 - centre[0]
    outside = []
    for start, end in (corners[:2], corners[1:3]):
        along = end - start
        length = float(np.hypot(*along))
        ux, uy = along / length
        outside.append(np.abs(x * ux + y * uy) - length / 2)
    far = np.hypot(np.maximum(outside[0], 0), np.maximum(outside[1], 0))
    return np.asarray(-far - np.minimum(np.maximum(*outside), 0), np.float32)


def _edge_distance(length: int) -> NDArray[np.float32]:
    centres = np.arange(length, dtype=np.float32) + 0.5
    return np.minimum(centres, length - centres)
