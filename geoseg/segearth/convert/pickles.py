"""Detectron2 `.pkl` files: a pickle of numpy arrays, read by an unpickler that knows nothing else.

A pickle is a program that may call any function it names. This one may name what numpy needs to
rebuild an array; whatever else it names is refused before it is looked up.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from geoseg.errors import CheckpointError
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


class Refused(Exception):
    """A pickle named something that is not allowed."""


def load_plain(stream: BinaryIO) -> Any:
    """What a pickle of containers, text, numbers and numpy arrays holds.

    Raises Refused for one that names anything else, before that is looked up; for a damaged one
    whatever its bytes happen to mean.
    """
    return _ArrayUnpickler(stream, encoding="latin1").load()


def _latin1(text: str, encoding: str) -> bytes:
    """How Python 3 pickles the bytes of an array in old protocols; no other codec is offered."""
    if encoding not in ("latin1", "latin-1"):
        raise Refused(f"_codecs.encode for {encoding!r}")
    return text.encode("latin1")


_RECONSTRUCT = np.empty(0).__reduce__()[0]
_SCALAR = np.float32(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _latin1,
    **{
        (module, name): value
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name, value in (("_reconstruct", _RECONSTRUCT), ("scalar", _SCALAR))
    },
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may call."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise Refused(f"{module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        """Nothing lies outside the file."""
        raise Refused(f"a persistent reference {pid!r}")
