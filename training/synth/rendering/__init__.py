"""From the world to a picture and its truth.

::

    materials   how strongly what is painted varies
    noise       random fields without seams
    faces       polygons become rasters of faces and of shadows
    look        light, air, lens, sensor
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synth.rendering.faces import (
    SUBPIXELS,
    Window,
    count_votes,
    draw_faces,
    draw_shadows,
    height_code,
)
from training.synth.rendering.look import Look, finish
from training.synth.rendering.materials import MATERIALS
from training.synth.world import Face, World

__all__ = ["MARGIN", "Picture", "Window", "render"]

MARGIN = 16
"""Pixels that are drawn around a window and cut off, so that lens and compression see beyond it."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a camera saw, and the numbers of the items that each pixel shows; 0 for none."""

    rgb: NDArray[np.uint8]
    """(H, W, 3)."""

    things: NDArray[np.uint32]
    """(H, W)."""

    parts: NDArray[np.uint32]
    """(H, W)."""

    sites: NDArray[np.uint32]
    """(H, W)."""


def render(
    world: World,
    window: Window,
    look: Look | None,
    origin: tuple[int, int],
    ground: NDArray[np.uint8] | None = None,
) -> Picture:
    """Draw a window of the world.

    `origin` is the row and column of the window's first pixel in the scene, a multiple of 16 where
    windows are to join without a seam. Without a `look` colours stay as they were painted.
    `ground`, (H, W, 3), is what is seen where no face is.
    """
    margin = MARGIN if look else 0
    wide = Window(
        window.x - margin * window.gsd,
        window.y - margin * window.gsd,
        window.gsd,
        window.height + 2 * margin,
        window.width + 2 * margin,
    )
    ids = draw_faces(world.faces, wide)
    votes = count_votes(ids)
    tables = _tables(world.faces)
    rgb = _reduced(tables.paint[ids])
    if ground is not None:
        around = ((margin, margin), (margin, margin), (0, 0))
        rgb += _bare(ids, np.pad(ground, around, mode="reflect"))
    if look:
        cast = draw_shadows(world.faces, wide, world.sun)
        shadow = _shaded(cast, tables.height[ids])
        first = (origin[0] - margin, origin[1] - margin)
        rgb = finish(rgb, tables.texture[votes.middle], shadow, look, first)
    inner = slice(margin, margin + window.height), slice(margin, margin + window.width)
    truth = (np.ascontiguousarray(votes.winner(table)[inner]) for table in tables.items)
    return Picture(np.ascontiguousarray(rgb[inner]), *truth)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Properties by number of the face, 0 being none."""

    paint: NDArray[np.uint32]
    texture: NDArray[np.uint8]
    height: NDArray[np.uint8]
    items: tuple[NDArray[np.uint32], ...]


def _tables(faces: tuple[Face, ...]) -> _Tables:
    paint = np.zeros((len(faces) + 1, 4), np.uint8)
    texture = np.zeros((len(faces) + 1, 3), np.uint8)
    paint[1:, :3] = [face.paint.rgb for face in faces]
    strengths = {name: (m.fine, m.middle, m.coarse) for name, m in MATERIALS.items()}
    texture[1:] = np.array([strengths[face.paint.material] for face in faces]) * 512
    height = np.array([0, *(height_code(face.height) for face in faces)], np.uint8)
    numbers = np.array(
        [(0, 0, 0), *((face.thing, face.part, face.site) for face in faces)], np.uint32
    )
    packed = paint.view(np.uint32)[:, 0]
    return _Tables(packed, texture, height, tuple(np.ascontiguousarray(numbers.T)))


def _reduced(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Means over the subpixels of the first three bytes, (H, W, 3)."""
    # A mode of four bands without transparency, which would be multiplied in.
    size = (packed.shape[1], packed.shape[0])
    image = Image.frombuffer("CMYK", size, packed.tobytes(), "raw", "CMYK", 0, 1)
    return np.array(image.reduce(SUBPIXELS))[..., :3]


def _bare(ids: NDArray[np.int32], ground: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What of the ground is seen in each pixel: its colour times the share that no face covers."""
    height, width = (side // SUBPIXELS for side in ids.shape)
    open_ones = (ids == 0).reshape(height, SUBPIXELS, width, SUBPIXELS).sum(axis=(1, 3))
    # Rounded down, so that the sum with what is painted stays within a byte.
    seen = ground * open_ones[..., None] // SUBPIXELS**2
    return np.asarray(seen, np.uint8)


def _shaded(cast: NDArray[np.uint8], height: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """255 where what casts a shadow stands higher than what is there, means over subpixels."""
    lost = (cast > height).astype(np.uint8) * np.uint8(255)
    return np.asarray(Image.fromarray(lost).reduce(SUBPIXELS))
