"""Tiny models with weights so large that their answers vary, and their plain greedy decoding.

The plain decoding knows no cache, batch, prefix or draft: every token is a new pass over all
tokens before it, of one question alone.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from geoseg.segearth.config import PRESETS, SegEarthConfig, SiglipConfig
from geoseg.segearth.generate import Finish, Generation
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TEMPLATES, PromptBatch, TextCodec
from tests.unit.segearth.tinytalk import tiny_codec, tiny_config, tiny_tokenizer

KINDS = ("nano", "r2")
"""nano: trunk, tied head, nothing in front of the image. r2: words there, no trunk, own head."""

QUESTIONS = ("the buildings", "where can a plane land here ?", "roads")
IMAGES = 3
LONGEST = 12
"""Tokens of the longest plain answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """An answer without end, token by token."""

    ids: tuple[int, ...]
    probabilities: Tensor
    """(LONGEST,)."""

    states: Tensor
    """(LONGEST, D) at the tokens."""

    margins: tuple[float, ...]
    """By how much the best logit exceeds the second best."""

    def __repr__(self) -> str:
        return f"<plain {self.ids}>"

    def until(self, *, seg: int, end: int, limit: int) -> Generation:
        """The same answer under these rules."""
        ids = self.ids[:limit]
        finish: Finish = "length"
        if end in ids:
            ids, finish = ids[: ids.index(end)], "stop"
        at = [i for i, token in enumerate(ids) if token == seg]
        return Generation(ids, finish, self.states[at], self.probabilities[at])

    def sure(self, length: int) -> bool:
        """No two tokens are nearly equally probable in the first `length` choices."""
        return min(self.margins[:length], default=1.0) > 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Talker:
    """A model with pictures and questions to ask it about."""

    model: SegEarth
    codec: TextCodec
    image_tokens: Tensor
    """(IMAGES, T, D)."""

    def __repr__(self) -> str:
        return f"<talker {self.codec.template.name}>"

    def prompt(self, *questions: int) -> PromptBatch:
        """Prompts of these QUESTIONS."""
        return self.codec.encode_prompt([QUESTIONS[i] for i in questions])


@functools.cache
def talker(kind: str, seed: int) -> Talker:
    """One of KINDS with random weights."""
    torch.manual_seed(seed)
    codec = _codec(kind)
    model = build(_config(kind, codec)).eval()
    with torch.no_grad():
        for parameter in model.language.phi.layers.parameters():
            if parameter.dim() == 2:
                parameter.mul_(20)
        model.language.phi.embed_tokens.weight.mul_(50)
        if model.language.head is not None:
            model.language.head.weight.mul_(10)
    return Talker(model, codec, torch.randn(IMAGES, 16, model.config.language.hidden))


@functools.cache
@torch.no_grad()
def plain(kind: str, seed: int, image: int, question: int) -> Plain:
    """What this talker says about an image, as long as it may."""
    asked = talker(kind, seed)
    language = asked.model.language
    sequence = asked.model.prompted(asked.image_tokens[image : image + 1], asked.prompt(question))
    ids, probabilities, margins = [], [], []
    for _ in range(LONGEST):
        logits = language.logits(language(sequence)[0, -1])
        best = logits.topk(2)
        ids.append(int(best.indices[0]))
        margins.append(float(best.values[0] - best.values[1]))
        probabilities.append(logits.softmax(dim=-1)[ids[-1]])
        token = torch.tensor([[ids[-1]]])
        sequence = sequence.then(language.embed(token), torch.ones_like(token, dtype=torch.bool))
    states = language(sequence)[0, -LONGEST:]
    return Plain(tuple(ids), torch.stack(probabilities), states, tuple(margins))


def assert_same(got: Generation, expected: Generation) -> None:
    """Tokens bit for bit, states and probabilities within rounding."""
    assert got.ids == expected.ids
    assert got.finish == expected.finish
    torch.testing.assert_close(got.seg_hidden, expected.seg_hidden, atol=1e-4, rtol=0)
    torch.testing.assert_close(got.seg_probability, expected.seg_probability, atol=1e-4, rtol=0)


def _codec(kind: str) -> TextCodec:
    tokenizer = tiny_tokenizer()
    if kind == "nano":
        return tiny_codec(tokenizer)
    return TextCodec(tokenizer, dataclasses.replace(TEMPLATES["w1-hb"], end="[EOS]"))


def _config(kind: str, codec: TextCodec) -> SegEarthConfig:
    if kind == "nano":
        return tiny_config(codec)
    tiny = PRESETS["tiny"]
    language = dataclasses.replace(tiny.language, vocab=64, tied=False, partial_rotary=0.4)
    siglip = SiglipConfig(hidden=16, layers=1, heads=2, mlp=16, image_size=56, patch=14)
    return dataclasses.replace(
        tiny, trunk=None, siglip=siglip, language=language, template=codec.template
    )
