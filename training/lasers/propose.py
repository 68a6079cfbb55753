"""Stage 1: masks that are given, and masks that are proposed. Paper: 3.1 and 7.2.

::

    pictures.jsonl   the pictures, without their paths
    pictures/        they themselves
    stage1.jsonl     masks of SAMRS and COCO; masks proposed over whole pictures and inside boxes
"""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.data.pictures import read_picture
from training.data.records import Box
from training.lasers.grids import global_points, local_points
from training.lasers.proposing import (
    MaskProposer,
    Proposal,
    ProposerName,
    Rgb,
    Thresholds,
    open_proposer,
    selected,
)
from training.lasers.rows import (
    MaskRow,
    PictureRow,
    PixelBox,
    Source,
    make_mask,
    read_rows,
    write_rows,
)
from training.lasers.sources import (
    Found,
    Labelled,
    find_pictures,
    read_samrs,
    with_coco,
)
from training.lasers.stages import Counts, Done, Workplace, hash_json, hash_path

WHOLES = ("airplane", "plane", "ship")
"""Things whose boxes are looked into, after the paper's "airplanes and ships"."""


@dataclass(frozen=True, slots=True)
class ProposeSettings:
    """What stage 1 is told."""

    images: tuple[Path, ...] = ()
    """Files and folders of pictures."""

    samrs: tuple[Path, ...] = ()
    coco: tuple[Path, ...] = ()
    proposer: ProposerName = "floodfill"
    weights: Path | None = None
    """Folder of a SAM; without one it is tiny and random."""

    device: str = "auto"
    inside: tuple[str, ...] = WHOLES
    """Categories whose boxes get points of their own; "all" for every one."""

    pictures: int | None = None
    """Most pictures of `images`, drawn by the seed."""

    group_by: str | None = None
    """What of a picture's name tells which pictures belong together."""

    quality: float | None = None
    stability: float | None = None
    min_pixels: int = 32
    seed: int = 0


def propose(workplace: Workplace, settings: ProposeSettings) -> Done:
    """Do stage 1. DataError for what cannot be read, CheckpointError for weights that are none."""
    found = _everything(settings)
    key = {
        "pictures": [[one.row.name, one.row.group, one.row.sha256] for one in found],
        "labels": [[m.id for x in one.labelled if (m := x.mask)] for one in found],
        "boxes": [[[x.category, *x.box] for x in one.labelled] for one in found],
        "proposer": settings.proposer,
        "weights": hash_path(settings.weights) if settings.weights else None,
        "inside": settings.inside,
        "thresholds": [settings.quality, settings.stability, settings.min_pixels],
    }
    # A picture that a stopped run finished is not looked at again.
    finished = workplace.folder / f".propose-{hash_json(key)[:12]}"
    done = workplace.do("propose", key, lambda folder: _work(folder, found, settings, finished))
    for folder in workplace.folder.glob(".propose-*"):
        shutil.rmtree(folder, ignore_errors=True)
    return done


def _everything(settings: ProposeSettings) -> list[Found]:
    found = find_pictures(settings.images, settings.group_by, settings.pictures, settings.seed)
    for path in settings.coco:
        found = with_coco(found, path)
    for root in settings.samrs:
        found += read_samrs(root)
    for name, times in Counter(one.row.name for one in found).items():
        if times > 1:
            raise DataError(name, f"is the name of {times} pictures. Each needs its own.")
    return found


def _work(
    folder: Path, found: Sequence[Found], settings: ProposeSettings, finished: Path
) -> Counts:
    proposer = open_proposer(settings.proposer, settings.weights, settings.device)
    (folder / "pictures").mkdir()
    finished.mkdir(exist_ok=True)
    rows: list[MaskRow] = []
    for one in tqdm(found, "pictures", disable=None):
        shutil.copyfile(one.path, folder / "pictures" / one.row.name)
        kept = finished / f"{one.row.name}.jsonl"
        if not kept.exists():
            part = finished / ".part"
            write_rows(part, _masks(one, proposer, settings))
            part.replace(kept)
        rows += read_rows(kept, MaskRow)
    write_rows(folder / "pictures.jsonl", (one.row for one in found))
    write_rows(folder / "stage1.jsonl", rows)
    boxes = [_crop(x.box, one.row) for one in found for x in _looked_at(one, settings)]
    return {
        "pictures": len(found),
        **{f"from_{name}": n for name, n in Counter(row.source for row in rows).items()},
        "boxes_looked_into": len(boxes) - boxes.count(None) if proposer else 0,
        "boxes_outside": boxes.count(None),
        "masks": len(rows),
    }


def _masks(
    one: Found, proposer: MaskProposer | None, settings: ProposeSettings
) -> Iterator[MaskRow]:
    """Given masks; those over the whole picture, then inside its boxes. None twice."""
    known = {label.mask.id: label.mask for label in one.labelled if label.mask}
    yield from known.values()
    if proposer is None:
        return
    thresholds = _thresholds(proposer, settings)
    picture = read_picture(one.path, str(one.path))
    taken = [row.decode() for row in known.values()]
    points = global_points(one.row.height, one.row.width)
    for good in selected(proposer.propose(picture, points), thresholds, taken):
        taken.append(good.mask)
        yield _row(one, good, "global")
    for label in _looked_at(one, settings):
        if crop := _crop(label.box, one.row):
            for good in selected(_looked_into(picture, crop, proposer), thresholds, taken):
                taken.append(good.mask)
                yield _row(one, good, "local", within=label.category, given=crop)


def _looked_at(one: Found, settings: ProposeSettings) -> list[Labelled]:
    every = "all" in settings.inside
    return [label for label in one.labelled if every or label.category in settings.inside]


def _row(one: Found, good: Proposal, source: Source, **rest: Any) -> MaskRow:
    x, y = good.point
    scores = {"quality": round(good.quality, 4), "stability": round(good.stability, 4)}
    row = make_mask(one.row.name, encode_rle(good.mask), source, point=(x, y), **scores, **rest)
    assert row is not None, "an empty mask passes no threshold"
    return row


def _looked_into(picture: Rgb, crop: PixelBox, proposer: MaskProposer) -> list[Proposal]:
    """What is proposed on a crop of a picture, in the pixels of the picture."""
    x0, y0, x1, y1 = crop
    start = np.array([x0, y0], np.float64)
    points = local_points((float(x0), float(y0), float(x1), float(y1))) - start
    found = []
    for one in proposer.propose(picture[y0:y1, x0:x1], points):
        mask = np.zeros(picture.shape[:2], bool)
        mask[y0:y1, x0:x1] = one.mask
        found.append(replace(one, mask=mask, point=(one.point[0] + x0, one.point[1] + y0)))
    return found


def _crop(box: Box, picture: PictureRow) -> PixelBox | None:
    """The whole pixels of a box that lie in the picture; None where there are none."""
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x1, y1 = min(picture.width, math.ceil(box[2])), min(picture.height, math.ceil(box[3]))
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _thresholds(proposer: MaskProposer, settings: ProposeSettings) -> Thresholds:
    usual = proposer.thresholds
    return replace(
        usual,
        quality=usual.quality if settings.quality is None else settings.quality,
        stability=usual.stability if settings.stability is None else settings.stability,
        min_pixels=settings.min_pixels,
    )
