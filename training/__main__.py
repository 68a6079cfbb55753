"""``python -m training VERB``: one verb per task of the lab."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

from geoseg.errors import GeosegError

_CONFIGS = Path(__file__).parent / "configs"


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.verb(options)
    except GeosegError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    fit = verbs.add_parser("fit-nano", help="train the small default checkpoint")
    fit.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.csv")
    fit.add_argument("--out", type=Path, required=True, help="states and metrics.jsonl go here")
    fit.add_argument("--recipe", type=Path, default=_CONFIGS / "nano.toml")
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument("--max-minutes", type=float, default=math.inf, help="stop with a state")
    fit.add_argument("--resume", action="store_true", help="go on from the newest state in --out")
    fit.add_argument("--processes", type=int, default=2, help="that share the batches of a step")
    fit.add_argument("--threads", type=int, default=1, help="of each process")
    fit.set_defaults(verb=_fit_nano)
    export = verbs.add_parser("export-nano", help="write a training state as a checkpoint")
    export.add_argument("--run", type=Path, required=True, help="the --out of fit-nano")
    export.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    export.set_defaults(verb=_export_nano)
    card = verbs.add_parser("card", help="examine a checkpoint on held-out imagery")
    card.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.csv")
    card.add_argument("--checkpoint", default="nano", help="name or folder")
    card.add_argument("--out", type=Path, required=True, help="report.json, scenes and answers")
    card.add_argument("--processes", type=int, default=2, help="scenes examined at once")
    card.add_argument("--write", action="store_true", help="put the numbers in MODEL_CARD.md too")
    card.set_defaults(verb=_card)
    return parser


def _fit_nano(options: argparse.Namespace) -> int:
    from training.nano.fit import FitOptions, fit
    from training.nano.recipe import read_recipe

    run = FitOptions(
        data=options.data,
        out=options.out,
        seed=options.seed,
        resume=options.resume,
        max_minutes=options.max_minutes,
        processes=options.processes,
        threads=options.threads,
    )
    fit(read_recipe(options.recipe), run)
    return 0


def _export_nano(options: argparse.Namespace) -> int:
    from training.nano.export import export

    sys.stdout.write(export(options.run, options.out, None) + "\n")
    return 0


def _card(options: argparse.Namespace) -> int:
    from geoseg.segearth.sources import locate
    from training.nano.card import report
    from training.nano.export import write_card

    options.out.mkdir(parents=True, exist_ok=True)
    found = report(options.data, options.checkpoint, options.out, processes=options.processes)
    text = json.dumps(found, indent=1) + "\n"
    (options.out / "report.json").write_text(text, encoding="utf-8")
    if options.write:
        write_card(locate(options.checkpoint), found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
