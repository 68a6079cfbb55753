"""Masks as the AIRS contest takes them: a flat zip of TIFFs, one for each [SEG] that was said.

``{picture stem}_{question id}_{annotation file stem}_{mask}.tif``, uint8, 0 and 255, of the
picture's size; masks are counted from 0. Stems hold underscores, so names are read from the right.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.errors import DataError
from training.data.loaders.lasers import SUBSETS

STEMS = tuple(f"test_{name}" for name in SUBSETS)
"""Annotation files of the test set."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same bytes whenever it is written."""


@dataclass(frozen=True, slots=True)
class MaskName:
    """The parts of a file's name."""

    picture: str
    """Stem of the picture's file."""

    question: str
    """Id of the question in its annotation file."""

    stem: str
    """Of the annotation file."""

    mask: int
    """Which [SEG] of the answer, from 0."""

    def __str__(self) -> str:
        return f"{self.picture}_{self.question}_{self.stem}_{self.mask}.tif"


def parse_name(name: str, stems: Sequence[str] = STEMS) -> MaskName:
    """Read a name from the right. DataError for one that is none, or of no known file."""
    body = name.removesuffix(".tif")
    rest, _, mask = body.rpartition("_")
    # A stem may end in another stem: the longest that fits is meant.
    for stem in sorted(stems, key=len, reverse=True):
        if mask.isdecimal() and body != name and rest.endswith(f"_{stem}"):
            picture, _, question = rest.removesuffix(f"_{stem}").rpartition("_")
            if picture and question:
                return MaskName(picture, question, stem, int(mask))
    raise DataError(
        name,
        "is no name of a mask: {picture}_{id}_{file stem}_{mask}.tif.",
        hint=f"Known file stems: {', '.join(stems)}.",
    )


def write_submission(path: Path, masks: Iterable[tuple[MaskName, NDArray[np.bool_]]]) -> int:
    """Write masks (H, W) into one zip; returns how many. DataError for a name that comes twice."""
    names: set[str] = set()
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mask in masks:
            if str(name) in names:
                raise DataError(str(name), "two masks have this name; ids are unique in a file.")
            names.add(str(name))
            archive.writestr(zipfile.ZipInfo(str(name), _EPOCH), tiff(mask))
    part.replace(path)
    return len(names)


def tiff(mask: NDArray[np.bool_]) -> bytes:
    """A mask (H, W) as an uncompressed 8-bit TIFF of 0 and 255; the zip compresses it."""
    sink = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(sink, format="TIFF")
    return sink.getvalue()
