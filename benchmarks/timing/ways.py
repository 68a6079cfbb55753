"""Ways to ask a model about a batch of tiles: plain, fast, and fast but for one thing.

Plain is what a direct use of the published model is: a picture at a time, every instruction anew, a
token at a time with cached keys and values, the maps of a picture repeated for each [SEG].
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.timing.clock import Clock
from benchmarks.timing.subjects import Subject
from geoseg.segearth.generate import Generation, generate, remember
from geoseg.segearth.model import Encoded, SegEarth
from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.preprocess import to_pixels

Answers = dict[tuple[int, int], tuple[int, ...]]
"""(tile, instruction) to the rows of its greedy answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a batch is asked."""

    batch: int = 1
    prepared: bool = True
    """The rewrites of `prepare_`, and on CUDA the compiled steps."""

    drafts: bool = True
    """The answer is expected as it comes, and verified in one pass."""

    shared: bool = True
    """Queries of a picture share its maps."""

    reuse: bool = True
    """A picture is encoded, and remembered, once for all instructions."""

    kept: bool = True
    """Freed memory stays with the process (on Linux)."""

    limit: int | None = None
    """Answers are cut at this length; None: at the subject's."""


PLAIN = Way(prepared=False, drafts=False, shared=False, reuse=False, kept=False)


@torch.inference_mode()
def ask(
    subject: Subject, way: Way, instructions: int, expected: Answers, clock: Clock | None = None
) -> list[Generation]:
    """Ask `way.batch` tiles the first instructions; replies by instruction, then tile."""
    model = subject.fast if way.prepared else subject.plain
    model.language.compiled = way.prepared and device_of(model).type == "cuda"
    asking = _Asking(subject, way, model, expected, clock)
    groups = [range(instructions)] if way.reuse else [range(i, i + 1) for i in range(instructions)]
    with nullcontext() if clock is None else clock.listening(model):
        return [reply for group in groups for reply in asking.replies(group)]


def expected_answers(subject: Subject, tiles: int, instructions: int) -> Answers:
    """What greedy decoding says, token by token."""
    found: Answers = {}
    for tile in range(tiles):
        replies = ask(subject.only(tile), Way(prepared=False, drafts=False), instructions, {})
        found |= {(tile, i): reply.ids for i, reply in enumerate(replies)}
    return found


def device_of(model: SegEarth) -> torch.device:
    """Where a model is."""
    return model.seg_projector.weight.device


@dataclass(frozen=True, slots=True, eq=False)
class _Asking:
    """One batch, asked in one way."""

    subject: Subject
    way: Way
    model: SegEarth
    expected: Answers
    clock: Clock | None

    def replies(self, group: range) -> list[Generation]:
        """Replies to a group of instructions about pictures encoded for it, and their masks."""
        encoded = self._encoded()
        with self._part("language"):
            said = self._said(group, encoded.image_tokens)
        with self._part("mask_decoder"):
            self._masks(encoded.features, said)
        return said

    def _part(self, name: str) -> AbstractContextManager[None]:
        return nullcontext() if self.clock is None else self.clock.part(name)

    def _encoded(self) -> Encoded:
        with self._part("preprocess"):
            tiles = self.subject.tiles[: self.way.batch].to(device_of(self.model))
            pixels = to_pixels(tiles, self.subject.config).to(self.model.seg_projector.weight.dtype)
        return self.model.encode(pixels)

    def _said(self, group: range, image_tokens: Tensor) -> list[Generation]:
        """Replies by instruction, then tile."""
        subject, way = self.subject, self.way
        prompts = [subject.prompts[i].repeat(way.batch) for i in group]
        limit = subject.limit if way.limit is None else way.limit
        prefix = remember(self.model, image_tokens, prompts[0].before) if len(group) > 1 else None
        said: list[Generation] = []
        for i, prompt in zip(group, prompts, strict=True):
            drafts = [self.expected[tile, i] for tile in range(way.batch)] if way.drafts else None
            said += generate(
                self.model,
                image_tokens,
                prompt,
                seg=subject.seg,
                end=subject.end,
                max_new_tokens=limit,
                prefix=prefix,
                drafts=drafts,
            )
        return said

    def _masks(self, features: PixelFeatures, said: list[Generation]) -> Tensor:
        """Masks of all [SEG] (N, h, w), on the CPU."""
        counts = torch.tensor([len(reply.seg_hidden) for reply in said])
        owner = (torch.arange(len(said)) % self.way.batch).repeat_interleave(counts)
        owner = owner.to(features.mask_features.device)
        if not self.way.shared:
            scales = tuple(scale[owner] for scale in features.scales)
            features = PixelFeatures(features.mask_features[owner], scales)
            owner = torch.arange(len(owner), device=owner.device)
        hidden = torch.cat([reply.seg_hidden for reply in said])
        return self.model.masks(features, hidden, owner, aux=False)[-1].float().cpu()
