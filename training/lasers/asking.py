"""Stage 3: categories for masks without one, then questions and answers. Paper: 3.1 and 7.4.

::

    stage3.masks.jsonl        masks of stage 2, each with its category
    stage3.jsonl              questions
    stage3.quarantine.jsonl   what nobody gave a usable reply to, and what the replies were
    replies.jsonl             replies of models that are worth remembering, in DIR

A mask that is none of the categories goes. A reply that is not what was asked for is asked for
again, three times at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from geoseg.errors import InstructionError
from training.lasers.asker import Asker, Outcome
from training.lasers.llm import LanguageModel, ModelSettings, open_model
from training.lasers.llm.recorded import Remembering
from training.lasers.planning import Plan, plan_questions
from training.lasers.prompts import VERSION
from training.lasers.rows import MaskRow, read_rows, write_rows
from training.lasers.stages import Counts, Done, Workplace, hash_path

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What stage 3 is told."""

    model: ModelSettings = field(default_factory=ModelSettings)
    plan: Plan = field(default_factory=Plan)
    jobs: int = 1
    """Requests that are open at once. What comes of them is the same."""

    seed: int = 0

    def __post_init__(self) -> None:
        if self.jobs < 1 or (self.jobs > 1 and self.model.name == "local"):
            raise InstructionError(
                f"{self.jobs} requests at once cannot be. A model of this process answers one at a "
                "time; of others ask for 1 or more."
            )


def ask(workplace: Workplace, settings: AskSettings, model: LanguageModel | None = None) -> Done:
    """Do stage 3, with the model of the settings unless another is given.

    EngineError where it cannot be asked at all: what it replied before that is kept.
    """
    masks = workplace.path("stage2.jsonl")
    model = model or open_model(settings.model)
    recording = settings.model.recording
    key = {
        "masks": hash_path(masks),
        "model": model.name,
        "recording": hash_path(recording) if recording else None,
        "plan": asdict(settings.plan),
        "prompts": VERSION,
        "seed": settings.seed,
    }
    if model.remembered:
        model = Remembering(model, workplace.folder / "replies.jsonl")
    asker = Asker(model, workplace.folder / "pictures", settings.seed)
    return workplace.do("ask", key, lambda folder: _work(folder, masks, asker, settings))


def _work(folder: Path, masks: Path, asker: Asker, settings: AskSettings) -> Counts:
    rows = read_rows(masks, MaskRow)
    naming = _each(asker.name, rows, settings.jobs, "masks")
    named = [one.row for one in naming if one.row is not None]
    asks, not_told_apart = plan_questions(named, settings.plan, settings.seed)
    by_id = {row.id: row for row in named}
    asked = _each(lambda one: asker.question(one, by_id), asks, settings.jobs, "questions")
    questions = list({one.row.id: one.row for one in asked if one.row is not None}.values())
    outcomes: list[Outcome[Any]] = [*naming, *asked]
    lost = [one.lost for one in outcomes if one.lost]
    write_rows(folder / "stage3.masks.jsonl", named)
    write_rows(folder / "stage3.jsonl", questions)
    write_rows(folder / "stage3.quarantine.jsonl", lost)
    return {
        "masks_in": len(rows),
        "masks": len(named),
        "named_by_model": len(named) - sum(row.category is not None for row in rows),
        "other": sum(one.row is None and one.lost is None for one in naming),
        "not_told_apart": not_told_apart,
        "questions": len(questions),
        "quarantined": len(lost),
        "asked_again": sum(one.again for one in outcomes),
        "tags": dict(sorted(Counter(tag for row in questions for tag in row.tags).items())),
    }


def _each(work: Callable[[Item], Made], items: Sequence[Item], jobs: int, what: str) -> list[Made]:
    """What `work` makes of each, in their order, so many at once."""
    if jobs == 1:
        return [work(item) for item in tqdm(items, what, disable=None)]
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(work, item) for item in items]
        try:
            return [one.result() for one in tqdm(waiting, what, disable=None)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # nobody waits for the rest
            raise
