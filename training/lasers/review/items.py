"""What a page shows: questions with their masks, or masks alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from geoseg.dataset import encode_rle
from training.lasers.filtering import wrong_counts
from training.lasers.review.decisions import newest, read_decisions
from training.lasers.review.points import Kind
from training.lasers.rows import MaskRow, QuestionRow, read_lines, read_rows, unions_of
from training.lasers.stages import Workplace

Item = dict[str, Any]
"""id, picture, question, answer, about, tags, flags, and the targets with a mask each."""


def list_items(
    workplace: Workplace,
    kind: Kind,
    *,
    category: str | None = None,
    everything: bool = False,
    ids: Sequence[str] | None = None,
) -> list[Item]:
    """What there is to judge of a kind: what nobody has judged, everything, or these ids alone.

    Questions are those of stage 4; masks the proposed ones of stage 1; masks for a gold set the
    given ones of a category that pass the count. DataError where those stages have not been done.
    """
    items = _questions(workplace) if kind == "question" else _masks(workplace, kind, category)
    if ids is not None:
        wanted = set(ids)
        return [item for item in items if item["id"] in wanted]
    judged = newest(read_decisions(workplace.folder), kind)
    return [item for item in items if everything or item["id"] not in judged]


def known_ids(folder: Path) -> frozenset[str]:
    """Of the masks and questions that there are to judge."""
    files = (folder / "stage1.jsonl", folder / "stage4.jsonl")
    return frozenset(row["id"] for path in files if path.exists() for row in read_lines(path))


def _questions(workplace: Workplace) -> Iterable[Item]:
    rows = read_rows(workplace.path("stage4.jsonl"), QuestionRow)
    masks = {row.id: row for row in read_rows(workplace.path("stage3.masks.jsonl"), MaskRow)}
    for row in rows:
        yield {
            "id": row.id,
            "picture": row.picture,
            "question": row.question,
            "answer": row.answer,
            "about": "",
            "tags": list(row.tags),
            "flags": list(row.flags),
            "targets": [{"mask": encode_rle(union)} for union in unions_of(row, masks)],
        }


def _masks(workplace: Workplace, kind: Kind, category: str | None) -> Iterable[Item]:
    rows = read_rows(workplace.path("stage1.jsonl"), MaskRow)
    if kind == "mask":
        chosen = [row for row in rows if row.category is None]
    else:
        wrong = wrong_counts(rows)
        chosen = [
            row
            for row in rows
            if row.category is not None
            and category in (None, row.category)
            and (row.picture, row.category) not in wrong
        ]
    for row in chosen:
        yield {
            "id": row.id,
            "picture": row.picture,
            "question": "",
            "answer": "",
            "about": row.category
            or (f"mask inside a box of: {row.within}" if row.within else "mask"),
            "tags": [row.source, *_scores(row)],
            "flags": [],
            "targets": [{"mask": row.mask}],
        }


def _scores(row: MaskRow) -> list[str]:
    scores = {"quality": row.quality, "stability": row.stability}
    return [f"{name} {value:.2f}" for name, value in scores.items() if value is not None]
