"""Numbered batches: number n holds the same examples, and the same draws, whoever makes it.

Example g of a run is entry g mod n of epoch g div n, which is shuffled by (seed, epoch). So a run
can be continued at any step, and neither workers nor processes change what it sees.

Letters: B pictures, each with one question, L instruction tokens, A answer tokens, N masks, S input
side, T image tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.preprocess import Letterbox, Views, views
from geoseg.segearth.prompt import PromptBatch, TextCodec
from training.data.errors import DataError
from training.fit.examples import Example, Examples
from training.fit.targets import framed, tower_tokens
from training.losses import Variant, attention_count, released_grid, target_grid

_LAST = 1 << 40


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B examples, ready for a device."""

    views: Views
    prompt: PromptBatch
    answer_ids: Tensor
    """(B, A) rows of the answer vocabulary."""

    answer_mask: Tensor
    """(B, A) bool, False on padding."""

    owner: Tensor
    """(N,) picture of each mask, ascending."""

    masks: Tensor
    """(N, S, S) uint8, 255 times the share of each pixel of the input that is target."""

    extent: Tensor
    """(N, 2) share of the input's width and height that is picture."""

    grid: Tensor
    """(N, T) bool, the target on the token grid."""

    seeds: tuple[int, ...]
    """Of each example, for the points at which its masks are compared."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        language = None if self.views.language is None else self.views.language.to(device)
        seen = Views(self.views.segmentation.to(device), language)
        moved = {
            name: getattr(self, name).to(device)
            for name in ("answer_ids", "answer_mask", "owner", "masks", "extent", "grid")
        }
        return dataclasses.replace(self, views=seen, prompt=self.prompt.to(device), **moved)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the terms of the loss are divided by; over all batches of a step, wherever they are."""

    tokens: float
    masks: float
    attended: float

    @staticmethod
    def of(batches: Sequence[Batch], variant: Variant) -> Counts:
        """Real answer tokens, masks, and masks that L_S looks at."""
        return Counts(
            sum(float(batch.answer_mask.sum()) for batch in batches),
            sum(float(len(batch.masks)) for batch in batches),
            sum(float(attention_count(batch.grid, variant)) for batch in batches),
        )


@dataclass(frozen=True, slots=True)
class Collation:
    """How examples become a batch for one model."""

    config: SegEarthConfig
    codec: TextCodec
    token_side: int
    """Image tokens along a side."""

    grid: Literal["max", "released"] = "max"
    target: str = ""
    """Tokens of a target in an answer; empty: the template's ``[SEG]``."""

    def __call__(self, examples: Sequence[Example], seeds: Sequence[int]) -> Batch:
        """Examples as a batch; each keeps its seed."""
        seen = [views(example.picture, self.config) for example in examples]
        language = [v.language for v, _ in seen if v.language is not None]
        ids, real = self.codec.encode_answers([self._answer(e.answer) for e in examples])
        owner = [i for i, example in enumerate(examples) for _ in example.masks]
        pairs = [
            (torch.from_numpy(e.masks), box) for e, (_, box) in zip(examples, seen, strict=True)
        ]
        if int(((ids == self.codec.seg) & real).sum()) != len(owner):
            named = ", ".join(example.name for example in examples)
            raise DataError(named, "the tokenizer cuts a [SEG] of an answer in pieces.")
        inputs = [framed(masks, box) for masks, box in pairs]
        return Batch(
            views=Views(
                torch.cat([v.segmentation for v, _ in seen]),
                torch.cat(language) if language else None,
            ),
            prompt=self.codec.encode_prompt([example.instruction for example in examples]),
            answer_ids=ids,
            answer_mask=real,
            owner=torch.tensor(owner, dtype=torch.long),
            masks=torch.cat(inputs),
            extent=torch.tensor([_extent(box) for masks, box in pairs for _ in masks]).view(-1, 2),
            grid=torch.cat(
                [self._on_tokens(*both) for both in zip([m for m, _ in pairs], inputs, strict=True)]
            ),
            seeds=tuple(seeds),
        )

    def _answer(self, answer: str) -> str:
        """The model's own tokens in place of ``[SEG]``."""
        return answer.replace("[SEG]", self.target or self.codec.template.seg)

    def _on_tokens(self, masks: Tensor, inputs: Tensor) -> Tensor:
        """Masks (N, H, W) of a picture, and as they lie in its input, on the token grid (N, T)."""
        side = self.token_side
        if self.grid == "released":
            return released_grid(masks, side, side)
        if self.config.siglip is not None:
            return tower_tokens(masks, self.config.siglip, side)
        return target_grid(inputs > 0, side, side)


def _extent(box: Letterbox) -> tuple[float, float]:
    height, width = box.scaled
    return width / box.side, height / box.side


class NumberedBatches(Dataset[Batch]):
    """Every batch of a run, by its number."""

    def __init__(self, examples: Examples, collation: Collation, *, size: int, seed: int) -> None:
        self._examples, self._collation = examples, collation
        self._size, self._seed = size, seed

    def __getitem__(self, number: int) -> Batch:
        numbers = range(number * self._size, (number + 1) * self._size)
        places = [place(len(self._examples), self._seed, n) for n in numbers]
        return self._collation(
            [self._examples[p] for p in places], [draw_seed(self._seed, n) for n in numbers]
        )


def place(count: int, seed: int, number: int) -> int:
    """Which of `count` examples is the one of this number in a run."""
    return int(_shuffled(count, seed, number // count)[number % count])


@lru_cache(maxsize=2)
def _shuffled(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(count)


def draw_seed(seed: int, number: int) -> int:
    """Seed for all that is drawn about the example of this number."""
    return int(np.random.SeedSequence([seed, number, 1]).generate_state(1, np.uint64)[0] >> 1)


def stream(batches: NumberedBatches, first: int, stride: int, workers: int) -> Iterator[Batch]:
    """Batches first, first + stride, …, made ahead by worker processes."""
    ahead: dict[str, Any] = {"prefetch_factor": 4} if workers else {}
    loader: DataLoader[Batch] = DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, _LAST, stride),
        num_workers=workers,
        worker_init_fn=_alone,
        **ahead,
    )
    return iter(loader)


def _alone(_: int) -> None:
    torch.set_num_threads(1)
