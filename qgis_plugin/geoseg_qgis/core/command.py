"""From what the user chose to the argument lists of geoseg."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ISOLATED = ("-I", "-X", "utf8", "-u")
"""Python's own options: nothing of QGIS's Python reaches the child, and lines come at once."""


@dataclass(frozen=True)
class Job:
    """A run: which scene, what to find, where the polygons go, and how."""

    scene: str
    instructions: tuple[str, ...]
    output: str
    options: dict[str, Any] = field(default_factory=dict)
    """Long option names of `geoseg run` with `_` for `-`."""

    @property
    def ledger(self) -> str:
        """Where geoseg keeps finished tiles of this output."""
        return self.options.get("ledger") or f"{self.output}.ledger"

    def request(self) -> dict[str, Any]:
        """The object of a `--request` file."""
        return {
            "scene": self.scene,
            "instructions": list(self.instructions),
            "output": self.output,
            **self.options,
        }


def run_command(python: str, job: Job, folder: str | None = None) -> list[str]:
    """`geoseg run` with its arguments in a file: command lines of Windows end at 32 k letters."""
    handle, path = tempfile.mkstemp(prefix="geoseg-", suffix=".json", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(job.request(), file, ensure_ascii=False)
    return geoseg(python, "run", "--request", path, "--progress", "jsonl")


def refine_command(python: str, ledger: str, output: str, options: dict[str, Any]) -> list[str]:
    """`geoseg refine`: polygons of a finished run, drawn anew."""
    words = ["refine", ledger, "-o", output, "--overwrite", "--progress", "jsonl"]
    return geoseg(python, *words, *option_words(options))


def dataset_command(
    python: str, scene: str, layers: Sequence[str], folder: str, options: dict[str, Any]
) -> list[str]:
    """`geoseg dataset`: training examples from a scene and polygon files."""
    words = ["dataset", scene, *layers, "-o", folder, "--json"]
    return geoseg(python, *words, *option_words(options))


def geoseg(python: str, *words: str) -> list[str]:
    """geoseg's command line in that Python."""
    return [python, *ISOLATED, "-m", "geoseg", *words]


def shell_line(job: Job) -> str:
    """What to type for the same run, to be copied."""
    words = ["geoseg", "run", job.scene, *job.instructions, "-o", job.output]
    return " ".join(map(shlex.quote, words + option_words(job.options)))


def option_words(options: dict[str, Any]) -> list[str]:
    """Option names and values as words; True is a flag, a list gives one word for each value."""
    words = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, (list, tuple)):
            words += [option, *map(str, value)]
        elif value is not None and value is not False:
            words += [option, str(value)]
    return words


def output_path(folder: str, instruction: str, now: float | None = None) -> str:
    """A new file per run, so that nothing which may be open is written over."""
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(now))
    name = f"{slug(instruction)[:40]}_{stamp}"
    path, turn = Path(folder, f"{name}.gpkg"), 1
    while path.exists() or Path(f"{path}.ledger").exists():
        turn += 1
        path = Path(folder, f"{name}_{turn}.gpkg")
    return str(path)


def slug(text: str) -> str:
    """Words of a sentence as a file name; letters of any script stay."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"\W+", "_", plain).strip("_") or "geoseg"


def instructions_of(text: str) -> tuple[str, ...]:
    """One instruction a line, each once."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(dict.fromkeys(filter(None, lines)))
