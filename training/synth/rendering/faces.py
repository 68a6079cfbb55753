"""Faces become rasters: which face each subpixel shows, and where shadows fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.synth.rendering.loops import SUBPIXELS
from training.synth.world import Face, Points, Sun

_HEIGHT_STEPS = 2
"""Per metre, of the raster of shadows."""


@dataclass(frozen=True, slots=True)
class Window:
    """The piece of the world that a raster shows."""

    x: float
    """Of its left edge, in metres."""

    y: float
    """Of its upper edge."""

    gsd: float
    """Metres per pixel."""

    height: int
    """In pixels."""

    width: int


def draw_faces(faces: Sequence[Face], window: Window) -> NDArray[np.uint32]:
    """1 + the place in `faces` of what each subpixel shows; 0 where nothing does.

    (H, W) times `SUBPIXELS` each way.
    """
    size = (window.width * SUBPIXELS, window.height * SUBPIXELS)
    image = Image.new("I", size, 0)
    polygon = ImageDraw.Draw(image).polygon
    for index, corners in enumerate(_corners([face.points for face in faces], window), 1):
        if corners and not faces[index - 1].hidden:
            polygon(corners, fill=index)
    return np.asarray(image).view(np.uint32)


def draw_shadows(faces: Sequence[Face], window: Window, sun: Sun) -> NDArray[np.uint8]:
    """How high what casts a shadow on each subpixel is, in half metres; 0 in the light."""
    size = (window.width * SUBPIXELS, window.height * SUBPIXELS)
    image = Image.new("L", size, 0)
    polygon = ImageDraw.Draw(image).polygon
    casting = _reaching([face for face in faces if face.casts], window, sun)
    casting.sort(key=lambda face: face.height)
    outlines = [
        _shadow(
            face.points + sun.shift * face.under, sun.shift * (face.height - face.base - face.under)
        )
        for face in casting
    ]
    for face, corners in zip(casting, _corners(outlines, window), strict=True):
        if corners:
            polygon(corners, fill=height_code(face.height))
    return np.asarray(image)


def _reaching(faces: Sequence[Face], window: Window, sun: Sun) -> list[Face]:
    """Those whose shadow, in a box around it and its face, is in the window."""
    if not faces:
        return []
    starts = np.cumsum([0, *(len(face.points) for face in faces[:-1])])
    points = np.concatenate([face.points for face in faces])
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    shift = np.array([face.height for face in faces])[:, None] * sun.shift
    first = np.array([window.x, window.y])
    last = first + np.array([window.width, window.height]) * window.gsd
    shown = np.all((high + np.maximum(shift, 0) >= first) & (low + np.minimum(shift, 0) <= last), 1)
    return [face for face, inside in zip(faces, shown, strict=True) if inside]


def height_code(height: float) -> int:
    """A height as the raster of shadows holds it."""
    return int(min(255, round(height * _HEIGHT_STEPS)))


def _corners(outlines: Sequence[Points], window: Window) -> list[list[float]]:
    """Flat subpixel coordinates of each outline; empty where it lies outside the window."""
    if not outlines:
        return []
    ends = np.cumsum([len(points) for points in outlines])
    scale = SUBPIXELS / window.gsd
    # The rasteriser knows whole numbers only, and cuts others off towards zero, which would move a
    # corner that lies outside of one window and inside of another. So corners are the subpixels
    # that they lie in, counted alike in every window.
    first = np.round(np.array([window.x, window.y]) * scale, 6)
    every = np.floor(np.concatenate(outlines) * scale - first)
    starts = np.concatenate([[0], ends[:-1]])
    low, high = np.minimum.reduceat(every, starts), np.maximum.reduceat(every, starts)
    limit = np.array([window.width, window.height]) * SUBPIXELS
    inside: NDArray[np.bool_] = np.all((high >= 0) & (low < limit), axis=1)
    flat = every.ravel().tolist()
    return [
        flat[2 * start : 2 * end] if shown else []
        for start, end, shown in zip(starts, ends, inside, strict=True)
    ]


@cache
def _following(count: int) -> NDArray[np.intp]:
    """Place of the corner after each one."""
    return (np.arange(count) + 1) % count


def _shadow(points: Points, shift: Points) -> Points:
    """Outline of what a convex polygon sweeps on its way along `shift`."""
    after = points[_following(len(points))]
    edges = after - points
    area = (points[:, 0] * after[:, 1] - points[:, 1] * after[:, 0]).sum()
    side = edges[:, 1] * shift[0] - edges[:, 0] * shift[1]
    ahead = side > 0 if area >= 0 else side < 0
    behind = ahead[_following(len(points)) - 2]
    far = points + shift
    # A corner between an edge that faces the shadow and one that does not stands in both outlines.
    pairs = np.stack(
        [np.where(behind[:, None], far, points), np.where(ahead[:, None], far, points)]
    )
    return pairs.transpose(1, 0, 2).reshape(-1, 2)
