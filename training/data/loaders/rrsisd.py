"""RRSIS-D: one phrase, one mask, twenty categories; the layout of the refer family.

::

    rrsisd/refs(unc).p                       phrases and their splits, a pickle
    rrsisd/instances.json                    masks, COCO-like: `categories_id`, boxes x0 y0 x1 y1
    images/rrsisd/JPEGImages/00001.jpg …
    images/rrsisd/ann_split/00001.xml …      the same boxes again, not read
"""

from __future__ import annotations

from functools import partial, reduce
from pathlib import Path
from typing import Any

from geoseg.dataset import Rle, decode_rle, encode_rle
from training.data.errors import DataError
from training.data.loaders.reading import (
    field_of,
    read_json,
    refuse_split,
    text_of,
    to_box,
    to_rle,
)
from training.data.pickles import read_pickle
from training.data.pictures import picture_size
from training.data.records import SEG, Entry, Sample, Samples

KIND = "rrsisd"


def splits(root: Path) -> tuple[str, ...]:
    """train, val and test, or none."""
    return ("train", "val", "test") if _refs_file(root).is_file() else ()


def load(root: Path, split: str) -> Samples:
    """A sample for each sentence of a split; DataError where a file cannot be read."""
    refuse_split(root, split, splits(root))
    path = _refs_file(root)
    refs = read_pickle(path)
    if not isinstance(refs, list):
        raise DataError(str(path), f"holds a {type(refs).__name__} where a list is expected.")
    instances = read_json(root / "rrsisd" / "instances.json")
    index = {
        table: {row.get("id"): row for row in field_of(instances, table, list, str(path.parent))}
        for table in ("annotations", "categories")
    }
    entries = []
    for number, ref in enumerate(refs):
        if not isinstance(ref, dict) or ref.get("split", split) != split:
            continue
        where = f"{path}, record {number} (ref_id {ref.get('ref_id')})"
        annotation = index["annotations"].get(ref.get("ann_id"))
        category = index["categories"].get((annotation or {}).get("categories_id"), {})
        for place in range(max(1, len(ref.get("sentences") or ()))):
            make = partial(_sample, root, split, ref, annotation, category, place, where)
            entries.append(Entry(where, str(ref.get("file_name")), make))
    return Samples(entries)


def _refs_file(root: Path) -> Path:
    return root / "rrsisd" / "refs(unc).p"


def _sample(
    root: Path, split: str, ref: Any, annotation: Any, category: Any, place: int, where: str
) -> Sample:
    if annotation is None:
        raise DataError(
            where, f"instances.json has no annotation {ref.get('ann_id')}, which it refers to."
        )
    name = text_of(ref, "file_name", where)
    sentences = field_of(ref, "sentences", list, where)
    if not sentences:
        raise DataError(where, "has no sentence.")
    image_path = root / "images" / "rrsisd" / "JPEGImages" / name
    height, width = picture_size(image_path, where)
    return Sample(
        id=f"{ref.get('ref_id')}" + (f"/{place}" if place else ""),
        source=KIND,
        split=split,
        group=name,
        image_path=image_path,
        height=height,
        width=width,
        instruction=text_of(sentences[place], "sent", where),
        answer=SEG,
        masks=(_united(field_of(annotation, "segmentation", list, where), where),),
        boxes=(to_box(annotation.get("bbox"), where),),
        phrases=(str(category.get("name", "")),),
        where=where,
    )


def _united(segmentation: list[Any], where: str) -> Rle:
    """The list holds one mask; where it holds more, they are pieces of it."""
    if not segmentation:
        raise DataError(where, "its annotation has no mask.")
    pieces = [to_rle(piece, where, number) for number, piece in enumerate(segmentation)]
    if len(pieces) == 1:
        return pieces[0]
    try:
        return encode_rle(reduce(lambda a, b: a | b, map(decode_rle, pieces)))
    except ValueError as error:
        raise DataError(where, f"the pieces of its mask do not fit: {error}") from error
