"""Steps of training by the paper's recipe, without the loader: examples per second and peak memory.

    python -m benchmarks.fitting [--preset r2] [--batch 4] [--steps 20] [--json FILE]

Weights, pictures and words are random, the sums are those of a real step: frozen parts in bfloat16,
adapters and heads in float32, one answer of 40 tokens with one [SEG] for each picture. Prints the
ratio to what is wanted of one H200 (8 examples per second within 60 GB), wherever it runs;
`benchmarks.loader` has the other half.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import build
from geoseg.segearth.preprocess import Views
from geoseg.segearth.prompt import PromptBatch
from training.fit.adapting import adapt, set_mode
from training.fit.batches import Batch, Counts
from training.fit.lesson import Lesson
from training.fit.recipe import FitRecipe, read_recipe
from training.fit.runs import token_side
from training.verbs.fit import recipe_path

WANTED_RATE, WANTED_BYTES = 8.0, 60e9
_BEFORE, _AFTER, _ANSWER = 35, 65, 40
_SEG = 3


def lesson_of(config: SegEarthConfig, recipe: FitRecipe, device: torch.device) -> Lesson:
    """A model with random weights, ready to learn what the recipe lets learn."""
    torch.manual_seed(0)
    with device:
        model = build(config)
    if recipe.base.half:
        model.to(torch.bfloat16)
    adapt(model, recipe.learning, [_SEG])
    set_mode(model)
    return Lesson(model.to(device), [_SEG], recipe.losses)


def batch_of(lesson: Lesson, size: int, device: torch.device) -> Batch:
    """Random pictures, words and squares."""
    config = lesson.model.config
    source = torch.Generator().manual_seed(0)
    side, vocab = config.input_size, config.language.vocab
    words = vocab if config.trunk is None else config.trunk.vocab
    view = None if config.siglip is None else config.siglip.image_size
    ids = torch.randint(_SEG + 1, vocab, (size, _ANSWER), generator=source)
    ids[:, -2] = _SEG
    tokens = token_side(config, lesson.model.encoder.strides[-1])
    masks = torch.zeros(size, side, side, dtype=torch.uint8)
    masks[:, side // 4 : side // 2, side // 4 : side // 2] = 255
    grid = torch.zeros(size, tokens, tokens, dtype=torch.bool)
    grid[:, tokens // 4 : tokens // 2, tokens // 4 : tokens // 2] = True

    def noise(edge: int) -> torch.Tensor:
        return torch.randint(256, (size, 3, edge, edge), generator=source, dtype=torch.uint8)

    return Batch(
        views=Views(noise(side), None if view is None else noise(view)),
        prompt=PromptBatch(
            torch.randint(vocab, (_BEFORE if config.trunk is None else 0,), generator=source),
            torch.randint(words, (size, _AFTER), generator=source),
            torch.ones(size, _AFTER, dtype=torch.bool),
        ),
        answer_ids=ids,
        answer_mask=torch.ones_like(ids, dtype=torch.bool),
        owner=torch.arange(size),
        masks=masks,
        extent=torch.ones(size, 2),
        grid=grid.flatten(1),
        seeds=tuple(range(size)),
    ).to(device)


def measure(preset: str, recipe: FitRecipe, batch: int, steps: int) -> dict[str, Any]:
    """Median seconds of a step, and what follows from them."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    lesson = lesson_of(PRESETS[preset], recipe, device)
    learning = [p for p in lesson.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.course.rate, weight_decay=0.0)
    given = batch_of(lesson, batch, device)
    counts = Counts.of([given], recipe.losses.variant)
    seconds = []
    for _ in range(steps + 2):
        began = time.perf_counter()
        with torch.autocast(
            device.type, torch.bfloat16, enabled=recipe.running.precision == "bf16"
        ):
            terms = lesson(given, counts)
        terms.total(recipe.losses).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, recipe.course.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    median = sorted(seconds[2:])[steps // 2]
    on_gpu = device.type == "cuda"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": torch.cuda.get_device_name() if on_gpu else platform.machine(),
        "preset": preset,
        "batch": batch,
        "learning_parameters": sum(p.numel() for p in learning),
        "seconds_per_step": round(median, 4),
        "examples_per_s": round(batch / median, 3),
        "ratio_to_wanted": round(batch / median / WANTED_RATE, 3),
        "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else None,
        "peak_to_wanted": round(torch.cuda.max_memory_allocated() / WANTED_BYTES, 3)
        if on_gpu
        else None,
    }


def main() -> None:
    """Measure, print, and write down if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), default="r2")
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    recipe = read_recipe(recipe_path(options.recipe))
    found = measure(options.preset, recipe, options.batch, options.steps)
    sys.stdout.write("".join(f"{key:>22}  {value}\n" for key, value in found.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
