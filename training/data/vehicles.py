"""Vehicle boxes on aerial frames: an ellipse in each box stands for the outline nobody drew."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image, ImageDraw

from training.data.labelled import LabelledImage, Mask

GSD: Final = 0.3
"""Metres per pixel after rescaling."""

CAR_LENGTH: Final = 4.6
"""Metres. The source gives no pixel size; the median car box of a frame tells it."""

_CATEGORY: Final = {
    "small car": "small vehicle",
    "van": "small vehicle",
    "bus": "large vehicle",
    "cargo truck": "large vehicle",
}
_BORDER: Final = {"small vehicle": 5.0, "large vehicle": 12.0}
"""Metres along the edge of a frame where vehicles that it cuts have no box."""

_SHRUNK: Final = 0.9
"""A box encloses its vehicle with some margin; its corners are never vehicle."""

ABSENT: Final = frozenset(
    {
        "airplane",
        "airport runway",
        "storage tank",
        "tennis court",
        "baseball diamond",
        "ship",
        "sea",
        "beach",
    }
)


def read_vehicles(data_dir: Path) -> Iterator[LabelledImage]:
    """Every frame at `GSD`; all are for training."""
    folder = data_dir / "vehicles"
    labels = json.loads((folder / "boxes_coco.json").read_text("utf-8"))
    names = {entry["id"]: entry["name"] for entry in labels["categories"]}
    for image in labels["images"]:
        shapes = [shape for shape in labels["annotations"] if shape["image_id"] == image["id"]]
        yield _frame(
            folder, image["file_name"], [(names[s["category_id"]], s["bbox"]) for s in shapes]
        )


def _frame(
    folder: Path, file_name: str, boxes: Sequence[tuple[str, Sequence[float]]]
) -> LabelledImage:
    shrink = _native_gsd(boxes) / GSD
    with Image.open(folder / file_name) as image:
        native = image.size
        size = (round(image.width * shrink), round(image.height * shrink))
        rgb = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX))
    masks: dict[str, Mask] = {}
    known: dict[str, Mask | Literal[True]] = {}
    for category in dict.fromkeys(_CATEGORY.values()):
        inside = [box for name, box in boxes if _CATEGORY.get(name) == category]
        masks[category] = _ellipses(inside, native, size)
        guessed = _rectangles(inside, native, size) & ~masks[category]
        known[category] = ~guessed & (masks[category] | _inner(size, _BORDER[category]))
    return LabelledImage(
        name=f"vehicles/{file_name}",
        source="vehicles",
        split="train",
        rgb=np.ascontiguousarray(rgb.transpose(2, 0, 1)),
        gsd=GSD,
        masks=masks,
        known=known,
        absent=ABSENT,
    )


def _native_gsd(boxes: Sequence[tuple[str, Sequence[float]]]) -> float:
    lengths = [max(box[2:]) for name, box in boxes if name == "small car"]
    return float(CAR_LENGTH / np.median(lengths))


def _inner(size: tuple[int, int], border: float) -> Mask:
    """All but a border in metres; size is width, height and the mask (height, width)."""
    width = round(border / GSD)
    inner = np.zeros(size[::-1], bool)
    inner[width:-width, width:-width] = True
    return inner


def _ellipses(
    boxes: Sequence[Sequence[float]], before: tuple[int, int], after: tuple[int, int]
) -> Mask:
    canvas = Image.new("L", before)
    draw = ImageDraw.Draw(canvas)
    for x, y, width, height in boxes:
        # A vehicle across the axes has a square box and fills only the middle of it.
        slanted = max(width, height) < 1.6 * min(width, height)
        part = 0.6 if slanted else _SHRUNK
        half = (width * part / 2, height * part / 2)
        middle = (x + width / 2, y + height / 2)
        draw.ellipse(_corners(middle, half), fill=255)
    return _shrunk(canvas, after)


def _rectangles(
    boxes: Sequence[Sequence[float]], before: tuple[int, int], after: tuple[int, int]
) -> Mask:
    canvas = Image.new("L", before)
    draw = ImageDraw.Draw(canvas)
    for x, y, width, height in boxes:
        draw.rectangle(_corners((x + width / 2, y + height / 2), (width / 2, height / 2)), fill=255)
    return _shrunk(canvas, after)


def _corners(
    middle: tuple[float, float], half: tuple[float, float]
) -> tuple[float, float, float, float]:
    return middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]


def _shrunk(canvas: Image.Image, size: tuple[int, int]) -> Mask:
    return np.asarray(canvas.resize(size, Image.Resampling.BOX)) > 127
