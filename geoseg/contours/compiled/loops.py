"""How loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F, **how: bool) -> _F:
    """Compile a function when it is first called, without the interpreter's lock.

    numba looks for changes in the file of a function alone, so what it calls stands beside it.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", **how}
    try:
        kept: _F = njit(function, cache=True, **options)
    except RuntimeError:  # there is no folder to keep it in
        kept = njit(function, **options)
    return kept


def small(function: _F) -> _F:
    """Compile what is called per cell and makes no array.

    To count the references to its arguments would take longer than what it does.
    """
    return compiled(function, _nrt=False)
