"""SAMRS: instance masks that SAM drew for the boxes of DOTA 2.0, DIOR and FAIR1M.

::

    sota   dotav2_1024/trainval/    images/*.png              hbox_segs_init/{gray,ins}/
    sior   dior/                    JPEGImages-trainval/*.jpg JPEGImages-test/*.jpg
                                                              hbox_segs_trainvaltest_init/{gray,ins}/
    fast   fair1m_1024/trainval/    images/*.png              rhbox_segs_init/{gray,ins}/
           train.txt valid.txt      stems, one a line

Instances overlap; `gray` shows the one painted last, `ins` has them all and is what is read.
There are no sentences: a sample asks for all instances of a category, or names each instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from geoseg.dataset import Rle, decode_rle, encode_rle
from training.data.categories import find_category
from training.data.errors import DataError
from training.data.loaders.reading import field_of, read_lines, refuse_split, to_box, to_rle
from training.data.loaders.samrs_classes import DIOR, DOTA, FAIR1M
from training.data.pickles import read_pickle
from training.data.pictures import picture_size
from training.data.records import SEG, Box, Entry, Sample, Samples

Targets = Literal["category", "instance"]

_LISTS = {"train": "train.txt", "val": "valid.txt"}


@dataclass(frozen=True, slots=True)
class Subset:
    """Where one subset keeps things."""

    kind: str
    inside: tuple[str, ...]
    """Folders that may lie between the root given and the lists."""

    masks: str
    pictures: tuple[str, ...]
    ending: str
    classes: tuple[str, ...]

    def splits(self, root: Path) -> tuple[str, ...]:
        """Those of train and val that are there."""
        folder = self._folder(root)
        return tuple(s for s, name in _LISTS.items() if folder and (folder / name).is_file())

    def load(self, root: Path, split: str, *, targets: Targets = "category") -> Samples:
        """A sample for each category of each picture, with the union of its instances as mask.

        Or, with targets "instance", a sample for each picture that names every instance. To list
        categories all pickles are read; to list pictures none is.
        """
        refuse_split(root, split, self.splits(root))
        folder = self._folder(root) or root
        entries = []
        for stem in filter(None, map(str.strip, read_lines(folder / _LISTS[split]))):
            path = folder / self.masks / "ins" / f"{stem}.pkl"
            for category in self._asked(path) if targets == "category" else (None,):
                make = partial(self._sample, folder, split, stem, category)
                # Tiles of one picture are named after it.
                entries.append(Entry(str(path), stem.split("__")[0], make))
        return Samples(entries)

    def _folder(self, root: Path) -> Path | None:
        found = (root / inside for inside in ("", *self.inside))
        return next((folder for folder in found if (folder / self.masks).is_dir()), None)

    def _asked(self, path: Path) -> tuple[str | None, ...]:
        try:
            names = (self._name(instance, str(path)) for instance in _instances(path))
            return tuple(dict.fromkeys(names))
        except DataError:
            return (None,)  # making that sample says what is wrong

    def _name(self, instance: Any, where: str) -> str:
        """The category of an instance: by name, or by number as older files have it."""
        value = field_of(instance, "category", object, where)
        if isinstance(value, str):
            return value
        if not isinstance(value, int | np.integer) or not 0 <= value < len(self.classes):
            raise DataError(where, f"category {value} is none of {len(self.classes)}.")
        return self.classes[int(value)]

    def _sample(self, folder: Path, split: str, stem: str, category: str | None) -> Sample:
        path = folder / self.masks / "ins" / f"{stem}.pkl"
        places = [folder / name / f"{stem}{self.ending}" for name in self.pictures]
        image_path = next((place for place in places if place.is_file()), places[0])
        where = str(path)
        height, width = picture_size(image_path, where)
        read = [
            (self._name(one, where), to_rle(one.get("mask"), where, number), _box(one, where))
            for number, one in enumerate(_instances(path))
        ]
        told = _everything(read) if category is None else _all_of(category, read, where)
        return Sample(
            id=stem if category is None else f"{stem}/{category}",
            source=self.kind,
            split=split,
            group=stem.split("__")[0],
            image_path=image_path,
            height=height,
            width=width,
            where=where,
            **told,
        )


_Instance = tuple[str, Rle, Box]


def _everything(instances: list[_Instance]) -> dict[str, Any]:
    names = tuple(_words(name) for name, _, _ in instances)
    return {
        "instruction": "every object",
        "answer": " ".join(f"<p>{name}</p>{SEG}" for name in names) or "Nothing is there.",
        "masks": tuple(rle for _, rle, _ in instances),
        "boxes": tuple(box for _, _, box in instances),
        "phrases": names,
        "tags": frozenset({"instance"}),
    }


def _all_of(category: str, instances: list[_Instance], where: str) -> dict[str, Any]:
    own = [(rle, box) for name, rle, box in instances if name == category]
    known = find_category(category)
    plural = known.plural if known else f"{_words(category)}s"
    try:
        union = np.logical_or.reduce([decode_rle(rle) for rle, _ in own])
    except ValueError as error:
        raise DataError(where, f"a mask of {category}: {error}") from error
    return {
        "instruction": f"all {plural}",
        "answer": f"<p>{plural}</p>{SEG}",
        "masks": (encode_rle(union),),
        "boxes": tuple(box for _, box in own),
        "phrases": (plural,),
        "tags": frozenset({"semantic"}),
    }


def _instances(path: Path) -> list[Mapping[str, Any]]:
    rows = read_pickle(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(str(path), "holds no list of instances.")
    return rows


def _box(instance: Mapping[str, Any], where: str) -> Box:
    """FAST keeps a rotated box and the upright one around it; the others an upright one."""
    return to_box(instance.get("rhbox", instance.get("bbox")), where)


def _words(name: str) -> str:
    known = find_category(name)
    return known.name if known else name.replace("-", " ").lower()


SOTA = Subset(
    "samrs_sota",
    ("trainval", "SOTA", "SOTA/trainval", "SOTA/dotav2_1024/trainval", "dotav2_1024/trainval"),
    "hbox_segs_init",
    ("images",),
    ".png",
    DOTA,
)
SIOR = Subset(
    "samrs_sior",
    ("SIOR", "SIOR/dior", "dior"),
    "hbox_segs_trainvaltest_init",
    ("JPEGImages-trainval", "JPEGImages-test"),
    ".jpg",
    DIOR,
)
FAST = Subset(
    "samrs_fast",
    ("trainval", "FAST", "FAST/trainval", "FAST/fair1m_1024/trainval", "fair1m_1024/trainval"),
    "rhbox_segs_init",
    ("images",),
    ".png",
    FAIR1M,
)
