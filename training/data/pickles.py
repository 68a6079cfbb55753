"""Pickles of data sets: containers, text, numbers and numpy arrays, and nothing that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geoseg.segearth.plain_pickles import Refused, load_plain
from training.data.errors import DataError


def read_pickle(path: Path) -> Any:
    """What a pickle holds; DataError names the class of anything that is not plain data."""
    try:
        with path.open("rb") as stream:
            return load_plain(stream)
    except Refused as error:
        raise DataError(
            str(path),
            f"holds an object of class {error}. Only containers, text, numbers and numpy arrays "
            "are read, and nothing in it was executed.",
            hint="Do not trust this file.",
        ) from error
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}).") from error
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to mean
        raise DataError(
            str(path), f"is no pickle ({type(error).__name__}: {error}). Fetch it again."
        ) from error
