"""The instances of SAMRS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of, splits_of
from training.lasers.sources.labelled import Found, Labelled, complete, found_picture, masked


def read_samrs(root: Path) -> Iterator[Found]:
    """The pictures of a subset of SAMRS, with the mask and box of each instance."""
    kind = kind_of(root)
    if not kind.startswith("samrs"):
        raise DataError(str(root), f"is of kind {kind}, no subset of SAMRS.")
    subset = kind.removeprefix("samrs_")  # different subsets have pictures of one name
    for split in splits_of(kind, root):
        for sample in LOADERS[kind](root, split, targets="instance"):
            path, group = sample.image_path, f"{subset}-{sample.group}"
            found = found_picture(f"{subset}-{path.name}", path, group)
            labelled = [
                Labelled(name, box, masked("samrs", found.row, mask, name, box, sample.where))
                for mask, name, box in zip(sample.masks, sample.phrases, sample.boxes, strict=True)
            ]
            yield Found(found.row, path, complete(labelled))
