"""Stages that go on where they stopped: each is done once for the same input and settings.

::

    DIR/stages.json     stage → key of its input and settings, hashes of what it wrote, counts

What a stage writes appears under its name when it is whole, and is entered after that. A stage that
is entered, with the same key and with its files as they were, is not done again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geoseg.errors import GeosegError, OutputError
from training.data.errors import DataError
from training.data.loaders.reading import read_json

FORMAT: Final = 1
"""Goes into every key: raised when a stage comes to do something else with the same input."""

STAGES: Final = ("propose", "filter", "ask", "check", "finish")

Counts = dict[str, Any]
Work = Callable[[Path], Counts]
"""Writes the files of a stage into a folder, and tells how many there are of what."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a stage did."""

    stage: str
    outputs: Mapping[str, str]
    """Name of a file or folder → its SHA-256."""

    counts: Counts
    again: bool
    """False where it had been done before."""

    @property
    def hash(self) -> str:
        """Of everything that it wrote."""
        return hash_json(dict(self.outputs))


class Workplace:
    """The folder of a data set in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Of a file of an earlier stage; DataError where that has not been done."""
        found = self.folder / name
        if not found.exists():
            raise DataError(
                str(self.folder), f"has no {name}.", hint="Do the stages before this one first."
            )
        return found

    def counts(self) -> dict[str, Counts]:
        """What each stage that was done counted, in their order."""
        entered = self._entered()
        return {name: entered[name]["counts"] for name in STAGES if name in entered}

    def do(self, stage: str, key: Any, work: Work) -> Done:
        """Do a stage unless it was done for the same `key`, which is any JSON value.

        OutputError where its files cannot be written.
        """
        key = hash_json([FORMAT, stage, key])
        entry = self._entered().get(stage)
        if entry and entry["key"] == key and self._unchanged(entry["outputs"]):
            return Done(stage, entry["outputs"], entry["counts"], again=False)
        part = self.folder / f".{stage}.part"
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir(parents=True)
            counts = work(part)
            outputs = {path.name: hash_path(path) for path in sorted(part.iterdir())}
            for name in outputs:
                _replace(part / name, self.folder / name)
            self._enter(stage, {"key": key, "outputs": outputs, "counts": counts})
        except OSError as error:
            if isinstance(error, GeosegError):
                raise
            raise OutputError(f"{self.folder} cannot be written: {error}.") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return Done(stage, outputs, counts, again=True)

    def _entered(self) -> dict[str, Any]:
        path = self.folder / "stages.json"
        if not path.exists():
            return {}
        entered = read_json(path)
        if not isinstance(entered, dict):
            raise DataError(str(path), "is no list of stages. Delete it to do all of them again.")
        return entered

    def _enter(self, stage: str, entry: dict[str, Any]) -> None:
        entered = self._entered() | {stage: entry}
        part = self.folder / ".stages.json.part"
        part.write_text(json.dumps(entered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(self.folder / "stages.json")

    def _unchanged(self, outputs: Mapping[str, str]) -> bool:
        return all(
            (self.folder / name).exists() and hash_path(self.folder / name) == expected
            for name, expected in outputs.items()
        )


def hash_json(value: Any) -> str:
    """SHA-256 of what a JSON value says."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def hash_path(path: Path) -> str:
    """SHA-256 of a file, or of a folder's file names and what is in them."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return hash_json([[str(file.relative_to(path)), hash_path(file)] for file in files])
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _replace(new: Path, old: Path) -> None:
    if old.is_dir():
        shutil.rmtree(old)
    new.replace(old)
