"""All stages, one after the other, and what each of them comes to in a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from training.lasers.asking import AskSettings, ask
from training.lasers.checking import check
from training.lasers.filtering import FilterSettings, filter_masks
from training.lasers.finish import FinishSettings, finish
from training.lasers.propose import ProposeSettings, propose
from training.lasers.stages import Counts, Done, Workplace

PAPER = (
    "The paper counts about 50 000 masks after stage 2, about 40 000 questions after stage 3, and "
    "30 830 questions with 40 396 masks at the end."
)
"""Sections 3.1 and 7.5, to be read beside what is counted here."""

SOURCES = ("samrs", "coco", "global", "local")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What the stages are told."""

    propose: ProposeSettings = field(default_factory=ProposeSettings)
    filter: FilterSettings = field(default_factory=FilterSettings)
    ask: AskSettings = field(default_factory=AskSettings)
    finish: FinishSettings = field(default_factory=FinishSettings)


def run(workplace: Workplace, settings: RunSettings) -> Iterator[Done]:
    """Do the stages, and tell each as it is done. Errors as the stages raise them.

    Those that were done for the same input and settings are told and not done again.
    """
    yield propose(workplace, settings.propose)
    yield filter_masks(workplace, settings.filter)
    yield ask(workplace, settings.ask)
    yield check(workplace)
    yield finish(workplace, settings.finish)


def told(done: Done) -> str:
    """What a stage came to, in the manner of the paper's 50 K, 40 K, 30 830."""
    before = "" if done.again else " (as before)"
    return f"{done.stage}: {_TOLD[done.stage](done.counts)}{before}"


def _propose(counts: Counts) -> str:
    parts = [f"{counts[f'from_{name}']} {name}" for name in SOURCES if counts.get(f"from_{name}")]
    return f"{counts['pictures']} pictures → {counts['masks']} masks ({_listed(parts)})"


def _filter(counts: Counts) -> str:
    gone = [f"{n} by {reason}" for reason, n in counts["rejected"].items()]
    unseen = counts["kept_unreviewed"]
    seen = f"; {unseen} of them proposed and not reviewed" if unseen else ""
    return f"{counts['masks_in']} → {counts['masks']} masks ({_listed(gone)} gone{seen})"


def _ask(counts: Counts) -> str:
    return (
        f"{counts['masks_in']} → {counts['masks']} masks with a category → {counts['questions']} "
        f"questions ({counts['other']} masks of none, {counts['not_told_apart']} that no words "
        f"lead to, {counts['quarantined']} without a usable reply)"
    )


def _check(counts: Counts) -> str:
    kinds = [f"{name} {number}" for name, number in counts["flags"].items()]
    return f"{counts['flagged']} of {counts['questions']} questions flagged ({_listed(kinds)})"


def _finish(counts: Counts) -> str:
    splits = [
        f"{name} {counts[f'{name}_questions']} about {counts[f'{name}_pictures']} pictures"
        for name in ("train", "test")
        if f"{name}_questions" in counts
    ]
    unseen = counts["kept_unreviewed"]
    seen = f", {unseen} of them not reviewed" if unseen else ""
    return (
        f"{counts['questions_in']} → {counts['questions']} questions with {counts['masks']} masks"
        f"{seen} ({_listed(splits)})"
    )


def _listed(parts: list[str]) -> str:
    return ", ".join(parts) or "none"


_TOLD = {
    "propose": _propose,
    "filter": _filter,
    "ask": _ask,
    "check": _check,
    "finish": _finish,
}
