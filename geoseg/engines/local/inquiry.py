"""What one run asks a model: prompts read once, pictures encoded once, answers foreseen.

Letters: B pictures, T image tokens, D width, S [SEG] tokens of a reply, h and w mask cells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import Question
from geoseg.engines.local.drafts import Drafts
from geoseg.engines.local.replies import tile_answer
from geoseg.scene import Chip
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.generate import Generation, Prefix, generate, remember
from geoseg.segearth.model import Encoded
from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.preprocess import crop_logits, pad_chips, to_pixels
from geoseg.segearth.prompt import PromptBatch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """A reply about one picture of a batch."""

    place: int
    """Of the picture in the batch."""

    instruction: Instruction
    reply: Generation


class Inquiry:
    """Asks one model; remembers the prompts of its instructions and what was answered so far."""

    def __init__(
        self, checkpoint: Checkpoint, *, device: str, dtype: torch.dtype, max_new_tokens: int
    ) -> None:
        self._model, self._codec = checkpoint.model, checkpoint.codec
        self._device, self._dtype, self._limit = device, dtype, max_new_tokens
        self._prompts: dict[Instruction, PromptBatch] = {}
        self._drafts = Drafts()

    @torch.inference_mode()
    def prepare(self, group: Iterable[Question]) -> None:
        """Read the instructions that are new; InstructionError if the model cannot."""
        for instruction in _instructions(group):
            if instruction not in self._prompts:
                prompt = self._codec.encode_prompt([instruction.text]).to(self._device)
                self._prompts[instruction] = self._model.understood(prompt)

    @torch.inference_mode()
    def ask(self, group: Sequence[Question]) -> list[tuple[Instruction, TileAnswer]]:
        """Answers to one batch, in the order of its questions, which were prepared."""
        encoded = self._encoded([question.chip for question in group])
        said = self._said(group, encoded.image_tokens)
        answers = []
        for one, maps in zip(said, self._drawn(encoded.features, said), strict=True):
            chip, text = group[one.place].chip, self._codec.decode_answer(one.reply.ids)
            logits = crop_logits(maps, torch.tensor(chip.valid), self._model.config)
            answer = tile_answer(chip.tile, one.reply, text, logits, one.instruction.text)
            answers.append((one.instruction, answer))
        for one in said:
            self._drafts.hear(one.instruction, one.reply)
        return answers

    def report(self) -> None:
        """Tell the log how well answers were foreseen."""
        drafts = self._drafts
        if drafts.tokens:
            share = drafts.drafted / drafts.tokens
            _log.debug(
                "%d of %d tokens foreseen (%.0f %%)", drafts.drafted, drafts.tokens, 100 * share
            )

    def _encoded(self, chips: Sequence[Chip]) -> Encoded:
        config = self._model.config
        pictures = pad_chips(
            [torch.tensor(chip.rgb) for chip in chips],
            [torch.tensor(chip.valid) for chip in chips],
            config.window,
        )
        shapes = [chip.valid.shape for chip in chips]
        pixels = to_pixels(pictures.to(self._device), config, shapes)
        return self._model.encode(pixels.to(self._dtype))

    def _said(self, group: Sequence[Question], image_tokens: Tensor) -> list[_Said]:
        """All replies about (B, T, D) image tokens, picture by picture."""
        asked = _instructions(group)
        prefix = None
        if len(asked) > 1:
            prefix = remember(self._model, image_tokens, self._prompts[asked[0]].before)
        said = [
            _Said(place, instruction, reply)
            for instruction in asked
            for place, reply in self._replies(
                _places(group, instruction), instruction, image_tokens, prefix
            )
        ]
        # Stable, so the instructions of a picture keep their order.
        return sorted(said, key=lambda one: one.place)

    def _replies(
        self,
        places: Sequence[int],
        instruction: Instruction,
        image_tokens: Tensor,
        prefix: Prefix | None,
    ) -> Iterable[tuple[int, Generation]]:
        """(place, reply) of the pictures that are asked an instruction."""
        rows = torch.tensor(places, device=image_tokens.device)
        replies = generate(
            self._model,
            image_tokens[rows],
            self._prompts[instruction].repeat(len(places)),
            seg=self._codec.seg,
            end=self._codec.end,
            max_new_tokens=self._limit,
            prefix=None if prefix is None else prefix.select(rows),
            drafts=[self._drafts.expected(instruction)] * len(places),
        )
        return zip(places, replies, strict=True)

    def _drawn(self, features: PixelFeatures, said: Sequence[_Said]) -> tuple[Tensor, ...]:
        """The (S, h, w) logits of each reply, on the CPU.

        All at once: what a picture's queries look at is computed for them together.
        """
        counts = [len(one.reply.seg_hidden) for one in said]
        places = torch.tensor([one.place for one in said])
        owner = places.repeat_interleave(torch.tensor(counts)).to(self._device)
        hidden = torch.cat([one.reply.seg_hidden for one in said])
        logits = self._model.masks(features, hidden, owner, aux=False)[-1].float().cpu()
        return torch.split(logits, counts)


def _instructions(group: Iterable[Question]) -> tuple[Instruction, ...]:
    """All that are asked of a batch, each once, in the order in which they come."""
    return tuple(dict.fromkeys(i for question in group for i in question.instructions))


def _places(group: Sequence[Question], instruction: Instruction) -> list[int]:
    """The pictures of a batch that are asked an instruction."""
    return [i for i, question in enumerate(group) if instruction in question.instructions]
