"""Pictures, and what is known to be in them, whoever says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from geoseg.dataset import Rle
from training.data.categories import find_category
from training.data.errors import DataError
from training.data.pictures import picture_size
from training.data.records import Box
from training.lasers.rows import MaskRow, PictureRow, Source, make_mask
from training.lasers.stages import hash_path


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


def found_picture(name: str, path: Path, group: str) -> Found:
    """A picture by its header and bytes. DataError where it cannot be read as 8 bits."""
    height, width = picture_size(path, str(path))
    with Image.open(path) as image:
        if image.mode.startswith(("I", "F")):
            raise DataError(
                str(path),
                f"has pixels of the kind {image.mode}, no 8 bits.",
                hint="Scenes of other kinds become data sets by `geoseg dataset`.",
            )
    return Found(PictureRow(name, group, height, width, hash_path(path)), path)


def masked(
    source: Source, row: PictureRow, mask: Rle, name: str, box: Box, where: str
) -> MaskRow | None:
    """A row for a given mask; None where it is empty. DataError where it is none."""
    try:
        return make_mask(row.name, mask, source, category=name, given=tuple(box))
    except ValueError as error:
        raise DataError(where, f"a mask of {name}: {error}") from error


def complete(
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


def category_name(text: str) -> str:
    """As Table 7 spells it, where it is one of its categories; otherwise as it is."""
    known = find_category(text)
    return known.name if known else text
