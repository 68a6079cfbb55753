"""Put many questions about drawn scenes to the proof: each must select exactly its masks."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--questions", type=int, default=10_000, help="to ask, at least [10000]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=256, help="of a picture, in pixels")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, required=True, help="file for the report, JSON")


def run(options: argparse.Namespace) -> int:
    """Ask, read again, report; 1 where a question did not select exactly its masks."""
    from training.synth.proof import ProofRequest, prove

    request = ProofRequest(
        options.questions, options.seed, side=options.side, processes=options.processes
    )
    proof = prove(request)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(proof.report(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{proof.asked} questions about {proof.scenes} scenes: {proof.exact} select exactly their "
        f"masks, {proof.mirrored} in the mirror.\n"
    )
    for text in proof.failed:
        sys.stdout.write(f"  not exact: {text}\n")
    return int(proof.exact < proof.asked or proof.mirrored < proof.asked)
