"""UC Merced images: outlines where drawn, scene classes for what they honestly say elsewhere."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from PIL import Image, ImageDraw

from training.data.labelled import LabelledImage, Mask, Rgb, Split
from training.data.splits import held_out
from training.data.ucm_scenes import CANNOT_SHOW, COVERED, SHOWN

GSD: Final = 0.3
DATA_SOURCES: Final = Path(__file__).parents[1] / "data_sources"
"""Where outlines drawn after the first ones are kept: `ucm_extra_*.json`, of the same form."""

_SUPERSAMPLING: Final = 4

_RENAMED: Final = {"paved road": "road"}

_SOLID: Final = frozenset(
    {"airplane", "baseball diamond", "beach", "building", "large vehicle", "river", "sand bunker"}
    | {"sea", "ship", "small vehicle", "storage tank", "swimming pool", "tennis court", "tree"}
)
"""Categories that exclude each other at a pixel."""

_WATERS: Final = ("river", "sea")
"""Outlined categories that are also water."""


def read_ucm(data_dir: Path, split: Split) -> Iterator[LabelledImage]:
    """Every image of a split; in training also those with nothing but a scene class."""
    folder = data_dir / "ucm"
    outlined = _outlined(folder)
    for name, scene_class in _scenes(folder):
        if (name in held_out().ucm_images) != (split == "heldout"):
            continue
        rgb = _read_rgb(folder / name)
        if name in outlined:
            yield _with_outlines(rgb, *outlined[name], split)
        else:
            yield _of_scene_class(rgb, name, scene_class)


def _outlined(folder: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Image name → its entry and the labels it stands in; the data's own labels win."""
    outlined: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for path in (folder / "objects_coco.json", *sorted(DATA_SOURCES.glob("ucm_extra_*.json"))):
        labels = json.loads(path.read_text("utf-8"))
        for image in labels["images"]:
            outlined.setdefault(image["file_name"], (image, labels))
    return outlined


def _scenes(folder: Path) -> list[tuple[str, str]]:
    with (folder / "scenes.csv").open(newline="", encoding="utf-8") as lines:
        return [(row["image"], row["scene_class"]) for row in csv.DictReader(lines)]


def _read_rgb(path: Path) -> Rgb:
    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))


def _of_scene_class(rgb: Rgb, name: str, scene_class: str) -> LabelledImage:
    covered = COVERED.get(scene_class, ())
    everywhere = np.ones(rgb.shape[1:], bool)
    return LabelledImage(
        name=f"ucm/{name}",
        source="ucm",
        split="train",
        rgb=rgb,
        gsd=GSD,
        masks=dict.fromkeys(covered, everywhere),
        known=dict.fromkeys(covered, True),
        absent=CANNOT_SHOW[scene_class],
        shows=frozenset(SHOWN.get(scene_class, ())),
        scene_class=scene_class,
    )


def _with_outlines(
    rgb: Rgb, image: dict[str, Any], labels: dict[str, Any], split: Split
) -> LabelledImage:
    masks = _masks(image, labels)
    exhaustive = {_RENAMED.get(name, name) for name in image["exhaustive_categories"]}
    partial = {_RENAMED.get(name, name) for name in image["partial_categories"]}
    # Where only some instances are outlined, the rest is known only where something else stands.
    nowhere = np.zeros(rgb.shape[1:], bool)
    taken = np.logical_or.reduce([nowhere, *(masks[name] for name in masks if name in _SOLID)])
    known: dict[str, Mask | Literal[True]] = {
        name: True if name in exhaustive else mask | (taken if name in _SOLID else nowhere)
        for name, mask in masks.items()
    }
    absent = CANNOT_SHOW[image["scene_class"]] | exhaustive
    if waters := [masks[name] for name in _WATERS if name in masks]:
        masks["water"] = known["water"] = np.logical_or.reduce(waters)
    return LabelledImage(
        name=f"ucm/{image['file_name']}",
        source="ucm",
        split=split,
        rgb=rgb,
        gsd=GSD,
        masks=masks,
        known=known,
        absent=absent - frozenset(masks) - partial,
        scene_class=image["scene_class"],
    )


def _masks(image: dict[str, Any], labels: dict[str, Any]) -> dict[str, Mask]:
    """Category → union of its outlines in the image."""
    categories = {entry["id"]: entry["name"] for entry in labels["categories"]}
    outlines: dict[str, list[list[float]]] = {}
    for shape in labels["annotations"]:
        if shape["image_id"] == image["id"]:
            name = categories[shape["category_id"]]
            outlines.setdefault(_RENAMED.get(name, name), []).extend(shape["segmentation"])
    size = (image["height"], image["width"])
    return {name: rasterize(polygons, *size) for name, polygons in outlines.items()}


def rasterize(polygons: list[list[float]], height: int, width: int) -> Mask:
    """Pixels more than half covered by the union of flat x, y, x, y, ... outlines. (H, W)."""
    canvas = Image.new("L", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    for flat in polygons:
        # Pillow's coordinates name pixel centres; half a fine pixel moves them to corners.
        draw.polygon([value * _SUPERSAMPLING - 0.5 for value in flat], fill=255)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX)) > 127
