"""The engine that runs a checkpoint: what happens to a batch, and to one that fails."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import EngineSpec, Question
from geoseg.engines.devices import find_device
from geoseg.engines.local.batching import BatchSize, CudaGauge
from geoseg.engines.local.replies import tile_answer
from geoseg.errors import EngineError
from geoseg.scene import Chip
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.generate import Generation, generate
from geoseg.segearth.model import Encoded
from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.preprocess import crop_logits, pad_chips, to_pixels
from geoseg.segearth.prompt import PromptBatch
from geoseg.segearth.sources import open_checkpoint

_log = logging.getLogger(__name__)

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_Prompts = Mapping[Instruction, PromptBatch]
_Answered = list[tuple[Instruction, TileAnswer]]


class LocalEngine:
    """Holds one model on one device.

    Raises CheckpointError or EngineError (no such device) when it is built.
    """

    def __init__(self, spec: EngineSpec) -> None:
        place = find_device(spec.device)
        self.device = str(place)
        self._dtype = _dtype(spec.dtype, place)
        checkpoint = open_checkpoint(spec.checkpoint, dtype=self._dtype)
        checkpoint.model.to(place)
        self._checkpoint: Checkpoint | None = checkpoint
        self._size = _batch_size(spec.batch, place)
        self._limit = min(spec.max_tokens, checkpoint.model.config.max_new_tokens)
        settings = f"{checkpoint.hash} {self._dtype} {self._limit}"
        self.checkpoint_hash = hashlib.sha256(settings.encode()).hexdigest()

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Answer in the order of the questions, a batch of tiles at a time.

        A picture is encoded once for all of its instructions. InstructionError if the model
        cannot read one. A batch that does not fit into memory, or fails, is asked again in
        halves; what fails alone yields a failed answer.
        """
        queue = iter(questions)
        prompts: dict[Instruction, PromptBatch] = {}
        while batch := list(islice(queue, self._size.now)):
            for instruction in _instructions(batch):
                if instruction not in prompts:
                    prompts[instruction] = self._prompt(instruction)
            waiting = [batch]
            while waiting:
                group = waiting.pop(0)
                answers = self._tried(group, prompts)
                if isinstance(answers, Exception):
                    waiting[:0] = _halves(group)
                    if _out_of_memory(answers):
                        self._size.burst(len(group))
                        self._release()
                else:
                    yield from answers

    def _tried(self, group: Sequence[Question], prompts: _Prompts) -> _Answered | Exception:
        """Answers; of one instruction about one tile always, of more only if none fails."""
        self._size.start()
        try:
            answers = self._answers(group, prompts)
        except Exception as error:  # whatever a tile does, its neighbours must not be lost
            _log.info("a batch of %d tiles failed", len(group), exc_info=True)
            if len(group) == 1 and len(group[0].instructions) == 1:
                failed = TileAnswer(group[0].chip.tile, _reason(error), "failed")
                return [(group[0].instructions[0], failed)]
            # Its traceback holds the tensors of the batch that did not fit.
            return error.with_traceback(None)
        self._size.fitted(len(group))
        return answers

    def close(self) -> None:
        """Free the model and its device."""
        self._checkpoint = None
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _release(self) -> None:
        gc.collect()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _open(self) -> Checkpoint:
        if self._checkpoint is None:
            raise EngineError("The engine is closed. Open another one to go on.")
        return self._checkpoint

    @torch.inference_mode()
    def _prompt(self, instruction: Instruction) -> PromptBatch:
        checkpoint = self._open()
        prompt = checkpoint.codec.encode_prompt([instruction.text]).to(self.device)
        return checkpoint.model.understood(prompt)

    @torch.inference_mode()
    def _answers(self, group: Sequence[Question], prompts: _Prompts) -> _Answered:
        """Answers to one batch, in the order of its questions."""
        encoded = self._encoded([question.chip for question in group])
        said = [
            (place, instruction, reply)
            for instruction in _instructions(group)
            for place, reply in self._said(group, encoded.image_tokens, prompts, instruction)
        ]
        said.sort(key=lambda one: one[0])  # stable: the instructions of a tile keep their order
        drawn = self._drawn(encoded.features, [(place, reply) for place, _, reply in said])
        model, codec = self._open().model, self._open().codec
        answers = []
        for (place, instruction, reply), maps in zip(said, drawn, strict=True):
            chip, text = group[place].chip, codec.decode_answer(reply.ids)
            logits = crop_logits(maps, torch.tensor(chip.valid), model.config)
            answer = tile_answer(chip.tile, reply, text, logits, instruction.text)
            answers.append((instruction, answer))
        return answers

    def _encoded(self, chips: Sequence[Chip]) -> Encoded:
        model = self._open().model
        pictures = pad_chips(
            [torch.tensor(chip.rgb) for chip in chips],
            [torch.tensor(chip.valid) for chip in chips],
            model.config.window,
        )
        shapes = [chip.valid.shape for chip in chips]
        pixels = to_pixels(pictures.to(self.device), model.config, shapes)
        return model.encode(pixels.to(self._dtype))

    def _said(
        self,
        group: Sequence[Question],
        image_tokens: Tensor,
        prompts: _Prompts,
        instruction: Instruction,
    ) -> list[tuple[int, Generation]]:
        """(place in the group, reply) of the tiles that are asked an instruction."""
        checkpoint = self._open()
        places = [i for i, question in enumerate(group) if instruction in question.instructions]
        replies = generate(
            checkpoint.model,
            image_tokens[places],
            prompts[instruction].repeat(len(places)),
            seg=checkpoint.codec.seg,
            end=checkpoint.codec.end,
            max_new_tokens=self._limit,
        )
        return list(zip(places, replies, strict=True))

    def _drawn(
        self, features: PixelFeatures, replies: Sequence[tuple[int, Generation]]
    ) -> tuple[Tensor, ...]:
        """The (S, h, w) logits of each reply about the picture at a place, on the CPU.

        All at once: what a picture's queries look at is computed for them together.
        """
        counts = [len(reply.seg_hidden) for _, reply in replies]
        places = torch.tensor([place for place, _ in replies])
        owner = places.repeat_interleave(torch.tensor(counts)).to(self.device)
        hidden = torch.cat([reply.seg_hidden for _, reply in replies])
        logits = self._open().model.masks(features, hidden, owner, aux=False)[-1].float().cpu()
        return torch.split(logits, counts)


def _instructions(group: Sequence[Question]) -> tuple[Instruction, ...]:
    """All that are asked of a batch, each once, in the order in which they come."""
    return tuple(dict.fromkeys(i for question in group for i in question.instructions))


def _halves(group: Sequence[Question]) -> list[list[Question]]:
    """A batch as two: of its tiles, or of the instructions about its only tile."""
    if len(group) > 1:
        half = (len(group) + 1) // 2
        return [list(group[:half]), list(group[half:])]
    (question,) = group
    half = (len(question.instructions) + 1) // 2
    parts = question.instructions[:half], question.instructions[half:]
    return [[Question(question.chip, part)] for part in parts]


def _batch_size(asked: int | None, place: torch.device) -> BatchSize:
    if asked is None and place.type == "cuda":
        return BatchSize(1, CudaGauge(place))
    # On a CPU one tile after the other is fastest: its maps stay in the caches.
    return BatchSize(asked or 1)


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        name = "bfloat16" if device.type == "cuda" else "float32"
    return _DTYPES[name]


def _out_of_memory(error: Exception) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The CPU's allocator raises a plain RuntimeError, in words of the platform.
    return any(words in str(error) for words in ("can't allocate memory", "not enough memory"))


def _reason(error: Exception) -> str:
    if _out_of_memory(error):
        return "There is not enough memory for one tile."
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:300]
