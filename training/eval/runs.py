"""An evaluation as a run: outcomes written as they come, continued, shared among processes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoseg.errors import OutputError
from training.data.errors import DataError
from training.data.records import Samples
from training.eval.asking import Examinee, by_picture, evaluate_samples
from training.eval.conventions import Conventions
from training.eval.outcomes import Outcome, merged, read_outcomes
from training.eval.tallies import Rules

OUTCOMES, SETTINGS = "outcomes.jsonl", "evaluation.json"


@dataclass(frozen=True, slots=True)
class Part:
    """Which of several processes this one is; each has its share of the pictures."""

    place: int = 0
    parts: int = 1

    @staticmethod
    def of_environment() -> Part:
        """As torchrun and `accelerate launch` tell it."""
        return Part(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))


def evaluate(
    examinee: Examinee,
    sets: Sequence[Samples],
    conventions: Conventions,
    *,
    out: Path | None = None,
    resume: bool = False,
    settings: Mapping[str, Any] | None = None,
    part: Part | None = None,
) -> tuple[Outcome, ...]:
    """Outcomes of all samples, each once; of all processes, in each of them.

    With `out`, outcomes are kept there picture by picture, and `resume` goes on with them.

    Raises OutputError where `out` holds another evaluation.
    """
    mine = part or Part.of_environment()
    told = {**conventions.to_json(), "checkpoint": examinee.hash, **(settings or {})}
    path = None if out is None else _opened(out, mine, told, resume)
    outcomes = list(read_outcomes(path)) if path is not None and path.exists() else []
    done = {(one.source, one.split, one.id) for one in outcomes}
    for samples in sets:
        for group in by_picture(samples, (mine.place, mine.parts)):
            left = [s for s in group if (s.source, s.split, s.id) not in done]
            if not left:
                continue
            new = list(evaluate_samples(examinee, left, conventions))
            outcomes += new
            if path is not None:
                with path.open("a", encoding="utf-8") as sink:
                    sink.writelines(f"{one.line()}\n" for one in new)
    return merged(_of_all(outcomes, mine))


def kept_conventions(paths: Sequence[Path], rules: Rules) -> Conventions:
    """How outcomes in files were made; what empty masks and thresholds count is still open.

    Raises DataError where that is not told beside them, or differs.
    """
    told = [(path, _told_beside(path)) for path in paths]
    made = {json.dumps(values, sort_keys=True) for _, values in told}
    if len(made) != 1:
        raise DataError(
            ", ".join(map(str, paths)),
            "were made with different settings and cannot be put together.",
            hint=f"Compare the {SETTINGS} beside them.",
        )
    values = told[0][1]
    return Conventions(values["pairing"], rules, values["frame"], values["decoding"])


def _told_beside(path: Path) -> dict[str, Any]:
    settings = path.with_name(SETTINGS)
    try:
        values: dict[str, Any] = json.loads(settings.read_text("utf-8"))
        return {name: values[name] for name in ("pairing", "frame", "decoding", "checkpoint")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            str(path),
            f"how its outcomes were made is not told beside it ({settings}: {error}).",
            hint="Keep outcomes in the folder that `eval -o` wrote.",
        ) from error


def _opened(out: Path, part: Part, told: Mapping[str, Any], resume: bool) -> Path:
    """The file of this process's outcomes, beside what they were made with."""
    name = OUTCOMES if part.parts == 1 else f"outcomes-{part.place}-of-{part.parts}.jsonl"
    path, settings = out / name, out / SETTINGS
    out.mkdir(parents=True, exist_ok=True)
    if path.exists() and not resume:
        raise OutputError(
            f"{path} holds the outcomes of another evaluation.",
            code="bad_request",
            hint="Give --resume to go on with it, or another -o.",
        )
    text = json.dumps(dict(told), indent=1, sort_keys=True) + "\n"
    if path.exists() and settings.exists() and settings.read_text("utf-8") != text:
        raise OutputError(
            f"The evaluation in {out} was made with other settings than these.",
            code="bad_request",
            hint=f"{settings} has them; numbers made differently cannot be mixed.",
        )
    settings.write_text(text, encoding="utf-8")
    return path


def _of_all(outcomes: list[Outcome], part: Part) -> list[Outcome]:
    """What all processes found."""
    if part.parts == 1 or "MASTER_ADDR" not in os.environ:
        return outcomes
    import torch.distributed as dist

    own = not dist.is_initialized()
    if own:
        dist.init_process_group("gloo")
    gathered: list[list[Outcome]] = [[] for _ in range(part.parts)]
    dist.all_gather_object(gathered, outcomes)
    if own:
        dist.destroy_process_group()
    return [one for some in gathered for one in some]
