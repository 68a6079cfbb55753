"""Whether a minute of training halves the loss: the smoke recipe on drawn scenes, two cores.

    python -m benchmarks.smoke [--minutes 1] [--reports training/reports]

Draws a data set (`fixtures lasers`), trains as `python -m training fit smoke` does, and looks at
metrics.jsonl. The loss is a mean of ten steps, held against the very first one; the time is that of
the steps, since a model is ready in seconds. Writes smoke.json; the exit status is 1 if the loss
did not halve.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

_TOGETHER = 10
"""Steps of a mean: single ones scatter."""


def halving(lines: Sequence[Mapping[str, float]], batch: int) -> dict[str, object]:
    """When the loss was half of the first one, from a line of metrics for every step."""
    losses = [line["loss"] for line in lines]
    seconds = [batch / line["samples_per_s"] for line in lines]
    means = [
        sum(losses[end - _TOGETHER : end]) / _TOGETHER for end in range(_TOGETHER, len(losses) + 1)
    ]
    halved = next((i + _TOGETHER for i, mean in enumerate(means) if mean <= losses[0] / 2), None)
    return {
        "first_loss": losses[0],
        "last_loss": round(means[-1], 4) if means else None,
        "steps": len(losses),
        "seconds": round(sum(seconds), 1),
        "halved_at_step": halved,
        "halved_after_seconds": None if halved is None else round(sum(seconds[:halved]), 1),
    }


def main() -> int:
    """Draw, train, report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="of training [1]")
    parser.add_argument("--pictures", type=int, default=48, help="to train on [48]")
    parser.add_argument("--reports", type=Path, default=Path("training/reports"))
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        data, run = Path(folder, "lasers"), Path(folder, "run")
        drawing = ["fixtures", "lasers", str(data), "--n", str(options.pictures)]
        limit = ["--max-minutes", str(options.minutes)]
        training = ["fit", "smoke", "--data", str(data), "-o", str(run), "--cpu", *limit]
        for words in (drawing, training):
            subprocess.run([sys.executable, "-m", "training", *words], check=True)
        lines = [json.loads(line) for line in (run / "metrics.jsonl").open(encoding="utf-8")]
    found = halving(lines, lines[0]["samples"])
    report = {
        "what": f"the smoke recipe on {options.pictures} drawn pictures; losses are means of "
        f"{_TOGETHER} steps, the first one is that of a single step",
        "command": "python -m benchmarks.smoke",
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "torch": torch.__version__,
        **found,
    }
    options.reports.mkdir(parents=True, exist_ok=True)
    path = options.reports / "smoke.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["halved_at_step"] is not None else 1


if __name__ == "__main__":
    sys.exit(main())
