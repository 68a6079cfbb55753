"""Labelled pictures on disk: a JSON list of questions and answers, and the pictures beside it.

The format is that of LaSeRS (SegEarth-R2, section 3): `image_name`, `description` and `answer` are
read here; `id` and `mask` are not needed. Pictures lie beside the list, in `images/` there, or in
`images/` beside its folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from geoseg.errors import InstructionError

_MODES = ("RGB", "L", "P", "RGBA", "LA", "1")
_FIELDS = ("image_name", "description", "answer")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question about a picture, and what a person answers."""

    picture: Path
    question: str
    answer: str


def read_labelled(path: Path, *, limit: int | None = None) -> tuple[Labelled, ...]:
    """The first `limit` questions of a list, or of the one in a folder or in its `annotations/`.

    InstructionError if the list is not in the format or a picture is not there.
    """
    file = _list_in(path) if path.is_dir() else path
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstructionError(
            f"The labelled set {file} cannot be read ({error}). Give a JSON list of objects with "
            f"{', '.join(_FIELDS)}, or the folder that holds one."
        ) from error
    if not isinstance(entries, list) or not entries:
        raise InstructionError(
            f"The labelled set {file} is not a list with entries. Give a JSON list of objects with "
            f"{', '.join(_FIELDS)}."
        )
    return tuple(_entry(file, number, entry) for number, entry in enumerate(entries[:limit]))


def read_picture(path: Path) -> Tensor:
    """(3, H, W) uint8 RGB of an 8-bit picture; InstructionError if it is not one."""
    try:
        with Image.open(path) as image:
            if image.mode not in _MODES:
                raise InstructionError(
                    f"The picture {path} has pixels of kind {image.mode!r}; this command reads "
                    "8-bit pictures. Convert it to 8-bit RGB, or use `geoseg run` for scenes."
                )
            rgb = np.array(image.convert("RGB"))
    except InstructionError:
        raise
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InstructionError(
            f"The picture {path} cannot be read ({error}). Give a PNG, JPEG or 8-bit TIFF file."
        ) from error
    return torch.from_numpy(rgb).permute(2, 0, 1)


def _list_in(folder: Path) -> Path:
    lists = [*sorted(folder.glob("*.json")), *sorted(folder.glob("annotations/*.json"))]
    if len(lists) != 1:
        found = ", ".join(file.name for file in lists) or "none"
        raise InstructionError(
            f"The folder {folder} should hold one labelled set, as a .json file in it or in its "
            f"annotations/; found: {found}. Give the file itself."
        )
    return lists[0]


def _entry(file: Path, number: int, entry: Any) -> Labelled:
    values = {f: entry.get(f) if isinstance(entry, dict) else None for f in _FIELDS}
    texts = [value for value in values.values() if isinstance(value, str)]
    if len(texts) < len(_FIELDS):
        wrong = ", ".join(f for f, value in values.items() if not isinstance(value, str))
        raise InstructionError(
            f"Entry {number} of the labelled set {file} has no text as {wrong}. "
            "Test sets whose answers are withheld cannot be used here."
        )
    name, question, answer = texts
    near = (file.parent, file.parent / "images", file.parent.parent / "images")
    picture = next((folder / name for folder in near if (folder / name).is_file()), None)
    if picture is None:
        raise InstructionError(
            f"The picture {name!r} of entry {number} of {file} is not there. Put the pictures "
            "beside the list or in images/."
        )
    return Labelled(picture, question, answer)
