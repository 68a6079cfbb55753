"""Pickles of plain data, read by an unpickler that knows nothing else.

A pickle is a program that may call any function it names. This one may name what numpy needs to
rebuild an array; whatever else it names is refused before it is looked up.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np


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
