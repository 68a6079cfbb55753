"""A file appears whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from geoseg.errors import GeosegError, OutputError
from geoseg.export.formats import STDOUT
from geoseg.export.unfinished import draft_beside, locked, remove_stale

_FULL = ("no space left", "disk is full", "disk full", "quota exceeded")
_NEARLY_NOTHING = 1 << 20


def check_place(path: Path, *, overwrite: bool, companions: Sequence[str] = ()) -> None:
    """Refuse a path at which no file can appear. Leaves nothing behind, not even what a process
    that was killed has left of the same file.

    `companions` are the extensions of files that will appear beside it.
    """
    if path.is_dir():
        raise OutputError(
            f"The output {path} is a folder.", hint="Name a file in it.", code="bad_request"
        )
    _refuse_existing(path, companions, overwrite)
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder {path.parent} for the output {path.name} does not exist.",
            hint="Create it, or write elsewhere.",
            code="bad_request",
        )
    remove_stale(path)
    probe = draft_beside(path, ".lock")
    try:
        probe.touch(exist_ok=False)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def appearing(
    path: Path,
    *,
    overwrite: bool,
    suffix: str | None = None,
    companions: Sequence[str] = (),
    indexes: Sequence[str] = (),
    draft: Path | None = None,
) -> Iterator[Path]:
    """Give a name in the same folder to write to; when all went well it becomes the path.

    `suffix` is the draft's extension, for libraries that go by it. Files of the draft with one of
    the extensions `companions` become the path's, before the path itself appears; those that lie
    beside the path with one of `indexes` belong to what is replaced, and go. `draft` is a name in
    the same folder that is held already.
    """
    with ExitStack() as held:
        if draft is None:
            remove_stale(path)
            draft = draft_beside(path, suffix)
            held.enter_context(locked(draft))
        yield draft
        with write_failure(path):
            _refuse_existing(path, companions, overwrite)
            for old in indexes:
                path.with_suffix(old).unlink(missing_ok=True)
            for part in (*companions, draft.suffix):
                written = draft.with_suffix(part)
                if written == draft or written.exists():
                    _settle(written, path if written == draft else path.with_suffix(part))


def _settle(written: Path, path: Path) -> None:
    with written.open("rb+") as file:
        os.fsync(file.fileno())
    written.replace(path)


def _refuse_existing(path: Path, companions: Sequence[str], overwrite: bool) -> None:
    for one in (path, *map(path.with_suffix, companions)):
        if one.exists() and not overwrite:
            raise _exists(one)


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
    if path == STDOUT:
        return OutputError(
            f"Standard output cannot be written: {reason}.",
            hint="What read it may have ended; finished tiles are kept in the ledger.",
        )
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


def _exists(path: Path) -> OutputError:
    return OutputError(
        f"The output {path} exists already.",
        hint="Give another name, or --overwrite to replace it.",
        code="bad_request",
    )
