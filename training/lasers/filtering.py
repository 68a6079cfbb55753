"""Stage 2: masks that can be used. Paper: 3.1 and 7.3.

::

    stage2.jsonl            masks that stay
    stage2.rejected.jsonl   those that go, and why

Given masks: a picture and category goes where the pieces of its mask are not as many as its boxes;
then each mask whose shape is none of a verified mask's. Proposed masks: what people say of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from training.lasers.gold import Accepting, Ranges, outside, ranges, read_gold
from training.lasers.review.decisions import read_decisions, reasons, verdicts
from training.lasers.rows import MaskRow, read_rows, write_rows
from training.lasers.shapes import components, shape_of
from training.lasers.stages import Counts, Done, Workplace, hash_path

Unreviewed = Literal["keep", "drop"]


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """What stage 2 is told."""

    min_component_px: int = 0
    """Smaller pieces of a mask are not counted. The paper counts all."""

    gold: Path | None = None
    """Verified masks; categories without any are not told by their shape."""

    accepting: Accepting = field(default_factory=Accepting)
    unreviewed: Unreviewed = "keep"
    """What happens to proposed masks that nobody judged. The paper's were all judged."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A mask that goes."""

    id: str
    category: str | None
    reason: str
    """"count", "shape", "review" or "unreviewed"."""

    detail: tuple[str, ...]


def filter_masks(workplace: Workplace, settings: FilterSettings) -> Done:
    """Do stage 2. DataError where stage 1 or the gold set cannot be read."""
    masks = workplace.path("stage1.jsonl")
    decisions = read_decisions(workplace.folder)
    verdict, why = verdicts(decisions, "mask"), reasons(decisions, "mask")
    gold = read_gold(settings.gold) if settings.gold else {}
    allowed = {name: ranges(shapes, settings.accepting) for name, shapes in gold.items()}
    key = {
        "masks": hash_path(masks),
        "verdicts": verdict,
        "why": why,
        "ranges": {name: {p: asdict(r) for p, r in of.items()} for name, of in allowed.items()},
        "settings": [settings.min_component_px, settings.unreviewed],
    }

    def work(folder: Path) -> Counts:
        rows = read_rows(masks, MaskRow)
        wrong = wrong_counts(rows, settings.min_component_px)
        kept: list[MaskRow] = []
        rejected: list[Rejected] = []
        for row in rows:
            reason = (
                _given(row, wrong, allowed)
                if row.category is not None
                else _proposed(row, verdict, why, settings.unreviewed)
            )
            if reason:
                rejected.append(Rejected(row.id, row.category, *reason))
            else:
                kept.append(row)
        write_rows(folder / "stage2.jsonl", kept)
        write_rows(folder / "stage2.rejected.jsonl", rejected)
        sizes = {name: len(shapes) for name, shapes in gold.items()}
        return _counted(rows, kept, rejected, verdict) | {"gold": sizes}

    return workplace.do("filter", key, work)


def count_mismatch(union: Any, boxes: int, min_component_px: int = 0) -> int | None:
    """How many pieces a mask (H, W) has, where that is not how many boxes there are."""
    _, sizes = components(union)
    pieces = int((sizes >= min_component_px).sum())
    return None if pieces == boxes else pieces


def wrong_counts(rows: Iterable[MaskRow], least: int = 0) -> dict[tuple[str, str], str]:
    """Picture and category → what is wrong with its pieces."""
    groups: dict[tuple[str, str], list[MaskRow]] = {}
    for row in rows:
        if row.category is not None:
            groups.setdefault((row.picture, row.category), []).append(row)
    wrong = {}
    for name, own in groups.items():
        union = np.logical_or.reduce([row.decode() for row in own])
        if (pieces := count_mismatch(union, own[0].boxes, least)) is not None:
            wrong[name] = f"{pieces} pieces, {own[0].boxes} boxes"
    return wrong


def _given(
    row: MaskRow, wrong: Mapping[tuple[str, str], str], allowed: Mapping[str, Ranges]
) -> tuple[str, tuple[str, ...]] | None:
    assert row.category is not None
    if (row.picture, row.category) in wrong:
        return "count", (wrong[row.picture, row.category],)
    if row.category in allowed and (odd := outside(shape_of(row.decode()), allowed[row.category])):
        return "shape", odd
    return None


def _proposed(
    row: MaskRow,
    verdict: Mapping[str, bool],
    why: Mapping[str, tuple[str, ...]],
    unreviewed: Unreviewed,
) -> tuple[str, tuple[str, ...]] | None:
    if row.id not in verdict:
        return ("unreviewed", ()) if unreviewed == "drop" else None
    return None if verdict[row.id] else ("review", why[row.id])


def _counted(
    rows: list[MaskRow], kept: list[MaskRow], rejected: list[Rejected], verdict: Mapping[str, bool]
) -> Counts:
    properties = Counter(name for one in rejected if one.reason == "shape" for name in one.detail)
    proposed = [row for row in kept if row.category is None]
    return {
        "masks_in": len(rows),
        "masks": len(kept),
        "rejected": dict(Counter(one.reason for one in rejected)),
        "shapes_rejected_by": dict(properties),
        "kept_unreviewed": sum(row.id not in verdict for row in proposed),
    }
