"""Examine a checkpoint on held-out imagery."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.csv")
    parser.add_argument("--checkpoint", default="nano", help="name or folder")
    parser.add_argument("--out", type=Path, required=True, help="report.json, scenes and answers")
    parser.add_argument("--processes", type=int, default=2, help="scenes examined at once")
    parser.add_argument("--write", action="store_true", help="put the numbers in MODEL_CARD.md too")


def run(options: argparse.Namespace) -> int:
    """Examine, and write the report."""
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
