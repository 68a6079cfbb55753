"""Stage 4, its first half: what a machine can see of questions before people look.

::

    stage4.jsonl    the questions of stage 3 with their flags, all of them
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from training.lasers.checks import duplicates, flags_of, look
from training.lasers.facts import Known, extent_of
from training.lasers.rows import MaskRow, QuestionRow, read_rows, write_rows
from training.lasers.stages import Counts, Done, Workplace, hash_path

VERSION = 1
"""Raised when a check comes to see something else."""


def check(workplace: Workplace) -> Done:
    """Flag what is odd about each question. DataError where stage 3 cannot be read."""
    questions, masks = workplace.path("stage3.jsonl"), workplace.path("stage3.masks.jsonl")
    key = [VERSION, hash_path(questions), hash_path(masks)]
    return workplace.do("check", key, lambda folder: _work(folder, questions, masks))


def _work(folder: Path, questions: Path, masks: Path) -> Counts:
    rows = read_rows(questions, QuestionRow)
    known = {
        row.id: Known(row, row.category or "", extent_of(row)) for row in read_rows(masks, MaskRow)
    }
    by_picture: dict[str, list[Known]] = {}
    for one in known.values():
        by_picture.setdefault(one.row.picture, []).append(one)
    twice = duplicates(rows)
    flagged = [
        replace(
            row,
            flags=flags_of(look(row, known, by_picture.get(row.picture, ())))
            + (("duplicate: the same words ask again",) if row.id in twice else ()),
        )
        for row in rows
    ]
    write_rows(folder / "stage4.jsonl", flagged)
    kinds = Counter(flag.partition(":")[0] for row in flagged for flag in set(row.flags))
    return {
        "questions": len(flagged),
        "flagged": sum(bool(row.flags) for row in flagged),
        "flags": dict(sorted(kinds.items())),
    }
