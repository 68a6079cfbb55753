"""LaSeRS: questions with long answers, one mask for each ``[SEG]``. Paper: section 3.

::

    train/images/*   train/annotations/train_data.json
    val/images/*     val/annotations/*.json                 masks may be withheld
    test/images/*    test/annotations/test_{subset}.json    nine subsets of four dimensions

A question may stand in several of the test files; the split "test" has each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from training.data.errors import DataError
from training.data.loaders.reading import (
    field_of,
    read_list,
    refuse_split,
    text_of,
    to_box,
    to_rle,
)
from training.data.pictures import picture_size
from training.data.records import DIMENSIONS, Entry, Sample, Samples, phrases_of

KIND = "lasers"

SUBSETS: Mapping[str, str] = {
    "short_query": "short",
    "long_query": "long",
    "explicit": "explicit",
    "implicit": "implicit",
    "single_cate": "single",
    "multi_cate": "multiple",
    "sematic_level": "semantic",  # as the release spells it
    "instance_level": "instance",
    "part_level": "part",
}
"""Test files, and the tag that each stands for."""

_KNOWN_TAGS = frozenset(tag for tags in DIMENSIONS.values() for tag in tags)
_TRAIN = ("train_data.json", "train_ann.json")
_READ = ("id", "image_name", "description", "answer", "mask", "bbox", "tags", "group")


def splits(root: Path) -> tuple[str, ...]:
    """train, val, test, and the subsets of test that are there."""
    subsets = tuple(name for name in SUBSETS if _subset_file(root, name).is_file())
    whole = ("test",) if subsets else ()
    return tuple(name for name in ("train", "val") if _files(root, name)) + whole + subsets


def load(root: Path, split: str) -> Samples:
    """Samples of a split or of one test subset; DataError where a file cannot be read."""
    refuse_split(root, split, splits(root))
    found: dict[object, tuple[Path, int, Any, frozenset[str]]] = {}
    for path in _files(root, split):
        tag = SUBSETS.get(path.stem.removeprefix("test_"))
        for number, record in enumerate(read_list(path)):
            key = _key(record) if split == "test" else (path, number)
            first = found.get(key, (path, number, record, frozenset()))
            found[key] = (*first[:3], first[3] | ({tag} if tag else frozenset()))
    return Samples([_entry(root, split, *parts) for parts in found.values()])


def _files(root: Path, split: str) -> list[Path]:
    if split in SUBSETS:
        return [_subset_file(root, split)]
    if split == "test":
        return [path for name in SUBSETS if (path := _subset_file(root, name)).is_file()]
    folder = root / split / "annotations"
    if split == "train":
        return [folder / name for name in _TRAIN if (folder / name).is_file()][:1]
    return sorted(folder.glob("*.json"))


def _subset_file(root: Path, subset: str) -> Path:
    return root / "test" / "annotations" / f"test_{subset}.json"


def _key(record: Any) -> object:
    """What makes a question the same in several files: ids are only unique in each."""
    if not isinstance(record, Mapping):
        return id(record)
    return tuple(str(record.get(name)) for name in ("image_name", "description", "answer"))


def _entry(root: Path, split: str, path: Path, number: int, record: Any, tags: Any) -> Entry:
    known = record if isinstance(record, Mapping) else {}
    where = f"{path}, record {number} (id {known.get('id')})"
    group = str(known.get("group", known.get("image_name")))
    return Entry(where, group, partial(_sample, root, split, path.stem, record, tags, where))


def _sample(
    root: Path, split: str, stem: str, record: Any, tags: frozenset[str], where: str
) -> Sample:
    name = text_of(record, "image_name", where)
    folder = split if split in ("train", "val") else "test"
    image_path = root / folder / "images" / name
    height, width = picture_size(image_path, where)
    hidden = "mask" not in record and folder != "train"
    answer = record.get("answer", "") if hidden else text_of(record, "answer", where)
    rles = field_of(record, "mask", list, where) if "mask" in record else []
    own = frozenset(field_of(record, "tags", list, where)) if "tags" in record else frozenset()
    if own - _KNOWN_TAGS:
        raise DataError(where, f"has tags {sorted(own - _KNOWN_TAGS)}, which are none of ours.")
    return Sample(
        id=f"{stem}/{record.get('id')}",
        source=KIND,
        split=split,
        group=str(record.get("group", name)),
        image_path=image_path,
        height=height,
        width=width,
        instruction=text_of(record, "description", where),
        answer=answer,
        masks=tuple(to_rle(rle, where, number) for number, rle in enumerate(rles)),
        boxes=tuple(to_box(box, where) for box in record.get("bbox") or ()),
        phrases=phrases_of(answer),
        tags=tags | own,
        hidden=hidden,
        extra={key: value for key, value in record.items() if key not in _READ},
        where=where,
    )
