"""Models to be timed: the one that ships, on the sample scene, and any preset with random weights.

With random weights a model has nothing to say, so its head is laid out such that greedy decoding
says a given answer: every token of the answer makes the next one the most probable. All sums are
computed as for any other answer.
"""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import torch
from rasterio.windows import Window
from torch import Tensor

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prepare import prepare_
from geoseg.segearth.prompt import PromptBatch
from geoseg.segearth.sources import open_checkpoint

SAMPLE = Path(__file__).parents[2] / "examples/data/banepa_sample.tif"
INSTRUCTIONS = ("the buildings", "roads", "trees", "open areas where people could gather")
_BEFORE, _AFTER = 35, 65
"""Tokens of the prompt of random models: with 729 image tokens the paper's 829."""

_STEP = 256
"""Pixels between the windows cut from the sample scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model as it is loaded, the same one prepared, and what both are asked."""

    plain: SegEarth
    fast: SegEarth
    """Shares all but encoder and pixel decoder with `plain`."""

    tiles: Tensor
    """(N, 3, W, W) uint8 on the CPU."""

    prompts: tuple[PromptBatch, ...]
    """One question each, its instruction read already."""

    seg: int
    end: int
    limit: int
    """Longest answer, in tokens."""

    @property
    def config(self) -> SegEarthConfig:
        """Sizes of both models."""
        return self.plain.config

    def only(self, tile: int) -> Subject:
        """The same models, asked about one tile alone."""
        return dataclasses.replace(self, tiles=self.tiles[tile : tile + 1])


def shipped(name: str, device: torch.device, dtype: torch.dtype, *, tiles: int) -> Subject:
    """A checkpoint of this installation, asked about the sample scene."""
    checkpoint = open_checkpoint(name, dtype=dtype)
    model, codec = checkpoint.model.to(device), checkpoint.codec
    with torch.inference_mode():
        prompts = tuple(
            model.understood(codec.encode_prompt([text]).to(device)) for text in INSTRUCTIONS
        )
    return Subject(
        model,
        prepared(model),
        _windows(model.config.window, tiles),
        prompts,
        seg=codec.seg,
        end=codec.end,
        limit=model.config.max_new_tokens,
    )


def random(
    config: SegEarthConfig, device: torch.device, dtype: torch.dtype, *, tiles: int, answer: int
) -> Subject:
    """A model with random weights that answers with `answer` tokens, two of them [SEG]."""
    untied = dataclasses.replace(config, language=dataclasses.replace(config.language, tied=False))
    torch.manual_seed(0)
    with device:
        model = build(untied).to(dtype).eval()
    words = _sentence(config.language.vocab, answer)
    _teach(model, words)
    generator = torch.Generator().manual_seed(0)
    vocab = config.language.vocab if config.trunk is None else config.trunk.vocab
    before = torch.randint(vocab, (_BEFORE,), generator=generator) % config.language.vocab
    after = torch.randint(vocab, (len(INSTRUCTIONS), _AFTER), generator=generator)
    after[:, -1] = words[0]
    whole = torch.ones(1, _AFTER, dtype=torch.bool)
    with torch.inference_mode():
        prompts = tuple(
            model.understood(PromptBatch(before, row[None], whole).to(device)) for row in after
        )
    side = config.window
    noise = torch.randint(256, (tiles, 3, side, side), generator=generator, dtype=torch.uint8)
    end = config.language.vocab - 1  # never said
    return Subject(model, prepared(model), noise, prompts, seg=words[-1], end=end, limit=answer)


def subject_of(
    preset: str, device: torch.device, dtype: torch.dtype, *, tiles: int, answer: int
) -> Subject:
    """The shipped model of this name, or its preset with random weights."""
    if preset == "nano":
        return shipped(preset, device, dtype, tiles=tiles)
    return random(PRESETS[preset], device, dtype, tiles=tiles, answer=answer)


def prepared(model: SegEarth) -> SegEarth:
    """The same model made fast; what `prepare_` does not touch is shared."""
    fast = copy.copy(model)
    fast._modules = dict(model._modules)
    for part in ("encoder", "pixel_decoder"):
        fast.register_module(part, copy.deepcopy(getattr(model, part)))
    prepare_(fast)
    return fast


def _sentence(vocab: int, answer: int) -> list[int]:
    """The token in front of the answer, then half of the answer, ending with [SEG].

    The answer says that half twice.
    """
    first = vocab // 2
    return list(range(first, first + 1 + max(1, answer // 2)))


@torch.no_grad()
def _teach(model: SegEarth, words: list[int]) -> None:
    """Make each of `words` the most probable token behind the one before it, and start again."""
    embed, head = model.language.phi.embed_tokens.weight, model.language.head
    assert head is not None
    # Far longer than what the layers add to them, so the state at a token is about itself.
    embed.mul_(100)
    head.weight[words] = 0
    for word, following in zip(words, [*words[1:], words[1]], strict=True):
        direction = embed[word] - embed[word].mean()
        head.weight[following] += direction / direction.norm()


def _windows(side: int, count: int) -> Tensor:
    """(count, 3, side, side) of the sample scene, from left to right and again."""
    with rasterio.open(SAMPLE) as scene:
        starts = range(0, scene.width - side + 1, _STEP)
        chosen = [starts[i % len(starts)] for i in range(count)]
        pictures = [scene.read((1, 2, 3), window=Window(col, 0, side, side)) for col in chosen]
    return torch.from_numpy(np.stack(pictures))
