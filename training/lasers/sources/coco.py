"""COCO files: boxes that show where to look closer, and outlines that are masks with a category.

A picture is found by the end of its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.data.loaders.reading import field_of, read_json, to_rle
from training.data.ucm import rasterize
from training.lasers.rows import PictureRow
from training.lasers.sources.labelled import Found, Labelled, category_name, complete, masked


def with_coco(found: Sequence[Found], path: Path) -> list[Found]:
    """Pictures with what a COCO file says of them. DataError where it is none, or names none."""
    where = str(path)
    images, names, shapes = _coco_parts(read_json(path), where)
    told, known = [], 0
    for one in found:
        image = next((images[end] for end in _ends(one.path) if end in images), None)
        known += image is not None
        own = shapes.get(image["id"], []) if image else []
        named = (image or {}).get("exhaustive_categories")
        exhaustive = None if named is None else {category_name(name) for name in named}
        labelled = [_of_coco(one.row, shape, names, where) for shape in own]
        told.append(Found(one.row, one.path, one.labelled + complete(labelled, exhaustive)))
    if not known:
        raise DataError(where, f"names none of the {len(found)} pictures.")
    return told


def _coco_parts(
    content: Any, where: str
) -> tuple[dict[str, Any], dict[Any, str], dict[Any, list[Any]]]:
    """Images by file name, names of categories by id, annotations by the id of their image."""
    parts = [field_of(content, name, list, where) for name in ("images", "categories")]
    annotations: dict[Any, list[Any]] = {}
    try:
        images = {image["file_name"]: image for image in parts[0] if image["id"] is not None}
        names = {category["id"]: category_name(category["name"]) for category in parts[1]}
        for shape in field_of(content, "annotations", list, where):
            annotations.setdefault(shape["image_id"], []).append(shape)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(where, f"is no COCO file (an entry has no {error}).") from error
    return images, names, annotations


def _of_coco(row: PictureRow, shape: Any, names: dict[Any, str], where: str) -> Labelled:
    try:
        x, y, width, height = (float(side) for side in shape["bbox"])
        name = names[shape["category_id"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(where, f"annotation {shape.get('id')} is no box of a category.") from error
    box = (x, y, x + width, y + height)
    outlines = shape.get("segmentation")
    if not outlines:
        return Labelled(name, box)
    where = f"{where}, annotation {shape.get('id')}"
    if isinstance(outlines, dict):
        mask = to_rle(outlines, where)
        if mask["size"] != [row.height, row.width]:
            size = [row.height, row.width]
            raise DataError(where, f"is of size {mask['size']}, its picture {row.name} of {size}.")
    else:
        try:
            mask = encode_rle(rasterize(outlines, row.height, row.width))
        except (TypeError, ValueError) as error:
            raise DataError(where, f"has an outline that is none ({error}).") from error
    return Labelled(name, box, masked("coco", row, mask, name, box, where))


def _ends(path: Path) -> Iterator[str]:
    """A path, shortened from its front, down to its name."""
    parts = path.parts
    return ("/".join(parts[start:]) for start in range(len(parts)))
