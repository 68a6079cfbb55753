"""Dubai satellite tiles with a full mask each: building, bare land, road, vegetation, water."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.labelled import LabelledImage, Mask, Rgb, Split
from training.data.open_areas import away_from
from training.data.splits import held_out

GSD: Final = 0.8
"""Metres per pixel, by eye: the source does not say."""

CLASSES: Final = {1: "building", 2: "bare land", 3: "road", 4: "vegetation", 5: "water"}
"""Label value → category; 0 is unlabelled."""

OPEN_AREA_DISTANCE: Final = 8.0
"""Metres of bare land between an open area and the nearest building or road."""

ABSENT: Final = frozenset(
    {"airplane", "airport runway", "baseball diamond", "jet bridge", "farmland"}
)
"""Looked for over all six scenes and not found."""


def read_dubai(data_dir: Path, split: Split) -> Iterator[LabelledImage]:
    """Every scene of a split, joined from its tiles."""
    folder = data_dir / "dubai"
    rows = index(folder)
    for tile in sorted({row["tile"] for row in rows}):
        if (tile in held_out().dubai_tiles) == (split == "heldout"):
            rgb, labels = join([row for row in rows if row["tile"] == tile], folder)
            yield labelled(f"dubai/tile{tile}", rgb, labels, split)


def join(rows: Sequence[Mapping[str, str]], folder: Path) -> tuple[Rgb, NDArray[np.uint8]]:
    """A scene from its index rows: rgb (3, H, W) and label values (H, W).

    Tiles of one row may differ by a pixel in height: what no tile covers stays 0, unlabelled.
    """
    height = max(int(row["y_in_scene"]) + int(row["height"]) for row in rows)
    width = max(int(row["x_in_scene"]) + int(row["width"]) for row in rows)
    rgb = np.zeros((3, height, width), np.uint8)
    labels = np.zeros((height, width), np.uint8)
    for row in rows:
        top, left = int(row["y_in_scene"]), int(row["x_in_scene"])
        place = np.s_[top : top + int(row["height"]), left : left + int(row["width"])]
        with Image.open(folder / row["image"]) as image:
            rgb[:, *place] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
        with Image.open(folder / row["mask"]) as image:
            labels[place] = np.asarray(image)
    return rgb, labels


def index(folder: Path) -> list[dict[str, str]]:
    """The rows of the index: image, mask, tile and the tile's place in its scene."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def labelled(
    name: str, rgb: NDArray[np.uint8], labels: NDArray[np.uint8], split: Split
) -> LabelledImage:
    """The scene with its five classes, the ground, and the open areas."""
    known = labels != 0
    masks: dict[str, Mask] = {category: labels == value for value, category in CLASSES.items()}
    masks["ground"] = masks["bare land"] | masks["road"] | masks["vegetation"]
    obstacles = masks["building"] | masks["road"]
    masks["open area"] = masks["bare land"] & away_from(obstacles, OPEN_AREA_DISTANCE, GSD)
    return LabelledImage(
        name=name,
        source="dubai",
        split=split,
        rgb=rgb,
        gsd=GSD,
        masks=masks,
        known=dict.fromkeys(masks, known),
        absent=ABSENT,
    )
