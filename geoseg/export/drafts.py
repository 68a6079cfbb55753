"""A file appears whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from geoseg.errors import GeosegError, OutputError

_SIDES = ("", "-journal", "-wal", "-shm")
_FULL = ("no space left", "disk is full", "disk full", "quota exceeded")
_NEARLY_NOTHING = 1 << 20


def check_place(path: Path, *, overwrite: bool) -> None:
    """Refuse a path at which no file can appear. Leaves nothing behind."""
    if path.is_dir():
        raise OutputError(
            f"The output {path} is a folder.", hint="Name a file in it.", code="bad_request"
        )
    if path.exists() and not overwrite:
        raise _exists(path)
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder {path.parent} for the output {path.name} does not exist.",
            hint="Create it, or write elsewhere.",
            code="bad_request",
        )
    probe = _beside(path)
    try:
        probe.touch(exist_ok=False)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def appearing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a name in the same folder to write to; when all went well it becomes the path."""
    draft = _beside(path)
    try:
        yield draft
        with write_failure(path):
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            if path.exists() and not overwrite:
                raise _exists(path)
            draft.replace(path)
    finally:
        for side in _SIDES:
            draft.with_name(draft.name + side).unlink(missing_ok=True)


@contextmanager
def write_failure(path: Path) -> Iterator[None]:
    """Turn what the writing libraries raise into an OutputError about the path."""
    try:
        yield
    except GeosegError:
        raise
    except (
        OSError,
        RuntimeError,
        sqlite3.Error,
        pa.ArrowException,
        DataLayerError,
        DataSourceError,
        FeatureError,
        GeometryError,
    ) as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: BaseException) -> OutputError:
    """Say why a file could not be written."""
    if _is_full(path, error):
        return OutputError(
            f"There is no space left for {path}.",
            hint="Free some, or write elsewhere; finished tiles are kept in the ledger.",
            code="disk_full",
        )
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return OutputError(
        f"The output {path} cannot be written: {reason}.", hint="Write to another folder."
    )


def _is_full(path: Path, error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if any(words in str(error).lower() for words in _FULL):
        return True
    # GDAL often says only that writing failed.
    return path.parent.is_dir() and shutil.disk_usage(path.parent).free < _NEARLY_NOTHING


def _beside(path: Path) -> Path:
    return path.with_name(f".geoseg-{secrets.token_hex(8)}{path.suffix.lower()}")


def _exists(path: Path) -> OutputError:
    return OutputError(
        f"The output {path} exists already.",
        hint="Give another name, or --overwrite to replace it.",
        code="bad_request",
    )
