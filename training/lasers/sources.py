"""Where pictures, masks and boxes come from: folders of pictures, SAMRS, COCO files.

A COCO file's boxes show where to look closer; its outlines, where it has any, are masks with a
category like those of SAMRS. Its pictures are found by the end of their path.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from geoseg.dataset import Rle, encode_rle
from geoseg.errors import InstructionError
from training.data.categories import find_category
from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of, splits_of
from training.data.loaders.reading import field_of, read_json
from training.data.pictures import picture_size
from training.data.records import Box
from training.data.ucm import rasterize
from training.lasers.rows import MaskRow, PictureRow, Source, make_mask
from training.lasers.stages import hash_path

_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A box that somebody annotated, with a mask where there is one."""

    category: str
    box: Box
    mask: MaskRow | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A picture, where it lies, and what is known to be in it."""

    row: PictureRow
    path: Path
    labelled: tuple[Labelled, ...] = ()


def find_pictures(
    places: Sequence[Path], group: str | None, most: int | None, seed: int
) -> list[Found]:
    """Pictures in files and folders, by name; of more than `most`, so many drawn by the seed.

    `group` is a regular expression: what it finds in a name is the group. DataError where a place
    holds no picture or two pictures would have the same name, InstructionError for less than 1.
    """
    if most is not None and most < 1:
        raise InstructionError(f"{most} pictures make no data set. Give 1 or more.")
    found: dict[str, Path] = {}
    for place in places:
        for name, path in _listed(place):
            if found.setdefault(name, path) != path:
                raise DataError(
                    str(path), f"and {found[name]} would both be {name}. Give a folder above both."
                )
    names = sorted(found)
    if most is not None and most < len(names):
        drawn = np.random.default_rng([seed, len(names)]).permutation(len(names))[:most]
        names = sorted(names[place] for place in drawn)
    return [_found(name, found[name], _group(name, group)) for name in names]


def read_samrs(root: Path) -> Iterator[Found]:
    """The pictures of a subset of SAMRS, with the mask and box of each instance."""
    kind = kind_of(root)
    if not kind.startswith("samrs"):
        raise DataError(str(root), f"is of kind {kind}, no subset of SAMRS.")
    subset = kind.removeprefix("samrs_")  # different subsets have pictures of one name
    for split in splits_of(kind, root):
        for sample in LOADERS[kind](root, split, targets="instance"):
            path, group = sample.image_path, f"{subset}-{sample.group}"
            found = _found(f"{subset}-{path.name}", path, group)
            labelled = [
                Labelled(name, box, _masked("samrs", found.row, mask, name, box, sample.where))
                for mask, name, box in zip(sample.masks, sample.phrases, sample.boxes, strict=True)
            ]
            yield Found(found.row, path, _complete(labelled))


def with_coco(found: Sequence[Found], path: Path) -> list[Found]:
    """Pictures with what a COCO file says of them. DataError where it is none, or names none."""
    where = str(path)
    content = read_json(path)
    names = {c["id"]: _name(c["name"]) for c in field_of(content, "categories", list, where)}
    shapes: dict[Any, list[Any]] = {}
    for shape in field_of(content, "annotations", list, where):
        shapes.setdefault(shape.get("image_id"), []).append(shape)
    images = {image["file_name"]: image for image in field_of(content, "images", list, where)}
    told, known = [], 0
    for one in found:
        image = next((images[end] for end in _ends(one.path) if end in images), None)
        known += image is not None
        own = shapes.get(image["id"], []) if image else []
        named = (image or {}).get("exhaustive_categories")
        exhaustive = None if named is None else {_name(name) for name in named}
        labelled = [_of_coco(one.row, shape, names, where) for shape in own]
        told.append(Found(one.row, one.path, one.labelled + _complete(labelled, exhaustive)))
    if not known:
        raise DataError(where, f"names none of the {len(found)} pictures.")
    return told


def _of_coco(row: PictureRow, shape: Any, names: dict[Any, str], where: str) -> Labelled:
    try:
        x, y, width, height = (float(side) for side in shape["bbox"])
        name = names[shape["category_id"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(where, f"annotation {shape.get('id')} is no box of a category.") from error
    box = (x, y, x + width, y + height)
    outlines = shape.get("segmentation")
    if not isinstance(outlines, list) or not outlines:
        return Labelled(name, box)
    mask = encode_rle(rasterize(outlines, row.height, row.width))
    return Labelled(name, box, _masked("coco", row, mask, name, box, where))


def _masked(
    source: Source, row: PictureRow, mask: Rle, name: str, box: Box, where: str
) -> MaskRow | None:
    try:
        return make_mask(row.name, mask, source, category=name, given=tuple(box))
    except ValueError as error:
        raise DataError(where, f"a mask of {name}: {error}") from error


def _complete(
    labelled: Sequence[Labelled], exhaustive: Set[str] | None = None
) -> tuple[Labelled, ...]:
    """With how many boxes there are of a category, and whether all its things have masks.

    `exhaustive` are the categories of which everything was annotated; None for all of them.
    """
    boxes = Counter(label.category for label in labelled)
    bare = {label.category for label in labelled if label.mask is None}
    return tuple(
        replace(
            label,
            mask=label.mask
            and replace(
                label.mask,
                boxes=boxes[label.category],
                exhaustive=label.category not in bare
                and (exhaustive is None or label.category in exhaustive),
            ),
        )
        for label in labelled
    )


def _listed(place: Path) -> list[tuple[str, Path]]:
    if place.is_file():
        return [(place.name, place)]
    files = [path for path in sorted(place.rglob("*")) if path.suffix.lower() in _ENDINGS]
    if not files:
        raise DataError(str(place), f"holds no picture ({', '.join(_ENDINGS)}).")
    return [("-".join(path.relative_to(place).parts), path) for path in files]


def _found(name: str, path: Path, group: str) -> Found:
    height, width = picture_size(path, str(path))
    return Found(PictureRow(name, group, height, width, hash_path(path)), path)


def _group(name: str, pattern: str | None) -> str:
    try:
        match = re.search(pattern, name) if pattern else None
    except re.error as error:
        raise InstructionError(f"{pattern!r} is no regular expression ({error}).") from error
    return match[match.lastindex or 0] if match else Path(name).stem


def _ends(path: Path) -> Iterator[str]:
    """A path, shortened from its front, down to its name."""
    parts = path.parts
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _name(text: str) -> str:
    known = find_category(text)
    return known.name if known else text


def fingerprint(paths: Sequence[Path]) -> str:
    """One hash of several files or folders."""
    return hashlib.sha256("".join(map(hash_path, paths)).encode()).hexdigest()
