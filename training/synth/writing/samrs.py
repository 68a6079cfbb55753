"""SAMRS: SOTA, SIOR and FAST. Their formats: `training.data.loaders.samrs`."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from geoseg.dataset import decode_rle
from training.data.categories import find_category
from training.data.fixtures.writing import save_picture, save_text
from training.data.loaders.samrs import FAST, SIOR, SOTA, Subset
from training.synth import knowledge
from training.synth.writing.records import Instance, SceneRecord

_BACKGROUND: Final = 255
_LISTS: Final = {"train": "train.txt", "val": "valid.txt", "test": "valid.txt"}


def write_sota(root: Path, records: Iterable[SceneRecord]) -> None:
    """SOTA's tree."""
    _write(root, records, SOTA)


def write_sior(root: Path, records: Iterable[SceneRecord]) -> None:
    """SIOR's tree."""
    _write(root, records, SIOR)


def write_fast(root: Path, records: Iterable[SceneRecord]) -> None:
    """FAST's tree, with rotated boxes."""
    _write(root, records, FAST)


def _write(root: Path, records: Iterable[SceneRecord], subset: Subset) -> None:
    folder = root / subset.inside[-1]
    stems: dict[str, list[str]] = {"train.txt": [], "valid.txt": []}
    for record in records:
        stem = f"P{record.number:06d}__1024__0___0"
        place = subset.pictures[0 if record.split == "train" else -1]
        rgb = np.asarray(Image.open(io.BytesIO(record.image)))
        save_picture(rgb, folder / place / f"{stem}{subset.ending}")
        gray = np.full(rgb.shape[:2], _BACKGROUND, np.uint8)
        rows = []
        for label, instance in _known(record, subset):
            gray[decode_rle(instance.mask)] = label
            rows.append(_row(label, instance, subset))
        save_picture(gray, folder / subset.masks / "gray" / f"{stem}.png")
        path = folder / subset.masks / "ins" / f"{stem}.pkl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(rows, protocol=4))
        stems[_LISTS[record.split]].append(stem)
    for name, lines in stems.items():
        save_text("".join(f"{line}\n" for line in lines), folder / name)


def _known(record: SceneRecord, subset: Subset) -> Iterator[tuple[int, Instance]]:
    """Things that the subset has a class for, with its number."""
    labels = _labels(subset.classes)
    for instance in record.instances:
        name: str | None = instance.category
        while name is not None and name not in labels:
            name = knowledge.load()[name].parent
        if name is not None:
            yield labels[name], instance


@cache
def _labels(classes: tuple[str, ...]) -> Mapping[str, int]:
    """Our category → number of the class that means it."""
    found: dict[str, int] = {}
    for number, name in enumerate(classes):
        if category := find_category(name):
            found.setdefault(category.name, number)
            for other in knowledge.load().values():
                if other.same_as == category.name:
                    found.setdefault(other.name, number)
    return found


def _row(label: int, instance: Instance, subset: Subset) -> dict[str, Any]:
    upright = np.array(instance.box, np.float32)
    boxes: dict[str, Any] = {"bbox": upright}
    if subset is FAST:
        x0, y0, x1, y1 = upright
        corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
        boxes = {"rbox": corners, "rhbox": upright}
    return {
        "mask": instance.mask,
        "category": subset.classes[label],
        "label": label,
        "size": instance.area,
        **boxes,
    }
