"""States that a training run can be continued from: safetensors and JSON, never pickle.

A state is a folder ``ckpt-0001200`` with ``weights.safetensors`` (trained parameters),
``average.safetensors`` (their moving average), ``optimizer.safetensors`` (AdamW's moments by
parameter name) and ``trainer.json``. Samples are drawn from (seed, index), so the step is all
the random state there is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from geoseg.errors import CheckpointError

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class TrainState:
    """Everything that changes while training."""

    step: int
    """Optimizer steps done."""

    samples: int
    """Images seen."""

    weights: Mapping[str, Tensor]
    """Trained parameters by name."""

    average: Mapping[str, Tensor]
    """Exponential moving average of the same parameters."""

    moments: Mapping[str, Tensor]
    """``exp_avg.NAME``, ``exp_avg_sq.NAME`` and ``step.NAME`` of AdamW."""


def save_state(state: TrainState, folder: Path, *, notes: Mapping[str, object], keep: int) -> Path:
    """Write a state under `folder` and drop all but the newest `keep`; returns its path."""
    final = state_path(folder, state.step)
    with written_whole(final) as partial:
        for name, tensors in (
            ("weights", state.weights),
            ("average", state.average),
            ("optimizer", state.moments),
        ):
            save_tensors(tensors, partial / f"{name}.safetensors")
        about = {"format_version": FORMAT_VERSION, "step": state.step, "samples": state.samples}
        save_json({**about, **notes}, partial / "trainer.json")
    drop_old(folder, keep)
    return final


def state_path(folder: Path, step: int) -> Path:
    """Where the state after a step lies."""
    return folder / f"ckpt-{step:07d}"


@contextmanager
def written_whole(final: Path) -> Iterator[Path]:
    """A folder to write in, which takes its name when the block ends: never seen half written."""
    partial = final.with_name(f".{final.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(final, ignore_errors=True)
    partial.replace(final)


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Tensors as safetensors, flushed to the disk."""
    save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, path)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def save_json(value: Mapping[str, object], path: Path) -> None:
    """Plain values as indented JSON."""
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def drop_old(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` states."""
    for old in list_states(folder)[:-keep]:
        shutil.rmtree(old)


def list_states(folder: Path) -> list[Path]:
    """Finished states under a folder, oldest first."""
    return sorted(path for path in folder.glob("ckpt-*") if (path / "trainer.json").is_file())


def load_state(path: Path) -> TrainState:
    """Read a state; CheckpointError when a file is missing, damaged or of another format."""
    try:
        about = json.loads((path / "trainer.json").read_text(encoding="utf-8"))
        tensors = [
            load_file(path / f"{name}.safetensors") for name in ("weights", "average", "optimizer")
        ]
    except (OSError, ValueError, SafetensorError) as error:
        message = f"The training state {path} cannot be read: {error}."
        raise CheckpointError(message, hint="Continue from an older one or start anew.") from error
    if about.get("format_version") != FORMAT_VERSION:
        found = about.get("format_version")
        raise CheckpointError(
            f"The training state {path} has format_version {found}, not {FORMAT_VERSION}.",
            hint="Start the run anew.",
        )
    return TrainState(int(about["step"]), int(about["samples"]), *tensors)


def optimizer_moments(
    optimizer: torch.optim.Optimizer, names: Mapping[Tensor, str]
) -> dict[str, Tensor]:
    """AdamW's state as flat tensors keyed by parameter name, independent of parameter order."""
    flat: dict[str, Tensor] = {}
    for parameter, entry in optimizer.state.items():
        name = names[parameter]
        flat |= {f"{key}.{name}": value for key, value in entry.items()}
    return flat


def restore_moments(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, Tensor],
    moments: Mapping[str, Tensor],
) -> None:
    """Put moments back; parameters that had none (newly trained ones) start fresh."""
    for name, parameter in parameters.items():
        if f"exp_avg.{name}" in moments:
            optimizer.state[parameter] = {
                # AdamW counts its steps on the CPU, wherever the parameter is.
                "step": moments[f"step.{name}"].clone(),
                **{
                    key: moments[f"{key}.{name}"].to(parameter.device, copy=True)
                    for key in ("exp_avg", "exp_avg_sq")
                },
            }
