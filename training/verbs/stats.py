"""Count what a data set is made of, and draw it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("dir", type=Path, help="a data set in its own format")
    parser.add_argument("--kind", help="of the data set; otherwise it is recognised")
    parser.add_argument("--out", type=Path, help="for stats.json, .png and .svg; otherwise DIR")


def run(options: argparse.Namespace) -> int:
    """Write the numbers by split and together, and say the main ones."""
    from training.data.loaders import LOADERS, kind_named, whole_splits
    from training.data.plots import draw
    from training.data.statistics import PAPER_MASKS, Tally, tally

    kind = kind_named(options.dir, options.kind)
    by_split = {
        split: tally(LOADERS[kind](options.dir, split)) for split in whole_splits(kind, options.dir)
    }
    whole = Tally()
    for counts in by_split.values():
        whole = whole.merged(counts)
    report = {
        "kind": kind,
        "paper_masks": PAPER_MASKS.get(kind),
        "all": whole.report(),
        "splits": {split: counts.report() for split, counts in by_split.items()},
    }
    out = options.out or options.dir
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    (out / "stats.json").write_text(text, encoding="utf-8")
    draw(whole, f"{kind}: {whole.samples} questions, {len(whole.areas)} masks", out)
    for split, counts in (*by_split.items(), ("all", whole)):
        sys.stdout.write(
            f"{split}: {counts.samples} questions about {len(counts.pictures)} pictures, "
            f"{len(counts.areas)} masks, {counts.unusable} unusable\n"
        )
    if kind in PAPER_MASKS:
        sys.stdout.write(f"Table 1 of the paper counts {PAPER_MASKS[kind]} masks.\n")
    return 0
