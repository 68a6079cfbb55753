"""How fast tiles are answered, against a plain use of the same model in the same run.

    python -m benchmarks.inference --preset nano --batch 1,4 --out benchmarks/results/inference.json

`nano` answers about the sample scene; r2 and r2-narrow have random weights and say a given number
of tokens with two [SEG]. All ways run in turn, round after round, and medians count: the ratios
hold on a busy machine too, the seconds do not. In the JSON:

    ratio               seconds per tile, plain, by those of the fast way at its best batch
    second_instruction  cost of one more instruction about the same tiles, as a share of the first
    parts               each part's share of the time, in both ways
    gains               how much slower the fast way is without one thing
    rows                seconds per tile and peak memory by batch, instructions and answer length
    flops               operations by component for one tile
    goals               what a GPU should reach, and this machine's part of it
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

if not __package__:  # run by its path, which does not put the checkout where imports look
    sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from benchmarks.flops import Cost, cost
from benchmarks.timing.bench import Bench, Job
from benchmarks.timing.clock import now
from benchmarks.timing.subjects import Subject, subject_of
from benchmarks.timing.ways import PLAIN, Way, expected_answers
from geoseg.segearth.config import PRESETS
from geoseg.segearth.language import TokenSequence

_PAPER_SECONDS = 0.54
"""Per image on an A100 (the paper)."""

_GOAL_TILES, _GOAL_PREFILL, _GOAL_BYTES = 20.0, 0.4, 40e9
"""Tiles per second, share of the matrix rate, peak memory: what r2 should reach on an H200."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    given = _options(arguments)
    device = torch.device(given.device)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    lengths = given.answer_tokens
    subject = subject_of(given.preset, device, dtype, tiles=max(given.batch), answer=max(lengths))
    expected = expected_answers(subject, max(given.batch), given.instructions)
    bench = Bench(subject, expected, given.rounds)
    report = {**_about(given.preset, device, dtype), "rounds": given.rounds}
    report |= _speed(bench, given.batch, given.instructions, lengths)
    report["tokens"] = _tokens(subject)
    found = cost(subject.config, tokens=report["tokens"], targets=_targets(bench))
    report["flops"] = {**found.parts(), "total": found.total}
    report["goals"] = _goals(bench, report, found)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    _tell(report)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="nano")
    parser.add_argument("--batch", type=numbers, default=[1, 4], help="tiles per pass: 1,4,16")
    parser.add_argument("--instructions", type=int, default=2, choices=range(2, 5))
    parser.add_argument("--answer-tokens", type=numbers, default=[30], help="random weights: 30,60")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def _speed(
    bench: Bench, batches: Sequence[int], instructions: int, lengths: Sequence[int]
) -> dict[str, Any]:
    """Ratios, shares and rows."""
    counts = (1, instructions)
    jobs = [Job(PLAIN, n) for n in counts]
    jobs += [Job(Way(batch), n) for batch in batches for n in counts]
    shorter = [n for n in lengths if n < max(lengths)]
    jobs += [Job(replace(way, limit=n)) for n in shorter for way in (PLAIN, Way(max(batches)))]
    seconds = dict(zip(jobs, bench.seconds(jobs), strict=True))
    best = min(batches, key=lambda batch: seconds[Job(Way(batch))])
    plain, fast, more = (
        seconds[job] for job in (Job(PLAIN), Job(Way(best)), Job(Way(best), instructions))
    )
    return {
        "best_batch": best,
        "ratio": round(plain / fast, 2),
        "second_instruction": round((more - fast) / fast / (instructions - 1), 3),
        "seconds_per_tile": {"plain": round(plain, 4), "fast": round(fast, 4)},
        "parts": {"plain": bench.shares(Job(PLAIN)), "fast": bench.shares(Job(Way(best)))},
        "gains": _gains(bench, Way(best)),
        "rows": [_row(bench, job, spent) for job, spent in seconds.items()],
    }


def _gains(bench: Bench, full: Way) -> dict[str, float]:
    """How many times as long the fast way takes without one thing."""
    without = {
        "prepared model": replace(full, prepared=False),
        "drafts": replace(full, drafts=False),
        "maps shared by queries": replace(full, shared=False),
        "batch": replace(full, batch=1),
        "freed memory kept": replace(full, kept=False),
    }
    first, *others = bench.seconds([Job(full), *map(Job, without.values())])
    return {name: round(spent / first, 2) for name, spent in zip(without, others, strict=True)}


def _row(bench: Bench, job: Job, seconds: float) -> dict[str, Any]:
    lengths = [
        len(bench.expected[tile, i][: job.way.limit])
        for tile in range(job.way.batch)
        for i in range(job.instructions)
    ]
    peak = bench.peak_bytes(job)
    return {
        "way": "fast" if job.way.prepared else "plain",
        "batch": job.way.batch,
        "instructions": job.instructions,
        "answer_tokens": round(statistics.mean(lengths), 1),
        "seconds_per_tile": round(seconds, 4),
        "peak_mb": None if peak is None else round(peak / 1e6),
    }


def _tokens(subject: Subject) -> int:
    """Length of the first prompt, the image included."""
    config, prompt = subject.config, subject.prompts[0]
    if config.siglip is None:
        image = (config.input_size // 32) ** 2
    else:
        image = (config.siglip.image_size // config.siglip.patch) ** 2
    return len(prompt.before) + image + prompt.after.shape[1]


def _targets(bench: Bench) -> int:
    """[SEG] in the first answer."""
    return bench.expected[0, 0].count(bench.subject.seg)


@torch.inference_mode()
def _goals(bench: Bench, report: dict[str, Any], found: Cost) -> list[dict[str, Any]]:
    """Each goal of r2 on a GPU, what was reached here, and how many times the goal that is."""
    subject, batch = bench.subject, report["best_batch"]
    weight = subject.plain.seg_projector.weight
    embeds = weight.new_zeros(batch, report["tokens"], subject.config.language.hidden)
    prompt = TokenSequence(embeds, embeds.new_ones(embeds.shape[:2], dtype=torch.bool))
    spent = _median(bench, lambda: subject.fast.language(prompt))
    prefill = batch * found.language / spent / _matrix_rate(bench)
    seconds = report["seconds_per_tile"]["fast"]
    row = next(
        r for r in report["rows"] if (r["way"], r["batch"], r["instructions"]) == ("fast", batch, 1)
    )
    goals = [
        ("tiles per second", _GOAL_TILES, 1 / seconds),
        ("share of the matrix rate in prefill", _GOAL_PREFILL, prefill),
        ("times as fast as the paper's 0.54 s on an A100", 1.0, _PAPER_SECONDS / seconds),
    ]
    lines = [
        {
            "what": what,
            "goal": goal,
            "reached": round(reached, 3),
            "ratio": round(reached / goal, 3),
        }
        for what, goal, reached in goals
    ]
    if row["peak_mb"] is not None:
        peak = row["peak_mb"] / 1e3
        goal = _GOAL_BYTES / 1e9
        lines.append(
            {
                "what": "peak GB, at most",
                "goal": goal,
                "reached": peak,
                "ratio": round(goal / peak, 3),
            }
        )
    return lines


def _matrix_rate(bench: Bench) -> float:
    """Operations per second of a large product of matrices, in the model's number format."""
    side = 8192 if bench.device.type == "cuda" else 1536
    matrix = bench.subject.plain.seg_projector.weight.new_ones(side, side)
    return 2 * side**3 / _median(bench, lambda: matrix @ matrix)


def _median(bench: Bench, work: Callable[[], object]) -> float:
    """Seconds, after one run that does not count."""
    work()
    spent = []
    for _ in range(max(5, bench.rounds)):
        began = now(bench.device)
        work()
        spent.append(now(bench.device) - began)
    return statistics.median(spent)


def _about(preset: str, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    cuda = device.type == "cuda"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": platform.platform(),
        "device": torch.cuda.get_device_name(device) if cuda else platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("torch", "transformers", "timm")},
        "preset": preset,
        "weights": "shipped" if preset == "nano" else "random",
        "dtype": str(dtype).removeprefix("torch."),
    }


def _tell(report: dict[str, Any]) -> None:
    seconds = report["seconds_per_tile"]
    print(
        f"{report['preset']} on {report['device']}: {seconds['fast']:.3f} s per tile at batch "
        f"{report['best_batch']}, plain {seconds['plain']:.3f} s: ratio {report['ratio']}; "
        f"a second instruction costs {report['second_instruction']:.0%} of the first"
    )
    for way, shares in report["parts"].items():
        print(f"{way:6}", *(f"{name} {share:.0%}" for name, share in shares.items()), sep="  ")
    print("times as slow without", *(f"{k} {v}" for k, v in report["gains"].items()), sep="  ")
    for row in report["rows"]:
        print(*(f"{key} {value}" for key, value in row.items()), sep="  ")
    total = report["flops"]["total"]
    for name, operations in report["flops"].items():
        print(f"{name:14}{operations / 1e9:10.1f} GFLOP  {operations / total:6.1%}")
    for goal in report["goals"]:
        print(f"{goal['what']}: goal {goal['goal']}, here {goal['reached']}: {goal['ratio']}")


if __name__ == "__main__":
    main()
