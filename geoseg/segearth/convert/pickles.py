"""Detectron2 `.pkl` files: a pickle of numpy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.plain_pickles import Refused, load_plain
from geoseg.segearth.stored import StoredTensor, stored


def read_detectron(path: Path) -> dict[str, StoredTensor]:
    """Arrays of the `model` entry, by name; CheckpointError if the file holds anything else."""
    try:
        with path.open("rb") as stream:
            data = load_plain(stream)
    except Refused as error:
        raise CheckpointError(
            f"{path} holds an object of class {error}. Only numpy arrays are read, and nothing in "
            "it was executed. Do not trust this file."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error}).") from error
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to mean
        raise CheckpointError(
            f"{path} cannot be read as a pickle of arrays ({type(error).__name__}: {error}). "
            "Fetch it again."
        ) from error
    model = data.get("model") if isinstance(data, dict) else None
    if not isinstance(model, dict) or not model:
        raise CheckpointError(
            f"{path} has no entry 'model' with arrays by name. Give the .pkl file of Mask2Former's "
            "model zoo."
        )
    return {str(name): _tensor(array, f"{path} under {name!r}") for name, array in model.items()}


def _tensor(array: Any, place: str) -> StoredTensor:
    """An array as it lies there; CheckpointError if it is none, or not of numbers torch knows."""
    try:
        return stored(torch.from_numpy(array))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"There is no numeric array in {place}. Fetch it again.") from error
