"""Ways to get chips answered. Every engine keeps the promises of `Engine`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.errors import InstructionError
from geoseg.scene import Chip

Quantize = Literal["none", "int8", "int4"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """A recipe for an engine; it can cross processes, and each worker builds its own."""

    checkpoint: str = "nano"
    """`nano`, `color`, a folder of ours or a published one, or `hf:owner/name[@revision]`."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:N`."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the weights in memory; auto is bfloat16 on a GPU, else float32."""

    batch: int | None = None
    """Tiles per forward pass; None lets the engine choose."""

    max_tokens: int = 512
    """Longest answer per tile, in tokens."""

    quantize: Quantize = "none"
    """Bits of the language model's weights, fewer for less memory: answers are slightly others."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of one chip."""

    chip: Chip

    instructions: tuple[Instruction, ...]
    """At least one, each once; another chip's may be others, as after a run that was stopped."""

    def __post_init__(self) -> None:
        if not self.instructions or len(set(self.instructions)) < len(self.instructions):
            texts = [instruction.text for instruction in self.instructions]
            raise InstructionError(
                f"A question needs one instruction or more, each once, got {texts}."
            )


class Engine(Protocol):
    """Answers questions. Closing it frees its device."""

    checkpoint_hash: str
    """Identifies weights and settings: equal hashes give equal answers."""

    device: str
    """Where it runs, in words: `cpu`, `cuda:0`, …"""

    def answer(
        self, questions: Iterable[Question]
    ) -> Generator[tuple[Instruction, TileAnswer], None, None]:
        """Answer each instruction of each question once, in any order.

        Questions are pulled only as fast as they are answered. What cannot be answered yields a
        failed answer; neither the tile's other instructions nor its neighbours are lost. An
        answer depends on its chip and its instruction alone. Logits are negative where the chip
        is invalid.
        """
        ...

    def close(self) -> None:
        """Free the device. Closing twice is allowed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_engine(spec: EngineSpec) -> Engine:
    """Build the engine a recipe names; heavy imports happen here and only for the branch taken."""
    if spec.checkpoint == "color":
        from geoseg.engines.color import ColorEngine

        return ColorEngine()
    from geoseg.engines.local import LocalEngine

    return LocalEngine(spec)
