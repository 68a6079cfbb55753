"""Tell drawn scenes from real ones by a straight line, and say what gives the drawing away."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("drawn", type=Path, help="a data set of drawn scenes, best at 0.3 m")
    parser.add_argument("--plain", type=Path, help="the same scenes in plain colours")
    parser.add_argument("--data", type=Path, required=True, help="folder with ucm/scenes.csv")
    parser.add_argument(
        "--yardstick",
        action="store_true",
        help="also tell real pictures of another sensor (urban_trees/) from the real ones",
    )
    parser.add_argument("--pairs", type=int, default=200, help="to look at, at most [200]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, required=True, help="file for the report, JSON")


def run(options: argparse.Namespace) -> int:
    """Probe each look, and report."""
    from training.synth.probe import matched, probe
    from training.synth.probe.pictures import drawn_pictures, other_pictures, real_pictures

    real = list(real_pictures(options.data))
    looks = {"finished": list(drawn_pictures(options.drawn))}
    if options.plain is not None:
        looks["plain"] = list(drawn_pictures(options.plain))
    if options.yardstick:
        looks["yardstick"] = list(other_pictures(options.data))
    report: dict[str, Any] = {
        "what": "a linear probe that tells drawn scenes from UC Merced's of matching kinds",
        "chance": 0.5,
    }
    for look, shown in looks.items():
        pairs = matched(shown, real, options.seed, options.pairs)
        report[look] = found = probe(*pairs, seed=options.seed)
        _say(look, found)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def _say(look: str, found: Mapping[str, Any]) -> None:
    low, high = found["interval"]
    sys.stdout.write(
        f"{look}: {found['accuracy']:.1%} told apart ({low:.1%} to {high:.1%}), "
        f"{found['pairs']} pairs\n"
    )
    squares = {f"squares of {side}": row for side, row in found["by_square"].items()}
    for name, row in {**found["by_stage"], **squares, **found["by_group"]}.items():
        sys.stdout.write(f"  {name:13} {row['accuracy']:.1%}\n")
    for row in found["gives_away"]:
        sys.stdout.write(f"  {row['what']}: {row['drawn']:g}, real {row['real']:g}\n")
