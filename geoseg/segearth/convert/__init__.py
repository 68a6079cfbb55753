"""Published weights → our checkpoints.

Reads SegEarth-R2's folders and those of the same layout, with LoRA merged or not, and Mipha-3B with
a Mask2Former as a start for training. Pickles are read through allow-lists only.
"""

from __future__ import annotations

from pathlib import Path

from geoseg.segearth.checkpoint import Texts, refuse_existing, write
from geoseg.segearth.convert.card import card_of
from geoseg.segearth.convert.gather import Choices
from geoseg.segearth.convert.published import read_published
from geoseg.segearth.convert.report import Report

_SHARD_BYTES = 2**30


def convert(
    src: Path,
    out: Path,
    *,
    mask2former: Path | None = None,
    template: str = "w1-hb",
    seed: int = 0,
    allow_missing: tuple[str, ...] = (),
    overwrite: bool = False,
    base: Path | None = None,
    lora_alpha: float | None = None,
) -> Report:
    """Write the published folder `src` as our checkpoint `out`; says what became of each tensor.

    The options are the fields of `Choices`. Tensors keep the number format they are stored in, and
    go by one shard at a time. CheckpointError if the source is not whole and sound, OutputError if
    `out` exists or cannot be written; nothing is left behind then.
    """
    refuse_existing(out, overwrite)
    choices = Choices(template, mask2former, seed, allow_missing, base, lora_alpha)
    published = read_published(src, choices)
    write(
        published.config,
        ((name, tensor.read()) for name, tensor in published.tensors.items()),
        out,
        Texts(published.tokenizer.to_str(), card_of(published, choices)),
        store={"": "kept"},
        overwrite=overwrite,
        shard_bytes=_SHARD_BYTES,
    )
    return published.report
