"""Which prompt template a checkpoint was taught: under it, true answers surprise it least.

The published code shows its model different prompts in training and in evaluation, and a published
checkpoint does not say which. A handful of labelled pictures does: perplexity of the answers, per
template, over all their tokens from the blank in front of the answer to the end token.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from geoseg.errors import CheckpointError, InstructionError, OutputError
from geoseg.segearth.checkpoint import CONFIG, SUMS, Checkpoint, codec_for, peek
from geoseg.segearth.preprocess import letterbox
from geoseg.segearth.prompt import TEMPLATES, PromptTemplate, TextCodec

Sample = tuple[Tensor, str, str]
"""A (3, H, W) uint8 picture, a question and its answer."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """What answers cost under one template."""

    template: PromptTemplate
    perplexity: float
    tokens: int
    """Answer tokens, over all samples."""

    samples: int


def candidates(checkpoint: Checkpoint) -> tuple[PromptTemplate, ...]:
    """The checkpoint's own template, then the known ones that its tokenizer can render."""
    return tuple(codec.template for codec in _codecs(checkpoint))


@torch.inference_mode()
def calibrate(checkpoint: Checkpoint, samples: Iterable[Sample]) -> tuple[Surprise, ...]:
    """Perplexity of the samples' answers under every candidate, the lowest first.

    InstructionError without samples; CheckpointError if the model gives no finite numbers.
    """
    model, codecs = checkpoint.model, _codecs(checkpoint)
    place = next(model.parameters())
    nats, tokens, count = [0.0] * len(codecs), [0] * len(codecs), 0
    for picture, question, answer in samples:
        pixels, _ = letterbox(picture.to(place.device), model.config)
        image_tokens = model.encode(pixels.to(place.dtype)).image_tokens
        for i, codec in enumerate(codecs):
            rows, mask = (part.to(place.device) for part in codec.encode_answers([answer]))
            prompt = codec.encode_prompt([question]).to(place.device)
            reading = model.read(image_tokens, prompt, rows, mask)
            nats[i] += float(F.cross_entropy(reading.logits[0].float(), rows[0], reduction="sum"))
            tokens[i] += rows.numel()
        count += 1
    if not count:
        raise InstructionError("There are no labelled pictures to calibrate with. Give some.")
    if not all(map(math.isfinite, nats)):
        raise CheckpointError(
            "The model's predictions are not finite numbers, so no template fits it. "
            "Fetch the checkpoint again."
        )
    found = [
        # The exponent is capped where floats end.
        Surprise(codec.template, math.exp(min(n / t, 700.0)), t, count)
        for codec, n, t in zip(codecs, nats, tokens, strict=True)
    ]
    return tuple(sorted(found, key=lambda surprise: surprise.perplexity))


def set_template(folder: Path, template: PromptTemplate) -> str:
    """Write another template into a checkpoint folder of our format; returns its new hash.

    A new folder takes the place of the old one, with the same weight files in it. CheckpointError
    if the folder is not of our format, OutputError if it cannot be written.
    """
    peek(folder)
    data = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    data["model"]["template"] = dataclasses.asdict(template)
    config = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    digest = hashlib.sha256(config.encode()).hexdigest()
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    told = [f"{digest}  {CONFIG}" if line.endswith(f"  {CONFIG}") else line for line in lines]
    sums = "\n".join(told) + "\n"
    partial, old = (folder.with_name(f".{folder.name}.{w}-{os.getpid()}") for w in ("new", "old"))
    try:
        shutil.copytree(folder, partial, copy_function=_linked)
        for name, text in ((CONFIG, config), (SUMS, sums)):
            (partial / name).unlink()  # the file behind the link is the old folder's
            (partial / name).write_text(text, encoding="utf-8")
        folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"The checkpoint {folder} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return hashlib.sha256(sums.encode()).hexdigest()


def _codecs(checkpoint: Checkpoint) -> list[TextCodec]:
    own = checkpoint.codec.template
    codecs = []
    for template in dict.fromkeys((own, *TEMPLATES.values())):
        config = dataclasses.replace(checkpoint.model.config, template=template)
        try:
            codecs.append(codec_for(config, checkpoint.codec.tokenizer))
        except CheckpointError:  # its markers are no tokens of this model
            continue
    return codecs


def _linked(source: str, target: str) -> None:
    """A second name for a file, or a copy where the file system has no links."""
    try:
        os.link(Path(source).resolve(), target)
    except OSError:
        shutil.copy2(source, target)
