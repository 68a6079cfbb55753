"""States of a run on disk: what learnt, and what is needed to go on.

::

    ckpt-0001200/
      adapter.safetensors   LoRA and rows of tokens
      heads.safetensors     parts that learnt whole
      model.json            base and its hash, config, recipe, what learns
      trainer.safetensors   AdamW's moments by parameter name
      trainer.json          step, examples seen, best examination
      metrics.json          the last line of metrics

Only tensors that learn are in there, some tens of megabytes for the paper's model; never a pickle.
Batches and draws follow from seed and step, so there is no random state to keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from geoseg.errors import CheckpointError
from training.checkpoint import (
    drop_old,
    list_states,
    save_json,
    save_tensors,
    state_path,
    written_whole,
)
from training.fit.adapting import is_adapter

FORMAT_VERSION = 1

ADAPTER, HEADS, MODEL = "adapter.safetensors", "heads.safetensors", "model.json"
_TRAINER, _PROGRESS, _METRICS = "trainer.safetensors", "trainer.json", "metrics.json"


@dataclass(slots=True)
class Progress:
    """How far a run is."""

    step: int = 0
    samples: int = 0
    skipped: int = 0
    best: float = -1.0
    """Highest gIoU of an examination so far."""

    last: dict[str, object] = field(default_factory=dict)
    """Last line of metrics."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A state, read."""

    learnt: Mapping[str, Tensor]
    moments: Mapping[str, Tensor]
    model: Mapping[str, Any]
    progress: Progress


def save_state(
    folder: Path,
    learnt: Mapping[str, Tensor],
    moments: Mapping[str, Tensor],
    model: Mapping[str, object],
    progress: Progress,
) -> None:
    """Write a state as `folder`, whole or not at all."""
    with written_whole(folder) as partial:
        adapter = {name: value for name, value in learnt.items() if is_adapter(name)}
        heads = {name: value for name, value in learnt.items() if name not in adapter}
        save_tensors(adapter, partial / ADAPTER)
        save_tensors(heads, partial / HEADS)
        save_tensors(moments, partial / _TRAINER)
        save_json({"format_version": FORMAT_VERSION, **model}, partial / MODEL)
        about = {name: getattr(progress, name) for name in ("step", "samples", "skipped", "best")}
        save_json(about, partial / _PROGRESS)
        save_json(progress.last, partial / _METRICS)


def save_step(
    out: Path,
    learnt: Mapping[str, Tensor],
    moments: Mapping[str, Tensor],
    model: Mapping[str, object],
    progress: Progress,
    *,
    keep: int,
) -> None:
    """Write the state of a step under `out`; all but the newest `keep` go."""
    save_state(state_path(out, progress.step), learnt, moments, model, progress)
    drop_old(out, keep)


def newest(out: Path) -> Path:
    """The state of a run that is given by its folder or by that of a state.

    CheckpointError if there is none.
    """
    if (out / MODEL).is_file():
        return out
    states = list_states(out)
    if not states:
        raise CheckpointError(
            f"{out} holds no training state (ckpt-…).", hint="Give the -o of fit, or a state in it."
        )
    return states[-1]


def load_state(path: Path) -> State:
    """Read a state; CheckpointError when a file is missing, damaged or of another format."""
    try:
        model = json.loads((path / MODEL).read_text(encoding="utf-8"))
        about = json.loads((path / _PROGRESS).read_text(encoding="utf-8"))
        last = json.loads((path / _METRICS).read_text(encoding="utf-8"))
        learnt = load_file(path / ADAPTER) | load_file(path / HEADS)
        moments = load_file(path / _TRAINER)
    except (OSError, ValueError, SafetensorError) as error:
        message = f"The training state {path} cannot be read: {error}."
        raise CheckpointError(message, hint="Continue from an older one or start anew.") from error
    if model.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"The training state {path} has format_version {model.get('format_version')}, not "
            f"{FORMAT_VERSION}. Read it with the version of the code that wrote it."
        )
    return State(learnt, moments, model, Progress(**about, last=last))


def put_back(model: nn.Module, learnt: Mapping[str, Tensor], source: Path) -> None:
    """Give what learns the values of a state; CheckpointError unless names and shapes agree."""
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    wrong = sorted(own.keys() ^ learnt.keys())
    wrong += [n for n in sorted(own.keys() & learnt.keys()) if own[n].shape != learnt[n].shape]
    if wrong:
        raise CheckpointError(
            f"The training state {source} does not fit what the recipe lets learn, at "
            f"{len(wrong)} tensors such as {wrong[0]}. Use the recipe that lies beside it."
        )
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(learnt[name])
