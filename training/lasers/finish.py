"""Stage 4, its second half: what stays becomes a data set in the format of LaSeRS. Paper: 3.1, 3.2.

::

    stage4.rejected.jsonl                      questions that go, and why
    dataset/train/images/*                     pictures
    dataset/train/annotations/train_data.json  questions, answers, masks, boxes
    dataset/test/...                           the same, in the nine subsets; one may be empty
    dataset/stats.{json,png,svg}               the numbers of Table 1 and Figure 3
    dataset/dataset.json                       how many there were of what after each stage
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geoseg.dataset import encode_rle, rle_box
from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.data.loaders import LOADERS, whole_splits
from training.data.loaders.lasers import KIND, SUBSETS
from training.data.plots import draw
from training.data.statistics import Tally, tally
from training.lasers.filtering import Unreviewed
from training.lasers.review.decisions import read_decisions, reasons, verdicts
from training.lasers.rows import (
    MaskRow,
    PictureRow,
    QuestionRow,
    read_rows,
    unions_of,
    write_rows,
)
from training.lasers.stages import Counts, Done, Workplace, hash_path


@dataclass(frozen=True, slots=True)
class FinishSettings:
    """What the end of stage 4 is told."""

    test: float = 0.05
    """Share of the groups of pictures that is kept for testing."""

    unreviewed: Unreviewed = "keep"
    """What happens to questions that nobody judged. The paper's were all judged."""

    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.test < 1:
            raise InstructionError(
                f"The share for testing is {self.test}; it must be at least 0 and less than 1."
            )


def finish(workplace: Workplace, settings: FinishSettings) -> Done:
    """Write the data set. DataError where nothing stays."""
    names = ("stage4.jsonl", "stage3.masks.jsonl", "pictures.jsonl")
    questions, masks, pictures = (workplace.path(name) for name in names)
    decisions = read_decisions(workplace.folder)
    verdict, why = verdicts(decisions, "question"), reasons(decisions, "question")
    before = {name: told for name, told in workplace.counts().items() if name != "finish"}
    key = {
        "inputs": [hash_path(path) for path in (questions, masks, pictures)],
        "before": before,
        "verdicts": verdict,
        "why": why,
        "settings": asdict(settings),
    }

    def work(folder: Path) -> Counts:
        rows = read_rows(questions, QuestionRow)
        gone = {row.id: reason for row in rows if (reason := _reason(row, verdict, why, settings))}
        kept = [row for row in rows if row.id not in gone]
        if not kept:
            raise DataError(str(workplace.folder), f"none of {len(rows)} questions stays.")
        write_rows(
            folder / "stage4.rejected.jsonl", [{"id": i, "reason": r} for i, r in gone.items()]
        )
        by_id = {row.id: row for row in read_rows(masks, MaskRow)}
        records = [_record(number, row, by_id, verdict) for number, row in enumerate(kept)]
        held = held_out(read_rows(pictures, PictureRow), kept, settings)
        _write(folder / "dataset", records, held, workplace.folder / "pictures")
        counts = _counted(rows, kept, gone, verdict) | _measured(folder / "dataset")
        _save({"format": 1, "stages": before | {"finish": counts}}, folder / "dataset/dataset.json")
        return counts

    return workplace.do("finish", key, work)


def held_out(
    pictures: Sequence[PictureRow], rows: Sequence[QuestionRow], settings: FinishSettings
) -> frozenset[str]:
    """Names of the pictures kept for testing: whole groups, at least one if there are two."""
    asked = {row.picture for row in rows}
    groups = sorted({one.group for one in pictures if one.name in asked})
    count = max(1, round(settings.test * len(groups))) if settings.test and len(groups) > 1 else 0
    drawn = np.random.default_rng(settings.seed).permutation(len(groups))[
        : min(count, len(groups) - 1)
    ]
    held = {groups[place] for place in drawn}
    return frozenset(one.name for one in pictures if one.group in held)


def _reason(
    row: QuestionRow,
    verdict: Mapping[str, bool],
    why: Mapping[str, tuple[str, ...]],
    settings: FinishSettings,
) -> str | None:
    if row.id not in verdict:
        return "unreviewed" if settings.unreviewed == "drop" else None
    return None if verdict[row.id] else f"review: {', '.join(why[row.id])}"


def _record(
    number: int, row: QuestionRow, masks: Mapping[str, MaskRow], verdict: Mapping[str, bool]
) -> dict[str, Any]:
    unions = [encode_rle(union) for union in unions_of(row, masks)]
    return {
        "id": number,
        "image_name": row.picture,
        "description": row.question,
        "answer": row.answer,
        "mask": unions,
        "bbox": [rle_box(union) for union in unions],
        "bbox_each": [[masks[name].box for name in ids] for ids in row.targets],
        "category": list(row.categories),
        "tags": list(row.tags),
        "source": [sorted({masks[name].source for name in ids}) for ids in row.targets],
        "question_id": row.id,
        "model": row.model,
        "reviewed": row.id in verdict,
    }


def _write(
    folder: Path, records: Sequence[Mapping[str, Any]], held: frozenset[str], pictures: Path
) -> None:
    train = [record for record in records if record["image_name"] not in held]
    test = [record for record in records if record["image_name"] in held]
    for split, own in (("train", train), ("test", test)):
        for name in sorted({record["image_name"] for record in own}):
            _linked(pictures / name, folder / split / "images" / name)
    _save(train, folder / "train/annotations/train_data.json")
    if test:
        for name, tag in SUBSETS.items():
            chosen = [record for record in test if tag in record["tags"]]
            _save(chosen, folder / "test/annotations" / f"test_{name}.json")


def _measured(folder: Path) -> Counts:
    """Counts of the splits, as the loader reads them; statistics beside them."""
    by_split = {split: tally(LOADERS[KIND](folder, split)) for split in whole_splits(KIND, folder)}
    whole = Tally()
    for counts in by_split.values():
        whole = whole.merged(counts)
    report = {"all": whole.report()} | {name: one.report() for name, one in by_split.items()}
    _save(report, folder / "stats.json")
    draw(whole, f"{whole.samples} questions, {len(whole.areas)} masks", folder)
    measured: Counts = {}
    for split, counts in by_split.items():
        measured[f"{split}_questions"] = counts.samples
        measured[f"{split}_masks"] = len(counts.areas)
        measured[f"{split}_pictures"] = len(counts.pictures)
    return measured


def _counted(
    rows: Sequence[QuestionRow],
    kept: Sequence[QuestionRow],
    gone: Mapping[str, str],
    verdict: Mapping[str, bool],
) -> Counts:
    return {
        "questions_in": len(rows),
        "questions": len(kept),
        "masks": sum(len(row.targets) for row in kept),
        "rejected_by_review": sum(reason.startswith("review") for reason in gone.values()),
        "dropped_unreviewed": sum(reason == "unreviewed" for reason in gone.values()),
        "kept_unreviewed": sum(row.id not in verdict for row in kept),
    }


def _linked(source: Path, target: Path) -> None:
    """A second name for a file where the disk can, a copy where it cannot."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _save(value: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
