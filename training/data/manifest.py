"""The data folder is the one the manifest describes, or training does not start."""

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from geoseg.errors import GeosegError


class DataError(GeosegError, ValueError):
    """The training data is not what its manifest says."""


def check_manifest(data_dir: Path, folders: Iterable[str]) -> int:
    """Compare every listed file of these folders with its SHA-256; return how many were compared.

    Raises `DataError` on the first file that is missing or differs.
    """
    wanted = tuple(f"{folder}/" for folder in folders)
    rows = [row for row in _rows(data_dir) if row["path"].startswith(wanted)]
    for row in rows:
        _check(data_dir / row["path"], row["sha256"])
    return len(rows)


def _rows(data_dir: Path) -> list[dict[str, str]]:
    path = data_dir / "MANIFEST.csv"
    if not path.is_file():
        raise DataError(
            f"{data_dir} holds no MANIFEST.csv, so it is not the training data. "
            "Pass the folder that holds it as --data."
        )
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise DataError(
            f"{path} is listed in MANIFEST.csv but is not there. Copy the data folder again."
        )
    with path.open("rb") as data:
        found = hashlib.file_digest(data, "sha256").hexdigest()
    if found != expected:
        raise DataError(
            f"{path} has SHA-256 {found}, but MANIFEST.csv lists {expected}: "
            "the file was changed or cut short. Copy it again."
        )
