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
from dataclasses import asdict, dataclass, field
from pathlib import Path

from training.lasers.asker import Asker
from training.lasers.llm import LanguageModel, ModelSettings, open_model
from training.lasers.llm.recorded import Remembering
from training.lasers.planning import Plan, plan_questions
from training.lasers.prompts import VERSION
from training.lasers.rows import MaskRow, QuestionRow, read_rows, write_rows
from training.lasers.stages import Counts, Done, Workplace, hash_path


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What stage 3 is told."""

    model: ModelSettings = field(default_factory=ModelSettings)
    plan: Plan = field(default_factory=Plan)
    seed: int = 0


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
    named = [one for row in rows if (one := asker.name(row)) is not None]
    asks, not_told_apart = plan_questions(named, settings.plan, settings.seed)
    by_id = {row.id: row for row in named}
    written = [row for one in asks if (row := asker.question(one, by_id)) is not None]
    questions: list[QuestionRow] = list({row.id: row for row in written}.values())
    write_rows(folder / "stage3.masks.jsonl", named)
    write_rows(folder / "stage3.jsonl", questions)
    write_rows(folder / "stage3.quarantine.jsonl", asker.quarantine)
    return {
        "masks_in": len(rows),
        "masks": len(named),
        "named_by_model": len(named) - asker.given,
        "other": asker.others,
        "not_told_apart": not_told_apart,
        "questions": len(questions),
        "quarantined": len(asker.quarantine),
        "asked_again": asker.again,
        "tags": dict(sorted(Counter(tag for row in questions for tag in row.tags).items())),
    }
