"""From the world to a picture and its truth.

::

    materials   how strongly what is painted varies
    noise       random fields without seams
    faces       polygons become rasters of faces and of shadows
    loops       passes over pixels, compiled
    look        light, air, lens, sensor
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synth.rendering.faces import Window, draw_faces, draw_shadows, height_code
from training.synth.rendering.look import Look, Painted, finish, to_bytes
from training.synth.rendering.loops import gather, lose_light
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
    tables = _tables(world.faces)
    ids = draw_faces(world.faces, wide)
    rgb, middle, items = gather(ids, tables.paint, tables.items, _around(ground, wide, margin))
    inner = slice(margin, margin + window.height), slice(margin, margin + window.width)
    if look:
        cast = draw_shadows(world.faces, wide, world.sun)
        lost = lose_light(cast, tables.height, ids)
        first = (origin[0] - margin, origin[1] - margin)
        painted = Painted(rgb, middle, tables.texture, lost, world.direction)
        shown = finish(painted, look, first)
    else:
        shown = to_bytes(rgb)
    truth = (np.ascontiguousarray(plane[inner]) for plane in items)
    return Picture(np.ascontiguousarray(shown[inner]), *truth)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Properties by number of the face, 0 being none."""

    paint: NDArray[np.float32]
    """(F, 3)."""

    texture: NDArray[np.float32]
    """(F, 6)."""

    height: NDArray[np.uint8]
    """(F,)."""

    items: NDArray[np.uint32]
    """(F, 3): things, parts, sites."""


def _tables(faces: tuple[Face, ...]) -> _Tables:
    strengths = {name: material.strengths for name, material in MATERIALS.items()}
    paint = np.array([(0, 0, 0), *(face.paint.rgb for face in faces)], np.float32)
    texture = [(0.0,) * 6, *(strengths[face.paint.material] for face in faces)]
    height = np.array([0, *(height_code(face.height) for face in faces)], np.uint8)
    numbers = [(0, 0, 0), *((face.thing, face.part, face.site) for face in faces)]
    return _Tables(paint, np.array(texture, np.float32), height, np.array(numbers, np.uint32))


def _around(ground: NDArray[np.uint8] | None, window: Window, margin: int) -> NDArray[np.uint8]:
    """The ground of a window with its margin, mirrored there; black where there is none."""
    if ground is None:
        return np.broadcast_to(np.zeros(3, np.uint8), (window.height, window.width, 3))
    return np.pad(ground, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
