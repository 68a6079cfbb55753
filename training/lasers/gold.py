"""Verified masks of a category, and the shapes that they allow. Paper: 7.3."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from geoseg.dataset import decode_rle
from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.data.loaders.reading import field_of, read_json, to_rle
from training.lasers.review.decisions import Decision, newest, read_decisions
from training.lasers.rows import MaskRow, read_rows
from training.lasers.shapes import PROPERTIES, Shape, shape_of
from training.lasers.stages import Workplace

SIZE: Final = 50
"""Verified masks of a category that the paper takes."""


@dataclass(frozen=True, slots=True)
class Accepting:
    """How far from the verified shapes a shape may be. The paper leaves it open."""

    sigmas: float = 3.0
    """Standard deviations on either side of the mean."""

    quantiles: tuple[float, float] | None = None
    """Instead: from which to which quantile of the verified shapes."""

    small: bool = False
    """Whether fewer than 50 verified masks will do."""

    def __post_init__(self) -> None:
        low, high = self.quantiles or (0.0, 1.0)
        if not (0 <= low < high <= 1 and self.sigmas > 0):
            raise InstructionError(
                f"No shape lies within {self.sigmas} sigmas or the quantiles {low} to {high}: "
                "sigmas are above 0, quantiles rise between 0 and 1."
            )


@dataclass(frozen=True, slots=True)
class Range:
    """What a property may be, ends included."""

    low: float
    high: float


Ranges = Mapping[str, Range]
"""Property → what it may be."""

_ROUNDING: Final = 1e-9
"""Masks alike give sigmas of 0: they must still lie within their own range."""


def collect_gold(
    workplace: Workplace, categories: Sequence[str], most: int, path: Path
) -> dict[str, int]:
    """Keep the given masks of categories that reviewers verified, `most` of each, with who did.

    Other categories of the file stay as they are. Category → masks kept. DataError where nobody
    verified any of one.
    """
    decisions = newest(read_decisions(workplace.folder), "gold")
    content = dict(_categories(path)) if path.exists() else {}
    rows = read_rows(workplace.path("stage1.jsonl"), MaskRow)
    for category in categories:
        kept = [
            _verified(row, decisions[row.id])
            for row in rows
            if row.category == category
            and row.id in decisions
            and all(one.good for one in decisions[row.id].values())
        ][:most]
        if not kept:
            raise DataError(str(workplace.folder), f"nobody verified a mask of {category!r}.")
        content[category] = kept
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return {category: len(content[category]) for category in categories}


def _verified(row: MaskRow, by_reviewer: Mapping[str, Decision]) -> dict[str, Any]:
    return {
        "id": row.id,
        "picture": row.picture,
        "source": row.source,
        "mask": row.mask,
        "reviewer": sorted({one.reviewer for one in by_reviewer.values()}),
        "shape": asdict(shape_of(row.decode())),
    }


def read_gold(path: Path) -> dict[str, list[Shape]]:
    """Category → shapes of its verified masks. DataError where the file is none of these."""
    return {
        name: [_shape(row, f"{path}, {name}") for row in rows]
        for name, rows in _categories(path).items()
    }


def ranges(shapes: Sequence[Shape], accepting: Accepting) -> dict[str, Range]:
    """What each property may be, after the shapes of verified masks.

    InstructionError for fewer than 50 unless that is allowed.
    """
    if len(shapes) < SIZE and not accepting.small:
        raise InstructionError(
            f"There are {len(shapes)} verified masks where {SIZE} are asked for.",
            hint="Verify more of them, or give --allow-small-gold.",
        )
    found = {}
    for name in PROPERTIES:
        values = np.array([getattr(shape, name) for shape in shapes])
        if accepting.quantiles:
            low, high = np.quantile(values, accepting.quantiles)
        else:
            reach = accepting.sigmas * values.std(ddof=1 if len(values) > 1 else 0)
            low, high = values.mean() - reach, values.mean() + reach
        found[name] = Range(float(low) - _ROUNDING, float(high) + _ROUNDING)
    return found


def outside(shape: Shape, allowed: Ranges) -> tuple[str, ...]:
    """The properties that are not what they may be."""
    return tuple(
        name
        for name, within in allowed.items()
        if not within.low <= getattr(shape, name) <= within.high
    )


def _categories(path: Path) -> dict[str, list[Any]]:
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(v, list) for v in content.values()):
        raise DataError(str(path), "holds no lists of masks by category.")
    return content


def _shape(row: Any, where: str) -> Shape:
    mask = to_rle(field_of(row, "mask", dict, where), where)
    try:
        return shape_of(decode_rle(mask))
    except ValueError as error:
        raise DataError(where, f"mask {row.get('id')}: {error}") from error
