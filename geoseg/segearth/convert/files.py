"""Weight files of published folders: found, opened lazily, never executed.

Safetensors hold numbers and nothing else. A `.bin` file is a pickle: torch's own reader for weights
takes tensors and plain containers from it and refuses any other class before it is called.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geoseg.errors import CheckpointError
from geoseg.segearth.stored import StoredTensor, open_safetensors, stored

_WHOLE = ("model.safetensors", "pytorch_model.bin")
_INDEXED = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_ADAPTER = ("adapter_model.safetensors", "adapter_model.bin")
_BESIDE_ADAPTER = "non_lora_trainables.bin"
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_GLOBAL = re.compile(r"GLOBAL (\S+)")


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """The tensors of some files, by published name."""

    tensors: dict[str, StoredTensor]
    files: tuple[Path, ...]


def has_weights(folder: Path) -> bool:
    """Whether a folder holds weights under one of the published file names."""
    return any((folder / name).is_file() for name in (*_INDEXED, *_WHOLE, *_ADAPTER))


def open_whole(folder: Path) -> Opened | None:
    """The full weights of a folder; None if it holds none under a name that is known.

    CheckpointError if a shard is missing or damaged, or if a file holds more than tensors.
    """
    for index in _INDEXED:
        if (folder / index).is_file():
            return _open_indexed(folder / index)
    for name in _WHOLE:
        if (folder / name).is_file():
            return _opened([folder / name])
    return None


def open_adapter(folder: Path) -> Opened | None:
    """The tensors of an adapter saved without its base, or None."""
    for name in _ADAPTER:
        if (folder / name).is_file():
            beside = folder / _BESIDE_ADAPTER
            return _opened([folder / name, *([beside] if beside.is_file() else [])])
    return None


def read_json(path: Path) -> dict[str, Any]:
    """An object, {} if the file is not there; CheckpointError if it is something else."""
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON ({error}). Fetch it again.") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} holds no JSON object. Fetch it again.")
    return data


def require_floats(tensors: Mapping[str, StoredTensor], source: object) -> None:
    """CheckpointError unless all of these are floating-point numbers."""
    for name, tensor in tensors.items():
        if tensor.dtype not in _FLOATS:
            raise CheckpointError(
                f"The tensor {name} of {source} holds {str(tensor.dtype).removeprefix('torch.')} "
                "where floating-point weights are expected. Quantised checkpoints are not read: "
                "give one in float16, bfloat16 or float32."
            )


def _open_indexed(index: Path) -> Opened:
    """All shards that an index names, each with the tensors that the index promises."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(p, str) for p in places.values()):
        raise CheckpointError(f"{index} has no weight_map. Fetch it again.")
    files = []
    for name in sorted(set(places.values())):
        path = index.parent / name
        if Path(name).name != name or not path.is_file():
            raise CheckpointError(
                f"The checkpoint {index.parent} lacks its shard {name}, which {index.name} names. "
                "Fetch it again."
            )
        files.append(path)
    opened = _opened(files)
    lost = sorted(set(places) - set(opened.tensors))
    if lost:
        raise CheckpointError(
            f"The shards of {index.parent} lack {len(lost)} tensors that {index.name} promises, "
            f"such as {lost[0]}. Fetch them again."
        )
    return Opened(opened.tensors, (index, *opened.files))


def _opened(files: list[Path]) -> Opened:
    tensors: dict[str, StoredTensor] = {}
    for path in files:
        safe = path.suffix == ".safetensors"
        tensors.update(open_safetensors(path) if safe else _open_bin(path))
    return Opened(tensors, tuple(files))


def _open_bin(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a torch file, mapped rather than read."""
    try:
        data = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        found = _GLOBAL.search(str(error))
        raise CheckpointError(
            f"{path} holds an object of class {found[1] if found else 'unknown'}. Only tensors "
            "are read, and nothing in it was executed. Do not trust this file."
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(
            f"The weight file {path} cannot be read ({reason}). It must be complete, and in the "
            "zip format that torch has written since 1.6: fetch it again, or save it again."
        ) from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} holds a {type(data).__name__}, not tensors by name.")
    odd = [name for name, value in data.items() if not isinstance(value, Tensor)]
    if odd:
        raise CheckpointError(
            f"{path} holds a {type(data[odd[0]]).__name__} under {odd[0]!r}, where a tensor is "
            "expected. Give the file of the weights, not the one of a training state."
        )
    return {str(name): stored(value) for name, value in data.items()}
