"""A checkpoint asked about samples. Letters: Q questions of a picture, N masks of h × w cells.

Answers are generated greedily: sampling would make scores differ between runs. Or they are
teacher-forced, as the contest's script does it: the model reads the true answer, which tells it how
many targets there are and what they are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoseg.engines.devices import find_device, usual_dtype
from geoseg.errors import EngineError
from geoseg.segearth.generate import generate, remember
from geoseg.segearth.model import Encoded, SegEarth
from geoseg.segearth.preprocess import Letterbox, from_views, views
from geoseg.segearth.prompt import PromptBatch, TextCodec
from geoseg.segearth.sources import open_checkpoint
from training.data.errors import DataError
from training.data.pictures import read_picture
from training.data.records import SEG, Sample, Samples
from training.eval.conventions import Conventions
from training.eval.frames import found_in, truth_in
from training.eval.outcomes import Outcome
from training.eval.pairing import pair

_TOGETHER = 8
"""Questions of one picture that are asked at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What a model said about one picture, and drew."""

    text: str
    logits: Tensor
    """(N, h, w) float32 on the CPU, one map per [SEG]."""

    cut: bool
    """The answer ended at the token limit."""

    tokens: int = 0
    """Decoded one by one; none of a forced answer."""


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """An answer before its masks are drawn."""

    text: str
    states: Tensor
    """(N, D) at its [SEG]."""

    cut: bool = False
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Examinee:
    """A model, ready to be asked."""

    model: SegEarth
    codec: TextCodec
    device: torch.device
    dtype: torch.dtype
    hash: str
    forced: bool = False
    limit: int = 0
    """Most tokens of an answer."""


def open_examinee(
    checkpoint: str,
    *,
    device: str = "auto",
    forced: bool = False,
    max_new_tokens: int | None = None,
) -> Examinee:
    """Load a checkpoint by name or folder. CheckpointError or EngineError where that fails."""
    place = find_device(device)
    dtype = usual_dtype(place)
    opened = open_checkpoint(checkpoint, dtype=dtype)
    limit = max_new_tokens or opened.model.config.max_new_tokens
    return Examinee(opened.model.to(place), opened.codec, place, dtype, opened.hash, forced, limit)


def by_picture(samples: Samples, part: tuple[int, int] = (0, 1)) -> Iterator[list[Sample]]:
    """Samples of one picture after the other, of every n-th group if there are n parts.

    Groups and not samples are dealt out: no process gets one twice, and none is encoded twice.
    """
    place, parts = part
    entries = sorted(samples.entries, key=lambda entry: entry.group)
    for number, (_, group) in enumerate(groupby(entries, key=lambda entry: entry.group)):
        if number % parts != place:
            continue
        made = sorted((entry.make() for entry in group), key=lambda s: str(s.image_path))
        for _, same in groupby(made, key=lambda sample: sample.image_path):
            yield list(same)


def ask_all(
    examinee: Examinee, samples: Sequence[Sample]
) -> Iterator[tuple[Sample, Reply, Letterbox]]:
    """Replies to the questions about one picture."""
    first = samples[0]
    picture = read_picture(first.image_path, first.where or first.id)
    tensor = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    with torch.inference_mode():
        seen, box = views(tensor.to(examinee.device), examinee.model.config)
        pixels = from_views(seen, examinee.model.config).to(examinee.dtype)
        encoded = examinee.model.encode(pixels)
        for start in range(0, len(samples), _TOGETHER):
            group = samples[start : start + _TOGETHER]
            for sample, reply in zip(group, _replies(examinee, encoded, group), strict=True):
                yield sample, reply, box


def _replies(examinee: Examinee, encoded: Encoded, group: Sequence[Sample]) -> list[Reply]:
    codec = examinee.codec
    prompt = codec.encode_prompt([sample.instruction for sample in group]).to(examinee.device)
    if examinee.forced:
        said = _read(examinee, encoded, prompt, group)
    else:
        said = _generated(examinee, encoded, prompt, len(group))
    counts = [len(one.states) for one in said]
    owner = torch.zeros(sum(counts), dtype=torch.long, device=examinee.device)
    hidden = torch.cat([one.states for one in said])
    logits = examinee.model.masks(encoded.features, hidden, owner, aux=False)[-1].float().cpu()
    if not bool(logits.isfinite().all()):
        raise EngineError(
            f"The model's masks for {group[0].where or group[0].id} are not finite.",
            hint="Check the checkpoint with `geoseg model check`.",
        )
    maps = torch.split(logits, counts)
    return [
        Reply(one.text, logits, one.cut, one.tokens) for one, logits in zip(said, maps, strict=True)
    ]


def _generated(
    examinee: Examinee, encoded: Encoded, prompt: PromptBatch, count: int
) -> list[_Said]:
    model, codec = examinee.model, examinee.codec
    tokens = encoded.image_tokens
    prefix = None
    if count > 1:
        prefix = remember(model, tokens, prompt.before)
        prefix = prefix.select(torch.zeros(count, dtype=torch.long, device=tokens.device))
    answers = generate(
        model,
        tokens.expand(count, -1, -1),
        prompt,
        seg=codec.seg,
        end=codec.end,
        max_new_tokens=examinee.limit,
        prefix=prefix,
    )
    return [
        _Said(codec.decode_answer(one.ids), one.seg_hidden, one.finish == "length", len(one.ids))
        for one in answers
    ]


def _read(
    examinee: Examinee, encoded: Encoded, prompt: PromptBatch, group: Sequence[Sample]
) -> list[_Said]:
    codec = examinee.codec
    ids, real = codec.encode_answers([s.answer.replace(SEG, codec.template.seg) for s in group])
    ids, real = ids.to(examinee.device), real.to(examinee.device)
    tokens = encoded.image_tokens.expand(len(group), -1, -1)
    hidden = examinee.model.read(tokens, prompt, ids, real).hidden
    at = (ids == codec.seg) & real
    return [_Said(s.answer, hidden[i, at[i]]) for i, s in enumerate(group)]


def evaluate_samples(
    examinee: Examinee, samples: Sequence[Sample], conventions: Conventions
) -> Iterator[Outcome]:
    """Outcomes of the questions about one picture. DataError for a sample without true masks."""
    hidden = next((sample for sample in samples if sample.hidden), None)
    if hidden is not None:
        raise DataError(
            hidden.where or hidden.id,
            "its true masks are withheld, so nothing can be scored.",
            hint="Write a submission with --submission instead.",
        )
    for sample, reply, box in ask_all(examinee, samples):
        found = found_in(reply.logits, box, conventions.frame).numpy()
        truth = truth_in(torch.from_numpy(sample.decode()), conventions.frame).numpy()
        yield _outcome(sample, reply, found, truth, conventions)


def _outcome(
    sample: Sample,
    reply: Reply,
    found: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    conventions: Conventions,
) -> Outcome:
    frame = truth if len(truth) else found
    pixels = frame.shape[1] * frame.shape[2] if len(frame) else sample.height * sample.width
    return Outcome(
        id=sample.id,
        image=sample.group,
        pairs=pair(found, truth, conventions.pairing, sample.phrases),
        pixels=pixels,
        source=sample.source,
        split=sample.split,
        tags=sample.tags,
        targets=len(truth),
        found=len(found),
        answer=reply.text,
        cut=reply.cut,
    )
