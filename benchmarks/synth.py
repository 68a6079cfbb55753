"""Drawn scenes with their questions against a plain rasterisation of the same shapes.

    python -m benchmarks.synth [--scenes 24] [--rounds 3] [--side 512] [--questions 6]

`plain` paints every polygon of a scene in its colour with Pillow, four times as large each way, and
takes the mean over blocks: no truth, no shadows, no texture. `laid out` decides what stands where,
`drawn` also makes the picture and the truth of every item, `scene` also asks, and `checked` also
reads each question again and encodes the picture and its masks, as a data set needs it. All in one
process and thread, in turn; ratios of medians count, not seconds. Writes
benchmarks/results/synth.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import PIL
from PIL import Image, ImageDraw

from training.synth.asking.facts import look_at
from training.synth.asking.questions import ask
from training.synth.layouts import LAYOUTS
from training.synth.scenes import SceneRequest, draw_scene, lay_out
from training.synth.world import World
from training.synth.writing.records import RecordRequest, make_record

SUPERSAMPLING = 4
"""Of the plain way, each way."""

Times = dict[str, list[float]]


def plain(world: World, gsd: float, side: int) -> Image.Image:
    """The shapes in their colours, and nothing else."""
    image = Image.new("RGB", (side * SUPERSAMPLING, side * SUPERSAMPLING))
    draw = ImageDraw.Draw(image)
    for face in world.faces:
        corners = (face.points / gsd + side / 2) * SUPERSAMPLING - 0.5
        draw.polygon(corners.ravel().tolist(), fill=face.paint.rgb)
    return image.reduce(SUPERSAMPLING)


def scene(request: SceneRequest, questions: int) -> int:
    """A world, its picture, its truth and what is asked about it; how many questions."""
    drawn = draw_scene(request)
    view = look_at(drawn.picture, drawn.world.items, drawn.gsd)
    return len(ask(view, request.random("questions"), questions, test=False))


def timed(request: SceneRequest, questions: int, rounds: int) -> tuple[Times, int, int]:
    """CPU seconds of every way by round; the scene's shapes and questions."""
    world, gsd = lay_out(request)
    record = RecordRequest(request, "train", questions)
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: plain(world, gsd, request.width),
        "laid out": lambda: lay_out(request),
        "drawn": lambda: draw_scene(request),
        "scene": lambda: scene(request, questions),
        "checked": lambda: make_record(record),
    }
    taken: Times = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            began = time.process_time()
            work()
            taken[way].append(time.process_time() - began)
    return taken, len(world.faces), scene(request, questions)


def row(measured: list[tuple[Times, int, int]]) -> dict[str, object]:
    """Medians over scenes of the medians over rounds, and their ratios to the plain way."""
    medians = [{way: statistics.median(t) for way, t in taken.items()} for taken, _, _ in measured]

    def over_plain(way: str) -> dict[str, float]:
        ratios = [each[way] / each["plain"] for each in medians]
        whole = sum(each[way] for each in medians) / sum(each["plain"] for each in medians)
        return {
            "median": round(statistics.median(ratios), 2),
            "of the sums": round(whole, 2),
            "most": round(max(ratios), 2),
        }

    return {
        "scenes": len(measured),
        "shapes": round(statistics.median(shapes for _, shapes, _ in measured)),
        "questions": round(statistics.mean(asked for _, _, asked in measured), 2),
        "milliseconds": {
            way: round(1000 * statistics.median(each[way] for each in medians), 1)
            for way in medians[0]
        },
        "times plain": {way: over_plain(way) for way in medians[0] if way != "plain"},
    }


def report(by_use: Mapping[str, list[tuple[Times, int, int]]], about: object) -> dict[str, object]:
    """All scenes together, then each land use."""
    return {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "pillow": PIL.__version__,
        "asked": about,
        "all": row([each for measured in by_use.values() for each in measured]),
        "land uses": {use: row(measured) for use, measured in by_use.items()},
    }


def main() -> None:
    """Draw scenes of every land use in turn, each both ways."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=512, help="of a picture, in pixels")
    parser.add_argument("--questions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    side, uses = options.side, list(LAYOUTS)
    by_use: dict[str, list[tuple[Times, int, int]]] = {}
    # The first scene also fills what is kept between scenes.
    scene(SceneRequest(options.seed, 0, side, side), options.questions)
    for number in range(options.scenes):
        use = uses[number % len(uses)]
        request = SceneRequest(options.seed, number, side, side, land_use=use)
        measured = timed(request, options.questions, options.rounds)
        by_use.setdefault(use, []).append(measured)
    about = {"side": side, "questions": options.questions, "rounds": options.rounds}
    found = report(by_use, about)
    print(json.dumps(found["all"], indent=1))
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "synth.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
