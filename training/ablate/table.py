"""An ablation as one table: a row per value, written as CSV for people and JSON for programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.ablate.compare import difference
from training.ablate.sweep import Sweep, Trial

_COLUMNS = (
    "value",
    "giou",
    "difference",
    "low",
    "high",
    "best_giou",
    "tflops",
    "seconds",
    "steps",
)


def rows_of(trials: Sequence[Trial]) -> list[dict[str, object]]:
    """Per value: gIoU, its difference to the first value's with a 95 % interval, and its cost.

    `best_giou` is that of the best query of each target, whatever its score: with one query, gIoU.
    """
    first = trials[0].ious()
    rows: list[dict[str, object]] = []
    for trial in trials:
        ious = trial.ious()
        gap = difference(first, ious)
        rows.append(
            {
                "value": trial.value.strip('"'),
                "giou": round(float(ious.mean()), 4),
                "giou_by_seed": [round(float(row.mean()), 4) for row in ious],
                "difference": round(gap.mean, 4),
                "low": round(gap.low, 4),
                "high": round(gap.high, 4),
                "best_giou": round(float(trial.best_ious().mean()), 4),
                "tflops": float(f"{trial.cost.tflops:.4g}"),
                "seconds": float(f"{trial.cost.seconds:.3g}"),
                "steps": min(trial.steps),
            }
        )
    return rows


def write_table(
    trials: Sequence[Trial], sweep: Sweep, out: Path, about: Mapping[str, object]
) -> list[dict[str, object]]:
    """Write ``table.csv`` and ``table.json`` under `out`; `about` says how they came to be."""
    rows = rows_of(trials)
    with (out / "table.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    report = {
        "key": sweep.key,
        "seeds": list(sweep.seeds),
        "masks": len(trials[0].found[0]),
        "answers": "given" if sweep.forced else "generated",
        **about,
        "rows": rows,
    }
    (out / "table.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return rows
