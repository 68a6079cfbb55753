"""What all loaders read alike: JSON, lists of lines, fields of a record, masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geoseg.dataset import Rle, decode_rle, encode_rle
from training.data.errors import DataError


def read_json(path: Path) -> Any:
    """What a JSON file holds; DataError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise DataError(str(path), f"is no JSON ({error}).") from error


def read_list(path: Path) -> list[Any]:
    """The list in a JSON file; DataError where there is none."""
    rows = read_json(path)
    if not isinstance(rows, list):
        raise DataError(str(path), f"holds a {type(rows).__name__} where a list is expected.")
    return rows


def read_lines(path: Path) -> list[str]:
    """Lines without their ends; DataError where the file cannot be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read ({error}).") from error


def field_of(record: Any, name: str, kind: type[Any], where: str) -> Any:
    """A field of a record; DataError where it is missing or of another type."""
    value = record.get(name) if isinstance(record, Mapping) else None
    if not isinstance(value, kind):
        raise DataError(
            where, f"{name} is {_short(value)}, where {kind.__name__} is expected in this format."
        )
    return value


def text_of(record: Any, name: str, where: str) -> str:
    """A text of a record that is not blank; DataError otherwise."""
    text: str = field_of(record, name, str, where)
    if not text.strip():
        raise DataError(where, f"{name} is blank.")
    return text


def to_rle(value: Any, where: str, number: int = 0) -> Rle:
    """A mask in any of COCO's three forms as the compressed one.

    DataError where it is none. A compressed mask is not expanded here: what is wrong with its runs
    shows when it is decoded.
    """
    counts = field_of(value, "counts", object, f"{where}, mask {number}")
    try:
        if isinstance(counts, list):
            return encode_rle(decode_rle(value))
        text = counts.decode("ascii") if isinstance(counts, bytes) else counts
        if not isinstance(text, str):
            raise ValueError(f"its counts are {_short(counts)}, neither text nor a list.")
        return {"size": [int(side) for side in value["size"]], "counts": text}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(where, f"mask {number} is no run lengths: {error}") from error


def to_box(value: Any, where: str) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of a record; DataError unless it is four numbers."""
    try:
        x0, y0, x1, y1 = (float(side) for side in value)
    except (TypeError, ValueError) as error:
        raise DataError(where, f"{_short(value)} is no box of x0, y0, x1, y1.") from error
    return x0, y0, x1, y1


def refuse_split(root: Path, split: str, known: Sequence[str]) -> None:
    """DataError unless the split is one of those that the folder has."""
    if split not in known:
        has = f"it has {', '.join(known)}" if known else "nothing of this kind lies there"
        raise DataError(str(root), f"has no split {split!r}; {has}.")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
