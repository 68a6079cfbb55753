"""A sheet of drawn scenes with what is asked about them and the masks of the answers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from training.synth.asking.checking import Checker
from training.synth.asking.facts import look_at
from training.synth.asking.questions import Question, ask
from training.synth.layouts import LAYOUTS
from training.synth.scenes import Scene, SceneRequest, draw_scene
from training.synth.writing.records import is_exact

_COLORS: Final = ((255, 70, 60), (60, 200, 255), (255, 210, 40))
_TEXT: Final = 130
"""Letters at most in a caption."""

_CAPTION: Final = 50
"""Pixels below each picture."""


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """How many scenes, from which seed, and how they stand."""

    scenes: int = 24
    columns: int = 6
    seed: int = 0
    side: int = 288


def draw_sheet(request: SheetRequest) -> Image.Image:
    """Land uses in turn; under each scene a request, in it the outlines of its masks."""
    names = list(LAYOUTS)
    side, columns = request.side, request.columns
    rows = -(-request.scenes // columns)
    sheet = Image.new("RGB", (columns * (side + 6), rows * (side + _CAPTION + 6)), "white")
    for index in range(request.scenes):
        scene = SceneRequest(request.seed, index, side, side, land_use=names[index % len(names)])
        row, column = divmod(index, columns)
        place = column * (side + 6) + 3, row * (side + _CAPTION + 6) + 3
        _put(sheet, draw_scene(scene), scene, index, place)
    return sheet


def _put(
    sheet: Image.Image, scene: Scene, request: SceneRequest, index: int, place: tuple[int, int]
) -> None:
    view = look_at(scene.picture, scene.world.items, scene.gsd)
    asked = ask(view, request.random("questions"), 24, test=False)
    checker = Checker(scene.picture, scene.world.items, scene.gsd)
    clear = [q for q in asked if q.masks and len(q.text) < _TEXT and is_exact(q, checker)]
    question = max(clear, key=lambda q: _fits(q, index), default=None)
    masks = question.masks if question else ()
    sheet.paste(Image.fromarray(overlaid(scene.picture.rgb, masks)), place)
    text = textwrap.fill(question.text if question else "", 46)
    font = ImageFont.load_default(12)
    corner = place[0] + 2, place[1] + scene.picture.rgb.shape[0] + 3
    ImageDraw.Draw(sheet).multiline_text(corner, text, fill="black", font=font, spacing=2)


def _fits(question: Question, index: int) -> tuple[bool, bool]:
    """How well a question shows what is next in turn, and whether it can be seen well."""
    wanted = ("multiple", "implicit", "part", "instance")[index % 4]
    area = sum(int(mask.sum()) for mask in question.masks)
    return wanted in question.tags, 0.01 < area / question.masks[0].size < 0.4


def overlaid(rgb: NDArray[np.uint8], masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """The picture with each mask tinted and outlined in its colour, (H, W, 3)."""
    values = rgb.astype(np.float32)
    for mask, color in zip(masks, _COLORS, strict=False):
        edge = ndimage.binary_dilation(mask, iterations=2) & ~mask
        values[mask] = values[mask] * 0.62 + np.array(color, np.float32) * 0.38
        values[edge] = color
    return values.astype(np.uint8)
