"""Which questions are asked of a picture: about what, and in which manner. Paper: 7.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Final

import numpy as np

from geoseg.errors import InstructionError
from training.data.categories import find_category
from training.lasers.english import counted
from training.lasers.facts import Known, Subject, extent_of, subject_of, union_of
from training.lasers.prompts import COLORS, Knobs
from training.lasers.rows import MaskRow, digest

_MOST_OTHERS: Final = 4
"""Things of a picture besides the targets that are told."""

_MANNERS: Final = (
    Knobs("explicit", "short"),
    Knobs("implicit", "long"),
    Knobs("explicit", "long"),
    Knobs("implicit", "short"),
)
"""Taken in turn, so that each is asked as often as the others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked."""

    per_target: int = 1
    """Questions about each target alone."""

    together: float = 0.25
    """Questions about several targets, for each question about one."""

    per_picture: int = 24
    """Most questions about a picture."""

    def __post_init__(self) -> None:
        if self.per_target < 0 or self.together < 0 or self.per_picture < 1:
            raise InstructionError(
                f"A plan of {self.per_target} questions a target, {self.together} together and "
                f"{self.per_picture} a picture asks nothing. Give numbers above 0."
            )


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that is to be written."""

    picture: str
    subjects: tuple[Subject, ...]
    knobs: Knobs
    others: tuple[str, ...]
    """Other things that the picture shows, in the plural."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The paper's dimensions."""
        several = len(self.subjects) > 1
        grain = {_granularity(subject) for subject in self.subjects}
        concepts = {subject.concept for subject in self.subjects}
        return (
            *(name for name in ("semantic", "instance", "part") if name in grain),
            "fine" if "fine" in concepts else "general",
            "multiple" if several else "single",
            self.knobs.reasoning,
            self.knobs.length,
        )

    def facts(self) -> dict[str, Any]:
        """What is known, as JSON."""
        return {
            "targets": [asdict(subject) | {"name": subject.name} for subject in self.subjects],
            "reasoning": self.knobs.reasoning,
            "length": self.knobs.length,
            "others": list(self.others),
        }


def plan_questions(rows: Sequence[MaskRow], plan: Plan, seed: int) -> tuple[list[Ask], int]:
    """The questions about all pictures, and how many masks no words lead to.

    The same for the same rows, plan and seed; a picture's do not depend on other pictures.
    """
    by_picture: dict[str, list[MaskRow]] = {}
    for row in rows:
        by_picture.setdefault(row.picture, []).append(row)
    asks: list[Ask] = []
    skipped = 0
    for picture, own in by_picture.items():
        subjects, lost = _subjects(own)
        skipped += lost
        random = np.random.default_rng([seed, int(digest(picture), 16)])
        asks += _asked(picture, subjects, plan, random)[: plan.per_picture]
    return asks, skipped


def _subjects(rows: Sequence[MaskRow]) -> tuple[list[Subject], int]:
    """What can be asked for in a picture: things that words tell apart, and all of a category."""
    alike: dict[str, list[Known]] = {}
    for row in rows:
        assert row.category is not None
        alike.setdefault(row.category, []).append(Known(row, row.category, extent_of(row)))
    subjects: list[Subject] = []
    skipped = 0
    for group in alike.values():
        single = [subject_of(one, group) for one in group]
        subjects += [subject for subject in single if subject.told_apart]
        skipped += sum(not subject.told_apart for subject in single)
        if len(group) > 1 and all(one.row.exhaustive for one in group):
            subjects.append(union_of(group))
    return subjects, skipped


def _asked(
    picture: str, subjects: Sequence[Subject], plan: Plan, random: np.random.Generator
) -> list[Ask]:
    manners = cycle(_MANNERS)
    for _ in range(int(random.integers(len(_MANNERS)))):
        next(manners)
    order = [subjects[place] for place in random.permutation(len(subjects))]
    groups = [(subject,) for subject in order for _ in range(plan.per_target)]
    several = [_drawn(subjects, random) for _ in range(round(plan.together * len(groups)))]
    names = {subject.category: _several(subject) for subject in subjects}
    asks = [
        Ask(picture, group, _manner(next(manners), group), _others(group, names))
        for group in (*groups, *dict.fromkeys(several))
        if group
    ]
    return [asks[place] for place in random.permutation(len(asks))]


def _drawn(subjects: Sequence[Subject], random: np.random.Generator) -> tuple[Subject, ...]:
    """Two to four targets of which none has a mask of another; none where there are no two."""
    most = int(random.integers(2, len(COLORS) + 1))
    chosen: list[Subject] = []
    for place in random.permutation(len(subjects)):
        taken = {name for subject in chosen for name in subject.masks}
        if len(chosen) < most and taken.isdisjoint(subjects[place].masks):
            chosen.append(subjects[place])
    return tuple(chosen) if len(chosen) > 1 else ()


def _manner(knobs: Knobs, group: Sequence[Subject]) -> Knobs:
    """Few words hold two targets by their names, and no more; what is no category is named."""
    reasoning, length = knobs.reasoning, knobs.length
    if any(find_category(subject.category) is None for subject in group):
        reasoning = "explicit"
    if length == "short" and len(group) > (2 if reasoning == "explicit" else 1):
        length = "long"
    return Knobs(reasoning, length)


def _others(group: Sequence[Subject], names: dict[str, str]) -> tuple[str, ...]:
    own = {subject.category for subject in group}
    return tuple(sorted(told for name, told in names.items() if name not in own))[:_MOST_OTHERS]


def _several(subject: Subject) -> str:
    return subject.plural if counted(subject.category) else subject.category


def _granularity(subject: Subject) -> str:
    if subject.concept == "part":
        return "part"
    return "semantic" if len(subject.masks) > 1 else "instance"
