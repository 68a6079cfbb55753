"""Write a training state as the checkpoint that inference reads.

Without --merge, only what learnt is written: small, but nothing that inference can open.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("run", type=Path, help="the -o of fit, or one of its states")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--merge", action="store_true", help="fold adapters into their base")
    parser.add_argument("--base", default="", help="where the base is now, if it has moved")
    parser.add_argument("--store", choices=("fp16", "fp32", "int8", "kept"), default="fp16")
    parser.add_argument("--overwrite", action="store_true")
    parser.add_argument("--force", action="store_true", help="take a base with other weights")


def run(options: argparse.Namespace) -> int:
    """Export; says the hash of what was merged."""
    from training.fit.merging import hand_on, merge

    if not options.merge:
        hand_on(options.run, options.out, overwrite=options.overwrite)
        return 0
    digest = merge(
        options.run,
        options.out,
        base=options.base,
        store=options.store,
        overwrite=options.overwrite,
        force=options.force,
    )
    sys.stdout.write(digest + "\n")
    return 0
