"""The loader of training against bare decoding and resizing of the same JPEGs.

    python -m benchmarks.loader [--count 24] [--rounds 5] [--side 800] [--preset r2]

`bare` opens a picture with Pillow and resizes it to the model's input; `bare, both views` also
makes the second picture, which the SigLIP tower sees. `loader` is what a training process does in
one worker: records, pictures, both views, masks read and framed, texts as ids, batches of four. All
in one process and thread, in turn; ratios of medians count, not seconds. Writes
benchmarks/results/loader.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import PIL
import torch
from PIL import Image

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.prompt import TextCodec
from training.data.fixtures import write
from training.data.loaders import load
from training.data.records import Samples
from training.fit.batches import Collation, NumberedBatches
from training.fit.newborn import word_tokenizer
from training.fit.records import Recorded

BATCH = 4
_COARSEST = 32
"""Pixels of the input under an image token, where there is no SigLIP tower."""


def bare(paths: list[Path], config: SegEarthConfig, *, both: bool) -> None:
    """Pictures as Pillow makes them."""
    side = config.input_size
    for path in paths:
        with Image.open(path) as image:
            picture = image.convert("RGB")
        longer = max(picture.size)
        size = (picture.width * side // longer, picture.height * side // longer)
        picture.resize(size, Image.Resampling.BILINEAR)
        if both and config.siglip is not None:
            tower = config.siglip.image_size
            picture.resize((tower, tower), Image.Resampling.BICUBIC)


def loader(samples: Samples, config: SegEarthConfig) -> None:
    """Batches as a worker makes them."""
    texts = [text for sample in samples[:2] for text in (sample.instruction, sample.answer)]
    # Which words a tokenizer knows makes no difference to how long it takes.
    codec = TextCodec(word_tokenizer(texts), PRESETS["tiny"].template)
    tower = config.siglip
    tokens = config.input_size // _COARSEST if tower is None else tower.image_size // tower.patch
    collation = Collation(config, codec, tokens)
    batches = NumberedBatches(Recorded(samples), collation, size=BATCH, seed=0)
    for number in range(len(samples) // BATCH):
        batches[number]


def measure(ways: dict[str, Callable[[], None]], count: int, rounds: int) -> dict[str, object]:
    """Rates, and the loader's over each."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            start, spent = time.perf_counter(), time.process_time()
            work()
            seconds[way].append(time.perf_counter() - start)
            processor[way].append(time.process_time() - spent)
    wall = {way: statistics.median(values) for way, values in seconds.items()}
    spent_in = {way: statistics.median(values) for way, values in processor.items()}
    return {
        "samples_per_second": {way: round(count / value, 1) for way, value in wall.items()},
        "loader_rate_over": {way: round(wall[way] / wall["loader"], 2) for way in ways},
        "processor_over_loaders": {
            way: round(spent_in[way] / spent_in["loader"], 2) for way in ways
        },
    }


def main() -> None:
    """Draw a data set of JPEGs, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=24, help="pictures")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=800, help="width of a picture in pixels")
    parser.add_argument("--preset", choices=PRESETS, default="r2", help="sizes of the inputs")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    config = PRESETS[given.preset]
    with TemporaryDirectory() as folder:
        root = Path(folder, "rrsisd")
        write("rrsisd", root, given.count, 0, side=given.side)
        samples = load(root, "train")
        paths = [sample.image_path for sample in samples]
        ways: dict[str, Callable[[], None]] = {
            "loader": partial(loader, samples, config),
            "bare": partial(bare, paths, config, both=False),
            "bare, both views": partial(bare, paths, config, both=True),
        }
        found = measure(ways, given.count // BATCH * BATCH, given.rounds)
    about = {
        "date": date.today().isoformat(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "preset": given.preset,
        "side": given.side,
        "count": given.count,
        "rounds": given.rounds,
        "pillow": PIL.__version__,
        "torch": torch.__version__,
    }
    print(json.dumps(found), flush=True)
    given.results.mkdir(parents=True, exist_ok=True)
    path = given.results / "loader.json"
    path.write_text(json.dumps({**about, **found}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
