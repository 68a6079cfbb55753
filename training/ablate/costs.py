"""Operations and seconds of one image, its answer given, batch of one. Paper: Figure 5."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from training.fit.batches import Batch
from training.fit.lesson import Lesson


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one image on the device that the model is on."""

    tflops: float
    """10¹² operations, two for a multiplication with its addition, as the paper counts."""

    seconds: float
    """Median."""


@torch.inference_mode()
def cost(lesson: Lesson, batch: Batch, end: int, *, repeats: int = 5) -> Cost:
    """Of answering a batch of one with the answer given, so that all models say the same."""
    lesson.eval()
    with FlopCounterMode(display=False) as counter:
        lesson.predict(batch, end=end, forced=True)
    times = []
    for _ in range(repeats + 1):
        _wait()
        began = time.perf_counter()
        lesson.predict(batch, end=end, forced=True)
        _wait()
        times.append(time.perf_counter() - began)
    return Cost(counter.get_total_flops() / 1e12, sorted(times[1:])[repeats // 2])


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
