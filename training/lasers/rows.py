"""What stages hand on, a row of JSON each: pictures, masks, questions.

Rows name pictures by their name in the set, never by a path, and ids follow from what a row says:
the same input gives the same bytes wherever it lies, and a decision about a row holds as long as
the row says the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from geoseg.dataset import Rle, decode_rle, rle_box
from training.data.errors import DataError

PixelBox = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels, the ends one past the last."""

Source = Literal["samrs", "coco", "global", "local"]


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture of the set."""

    name: str
    """Its file in the set."""

    group: str
    """Pictures of one group show the same place: a group is never split."""

    height: int
    width: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MaskRow:
    """A mask that was given or proposed."""

    id: str
    picture: str
    mask: Rle
    box: PixelBox
    """The tight one."""

    source: Source
    category: str | None
    """None until somebody says what it is."""

    given: tuple[float, float, float, float] | None = None
    """The annotated box that it belongs to, or inside which it was proposed."""

    within: str | None = None
    """What the annotated box holds, for a mask that was proposed inside it."""

    boxes: int = 0
    """Annotated ones of its category in the picture."""

    exhaustive: bool = False
    """All things of its category in the picture have masks."""

    quality: float | None = None
    stability: float | None = None
    point: tuple[float, float] | None = None

    def decode(self) -> NDArray[np.bool_]:
        """(H, W). DataError where it is no mask."""
        try:
            return decode_rle(self.mask)
        except ValueError as error:
            raise DataError(f"mask {self.id}", str(error)) from error


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question about a picture, with its answer."""

    id: str
    picture: str
    question: str
    answer: str
    targets: tuple[tuple[str, ...], ...]
    """Ids of the masks that each ``[SEG]`` of the answer unites."""

    categories: tuple[str, ...]
    """Of each target."""

    tags: tuple[str, ...]
    prompt: str
    """Name and version of the prompt."""

    model: str
    """What answered it."""

    flags: tuple[str, ...] = ()
    """What the checks before review found."""


Row = TypeVar("Row", PictureRow, MaskRow, QuestionRow)


def make_mask(picture: str, mask: Rle, source: Source, **rest: Any) -> MaskRow | None:
    """A row for a mask; None where it is empty. ValueError where it is none."""
    box = rle_box(mask)
    if box is None:
        return None
    said = [picture, source, mask["size"], mask["counts"], rest.get("category"), rest.get("given")]
    return MaskRow(digest(said), picture, mask, box, source, **({"category": None} | rest))


def unions_of(row: QuestionRow, masks: Mapping[str, MaskRow]) -> list[NDArray[np.bool_]]:
    """What each target of a question unites, (H, W). DataError where one of its masks is gone."""
    missing = [name for ids in row.targets for name in ids if name not in masks]
    if missing:
        raise DataError(
            f"question {row.id}",
            f"is about masks that there are no more ({', '.join(missing)}).",
            hint="Stage 3 has been done anew: check its questions again.",
        )
    return [np.logical_or.reduce([masks[name].decode() for name in ids]) for ids in row.targets]


def digest(value: Any) -> str:
    """Twelve hexadecimal digits of what a JSON value says."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Dataclasses or JSON values, one a line."""
    with path.open("w", encoding="utf-8") as lines:
        for row in rows:
            value = asdict(row) if hasattr(row, "__dataclass_fields__") else row
            lines.write(json.dumps(value, ensure_ascii=False) + "\n")


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """The rows of a file. DataError where it cannot be read or a line is no such row."""
    rows = []
    for number, value in enumerate(read_lines(path), 1):
        where = f"{path}, line {number}"
        names = {field.name for field in fields(kind)}
        if not isinstance(value, dict) or not set(value) <= names:
            raise DataError(where, f"is no {kind.__name__}.")
        try:
            rows.append(kind(**{name: _frozen(part) for name, part in value.items()}))
        except TypeError as error:
            raise DataError(where, f"is no {kind.__name__} ({error}).") from error
    return rows


def read_lines(path: Path) -> Iterator[Any]:
    """The JSON values of a file, one a line. DataError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read ({error}).") from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}", f"is no JSON ({error}).") from error


def _frozen(value: Any) -> Any:
    """Lists as tuples; a mask stays what it is."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
