"""Operations and seconds of an image, as Table 6 and Figure 5 of the paper tell them.

Two operations per multiply-add, as the paper counts: 6.1 TFLOPs for its model. Matrix products,
convolutions and attention count; norms, activations and gathers do not. The answer's tokens are
part of both numbers, so they are told beside them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean, median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from geoseg.errors import InstructionError
from training.data.records import Sample
from training.eval.asking import Examinee, Reply, ask_all
from training.eval.frames import found_in


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What one image costs, one after the other."""

    images: int
    """That were timed, after `warmup` others."""

    warmup: int
    tflops: float
    """10¹² operations per image, mean over those counted."""

    counted: int
    """Images whose operations were counted."""

    seconds: float
    """Per image, mean, from the picture's file to masks in its own pixels."""

    seconds_median: float
    tokens: float
    """Decoded per image, mean; what was forced is read and not decoded."""

    targets: float
    """Masks per image, mean."""

    device: str
    dtype: str
    peak_memory_bytes: int | None
    """Of a CUDA device."""

    def to_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)

    def text(self) -> str:
        """For people."""
        memory = self.peak_memory_bytes
        held = "" if memory is None else f", at most {memory / 1e9:.1f} GB"
        return (
            f"{self.tflops:#.4g} TFLOPs and {self.seconds:.3f} s per image "
            f"(median {self.seconds_median:.3f} s), batch 1\n"
            f"{self.images} images after {self.warmup} to warm up, operations of {self.counted} "
            f"counted, two per multiply-add\n"
            f"{self.tokens:.1f} tokens decoded and {self.targets:.1f} masks per image, "
            f"{self.dtype} on {self.device}{held}"
        )


def measure(
    examinee: Examinee, samples: Sequence[Sample], *, images: int, warmup: int, counted: int = 3
) -> Efficiency:
    """Ask about samples one by one, from the start again where there are too few.

    Raises InstructionError where nothing is to be measured.
    """
    if images < 1 or not samples:
        raise InstructionError(
            f"{images} images of {len(samples)} samples leave nothing to be measured."
        )
    on_cuda = examinee.device.type == "cuda"
    for number in range(warmup):
        _ask(examinee, samples[number % len(samples)])
    if on_cuda:
        torch.cuda.reset_peak_memory_stats(examinee.device)
    seconds, replies = [], []
    for number in range(images):
        sample = samples[(warmup + number) % len(samples)]
        _wait(examinee)
        start = time.perf_counter()
        replies.append(_ask(examinee, sample))
        _wait(examinee)
        seconds.append(time.perf_counter() - start)
    peak = int(torch.cuda.max_memory_allocated(examinee.device)) if on_cuda else None
    some = [samples[(warmup + number) % len(samples)] for number in range(min(counted, images))]
    operations = [operations_of(partial(_ask, examinee, one)) for one in some]
    return Efficiency(
        images=images,
        warmup=warmup,
        tflops=fmean(operations) / 1e12,
        counted=len(some),
        seconds=fmean(seconds),
        seconds_median=median(seconds),
        tokens=fmean(reply.tokens for reply in replies),
        targets=fmean(len(reply.logits) for reply in replies),
        device=torch.cuda.get_device_name(examinee.device) if on_cuda else _cpu(),
        dtype=str(examinee.dtype).removeprefix("torch."),
        peak_memory_bytes=peak,
    )


def operations_of(work: Callable[[], object]) -> int:
    """Operations of what is done inside, two per multiply-add."""
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    # torch counts attention of CUDA alone.
    with FlopCounterMode(display=False, custom_mapping={attention: _attention}) as counter:
        work()
    return int(counter.get_total_flops())


def _attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _ask(examinee: Examinee, sample: Sample) -> Reply:
    ((_, reply, box),) = ask_all(examinee, [sample])
    found_in(reply.logits, box, "native")
    return reply


def _wait(examinee: Examinee) -> None:
    if examinee.device.type == "cuda":
        torch.cuda.synchronize(examinee.device)


def _cpu() -> str:
    return f"CPU, {torch.get_num_threads()} threads"
