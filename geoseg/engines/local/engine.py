"""The engine that runs a checkpoint: batches, and what happens to one that fails."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Self

import torch

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import EngineSpec, Question
from geoseg.engines.devices import find_device, usual_dtype
from geoseg.engines.local.batching import BatchSize, CudaGauge
from geoseg.engines.local.inquiry import Inquiry
from geoseg.errors import EngineError
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.memory import release_freed
from geoseg.segearth.prepare import prepare_
from geoseg.segearth.quantize import quantize_
from geoseg.segearth.sources import open_checkpoint

_log = logging.getLogger(__name__)

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_Answers = list[tuple[Instruction, TileAnswer]]


class LocalEngine:
    """Holds one model on one device.

    Raises CheckpointError or EngineError (no such device) when it is built.
    """

    def __init__(self, spec: EngineSpec) -> None:
        place = find_device(spec.device)
        self.device = str(place)
        self._dtype = _dtype(spec.dtype, place)
        checkpoint = open_checkpoint(spec.checkpoint, dtype=self._dtype)
        if spec.quantize != "none":
            # Before it moves: the device never holds the weights as they were.
            quantize_(checkpoint.model, spec.quantize)
        checkpoint.model.to(place)
        prepare_(checkpoint.model)
        # There, starting the kernels of a step one by one takes longer than running them.
        checkpoint.model.language.compiled = place.type == "cuda"
        self._checkpoint: Checkpoint | None = checkpoint
        self._size = _batch_size(spec.batch, place)
        self._limit = min(spec.max_tokens, checkpoint.model.config.max_new_tokens)
        settings = f"{checkpoint.hash} {self._dtype} {self._limit}"
        if spec.quantize != "none":
            settings += f" {spec.quantize}"
        self.checkpoint_hash = hashlib.sha256(settings.encode()).hexdigest()

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Answer in the order of the questions, a batch of tiles at a time.

        A picture is encoded once for all of its instructions. InstructionError if the model
        cannot read one. A batch that does not fit into memory, or fails, is asked again in
        halves; what fails alone yields a failed answer.
        """
        inquiry = self._inquiry()
        queue = iter(questions)
        while batch := list(islice(queue, self._size.now)):
            inquiry.prepare(batch)
            waiting = [batch]
            while waiting:
                group = waiting.pop(0)
                answers = self._tried(inquiry, group)
                if isinstance(answers, Exception):
                    waiting[:0] = _halves(group)
                    if _out_of_memory(answers):
                        self._size.burst(len(group))
                        self._release()
                else:
                    yield from answers
        inquiry.report()

    def _tried(self, inquiry: Inquiry, group: Sequence[Question]) -> _Answers | Exception:
        """Answers; to one instruction about one tile always, to more only if none fails."""
        self._size.start()
        try:
            answers = inquiry.ask(group)
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
        """Free the model and its device; what else runs in this process gets its memory back."""
        if self._checkpoint is not None:
            release_freed()
        self._checkpoint = None
        with suppress(
            RuntimeError
        ):  # a lost device frees nothing; why it is left is told, not this
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

    def _inquiry(self) -> Inquiry:
        if self._checkpoint is None:
            raise EngineError("The engine is closed. Open another one to go on.")
        return Inquiry(
            self._checkpoint, device=self.device, dtype=self._dtype, max_new_tokens=self._limit
        )


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
    return usual_dtype(device) if name == "auto" else _DTYPES[name]


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
