"""Operations and seconds of an image: the efficiency columns of the paper.

CHECKPOINT is asked about the samples of DATA one by one, or about one drawn picture where no DATA
is given. Answers are generated, as in use.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.records import Sample


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("checkpoint", help="name or folder")
    parser.add_argument("data", nargs="?", type=Path, help="folder of a data set")
    parser.add_argument("--kind", default="", help="of the data; as a rule it is recognised")
    parser.add_argument("--split", default="test", help="[test]")
    parser.add_argument("--images", type=int, default=100, help="that are timed [100]")
    parser.add_argument("--warmup", type=int, default=10, help="asked before [10]")
    parser.add_argument("--max-new-tokens", type=int, help="of an answer [as the checkpoint says]")
    parser.add_argument("--instruction", default="the buildings", help="for the drawn picture")
    parser.add_argument("--side", type=int, default=1024, help="of the drawn picture [1024]")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--out", type=Path, help="file for the numbers as JSON")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(options: argparse.Namespace) -> int:
    """Measure, and report."""
    from training.data.loaders import LOADERS, kind_of
    from training.eval.asking import open_examinee
    from training.eval.efficiency import measure

    with tempfile.TemporaryDirectory() as folder:
        if options.data is None:
            samples: Sequence[Sample] = [_drawn(Path(folder), options.side, options.instruction)]
        else:
            kind = options.kind or kind_of(options.data)
            samples = LOADERS[kind](options.data, options.split)[: options.images + options.warmup]
        examinee = open_examinee(
            options.checkpoint, device=options.device, max_new_tokens=options.max_new_tokens
        )
        found = measure(examinee, samples, images=options.images, warmup=options.warmup)
    body = json.dumps({"checkpoint": options.checkpoint, **found.to_json()})
    if options.out is not None:
        options.out.write_text(body + "\n", encoding="utf-8")
    sys.stdout.write((body if options.json else found.text()) + "\n")
    return 0


def _drawn(folder: Path, side: int, instruction: str) -> Sample:
    """A question about a picture of noise: what it costs does not depend on what it shows."""
    import numpy as np
    from PIL import Image

    from training.data.records import Sample

    path = folder / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return Sample(
        id="noise",
        source="drawn",
        split="test",
        group="noise",
        image_path=path,
        height=side,
        width=side,
        instruction=instruction,
        answer="",
        masks=(),
    )
