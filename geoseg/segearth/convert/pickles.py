"""Detectron2 `.pkl` files: a pickle of numpy arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    odd = [k for k, v in model.items() if not isinstance(v, np.ndarray) or v.dtype == object]
    if odd:
        raise CheckpointError(f"{path} holds no numeric array under {odd[0]!r}. Fetch it again.")
    return {str(name): stored(torch.from_numpy(array)) for name, array in model.items()}
