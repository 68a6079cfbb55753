"""Write a training state of nano as a checkpoint."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--run", type=Path, required=True, help="the --out of fit-nano")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")


def run(options: argparse.Namespace) -> int:
    """Export, and say the hash."""
    from training.nano.export import export

    sys.stdout.write(export(options.run, options.out, None) + "\n")
    return 0
