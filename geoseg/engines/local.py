"""The engine that runs a checkpoint in this process: chips → batches → model → answers.

The only bridge between scenes and torch.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import re
from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer
from geoseg.engines import EngineSpec
from geoseg.errors import EngineError
from geoseg.scene import Chip
from geoseg.segearth.checkpoint import Checkpoint, load, locate
from geoseg.segearth.generate import Generation, generate
from geoseg.segearth.preprocess import ABSENT, crop_logits, pad_chips, to_pixels
from geoseg.segearth.prompt import PromptBatch, parse_reply

_log = logging.getLogger(__name__)

_BATCH = {"cpu": 1, "cuda": 8}
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class LocalEngine:
    """Holds one model on one device.

    Raises CheckpointError or EngineError (no such device) when it is built.
    """

    def __init__(self, spec: EngineSpec) -> None:
        place = _device(spec.device)
        self.device = str(place)
        checkpoint = load(locate(spec.checkpoint))
        self._dtype = _dtype(spec.dtype, place)
        checkpoint.model.to(place, self._dtype)
        self._checkpoint: Checkpoint | None = checkpoint
        self._batch = spec.batch or _BATCH[place.type]
        self._limit = min(spec.max_tokens, checkpoint.model.config.max_new_tokens)
        settings = f"{checkpoint.hash} {self._dtype} {self._limit}"
        self.checkpoint_hash = hashlib.sha256(settings.encode()).hexdigest()

    def answer(
        self, chips: Iterable[Chip], instruction: Instruction
    ) -> Generator[TileAnswer, None, None]:
        """Answer each chip once, in order, a batch at a time.

        InstructionError if the model cannot read the instruction. Out of memory halves the batch
        for the rest of the run; a tile that fails alone yields a failed answer.
        """
        prompt = self._prompt(instruction)
        queue = iter(chips)
        size = self._batch
        while batch := list(islice(queue, size)):
            waiting = [batch]
            while waiting:
                group = waiting.pop(0)
                answers = self._tried(group, instruction, prompt)
                if isinstance(answers, Exception):
                    half = (len(group) + 1) // 2
                    waiting[:0] = [group[:half], group[half:]]
                    if _out_of_memory(answers):
                        size = min(size, half)
                        self._release()
                else:
                    yield from answers

    def _tried(
        self, chips: Sequence[Chip], instruction: Instruction, prompt: PromptBatch
    ) -> Sequence[TileAnswer] | Exception:
        """Answers; of one chip always, of several only if none of them fails."""
        try:
            return self._answers(chips, instruction, prompt)
        except Exception as error:  # whatever a tile does, its neighbours must not be lost
            _log.info("a batch of %d tiles failed", len(chips), exc_info=True)
            if len(chips) == 1:
                return [TileAnswer(chips[0].tile, _reason(error), "failed")]
            # Its traceback holds the tensors of the batch that did not fit.
            return error.with_traceback(None)

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
    def _answers(
        self, chips: Sequence[Chip], instruction: Instruction, prompt: PromptBatch
    ) -> tuple[TileAnswer, ...]:
        """Answers to one batch, in the order of the chips."""
        checkpoint = self._open()
        model, codec = checkpoint.model, checkpoint.codec
        pictures = pad_chips(
            [torch.tensor(chip.rgb) for chip in chips],
            [torch.tensor(chip.valid) for chip in chips],
            model.config.window,
        )
        pixels = to_pixels(pictures.to(self.device), model.config)
        encoded = model.encode(pixels.to(self._dtype))
        replies = generate(
            model,
            encoded.image_tokens,
            prompt.repeat(len(chips)),
            seg=codec.seg,
            end=codec.end,
            max_new_tokens=self._limit,
        )
        counts = torch.tensor([len(reply.seg_hidden) for reply in replies])
        owner = torch.arange(len(chips)).repeat_interleave(counts).to(self.device)
        hidden = torch.cat([reply.seg_hidden for reply in replies])
        logits = model.masks(encoded.features, hidden, owner, aux=False)[-1].float().cpu()
        per_chip = torch.split(logits, counts.tolist())
        return tuple(
            _tile_answer(
                chip,
                reply,
                codec.decode_answer(reply.ids),
                crop_logits(maps, torch.tensor(chip.valid), model.config),
                instruction.text,
            )
            for chip, reply, maps in zip(chips, replies, per_chip, strict=True)
        )


def _tile_answer(
    chip: Chip, reply: Generation, text: str, logits: Tensor, named: str
) -> TileAnswer:
    """One chip's (S, h, w) cropped logits, one per [SEG] of its reply, as an answer.

    A [SEG] without a phrase is called `named`. Several of one target become one: the larger
    logit, and the score weighted by foreground. A [SEG] without foreground found nothing.
    """
    if not bool(torch.isfinite(logits).all()):
        raise EngineError("The model's mask is not finite.")
    parts: dict[Target, list[tuple[Tensor, float]]] = {}
    for phrase, mask, sure in zip(
        parse_reply(text), logits, reply.seg_probability.tolist(), strict=True
    ):
        if bool((mask > 0).any()):
            target = Target.named(phrase or named)
            parts.setdefault(target, []).append((mask, sure))
    found = tuple(_merged(target, masks) for target, masks in parts.items())
    return TileAnswer(chip.tile, text, reply.finish, found)


def _merged(target: Target, masks: Sequence[tuple[Tensor, float]]) -> TargetAnswer:
    areas = [int((mask > 0).sum()) for mask, _ in masks]
    scores = [float(mask[mask > 0].sigmoid().mean()) * sure for mask, sure in masks]
    score = sum(a * s for a, s in zip(areas, scores, strict=True)) / sum(areas)
    logits = torch.stack([mask for mask, _ in masks]).amax(dim=0).clamp(ABSENT, -ABSENT)
    return TargetAnswer(target, score, logits.half().numpy())


def _device(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N` as a device that is there; EngineError otherwise."""
    cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise EngineError(
            f"The device {name!r} is not known. Choose auto, cpu, cuda or cuda:N.", code="no_device"
        )
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineError(
            f"The device {name!r} is not there: torch sees {torch.cuda.device_count()} CUDA "
            "devices. Choose another device, or cpu.",
            code="no_device",
        )
    return device


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
