"""Language models that can be asked, behind one protocol. None of them needs a network.

::

    template   no model: sentences from what is known, by the seed
    local      a folder of the transformers library
    command    any program: JSON in, JSON out
    recorded   what was said before
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from geoseg.errors import InstructionError
from training.lasers.proposing import Rgb

ModelName = Literal["template", "local", "recorded", "command"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a model is asked."""

    id: str
    """Of the picture, masks, prompt and attempt: the same request has the same id."""

    kind: Literal["category", "question"]
    prompt: str
    facts: Mapping[str, Any]
    """What is known, as JSON, for models that do not read."""

    seed: int
    picture: Callable[[], Rgb] = field(repr=False)
    """Draws the picture (H, W, 3) with its targets outlined."""

    temperature: float = 1.0
    thinking: bool = True
    """Whether the model may think before it replies, where it can."""


class LanguageModel(Protocol):
    """Replies to requests."""

    name: str
    """With what tells it from others of its kind: goes into every row."""

    remembered: bool
    """Whether replies are worth keeping: they take long, or would not come again."""

    def reply(self, request: Request) -> str:
        """What it says. EngineError where it says nothing."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model is asked, and what it needs."""

    name: ModelName = "template"
    folder: Path | None = None
    """Of a local model."""

    command: str | None = None
    recording: Path | None = None
    device: str = "auto"
    timeout: float = 600.0
    """Seconds that a command may take for a reply."""


def open_model(settings: ModelSettings) -> LanguageModel:
    """A model by name. InstructionError where what it needs is not given."""
    if settings.name == "template":
        from training.lasers.llm.template import TemplateModel

        return TemplateModel()
    if settings.name == "local":
        from training.lasers.llm.local import open_local

        return open_local(_given(settings.folder, "--model"), settings.device)
    if settings.name == "recorded":
        from training.lasers.llm.recorded import RecordedModel

        return RecordedModel(_given(settings.recording, "--recording"))
    from training.lasers.llm.command import CommandModel

    return CommandModel(_given(settings.command, "--command"), settings.timeout)


def _given(value: Any, option: str) -> Any:
    if not value:
        raise InstructionError(f"This model needs {option}.")
    return value
