"""Pythons: found, looked into, and made. Neither Qt nor QGIS is imported.

`sys.executable` inside QGIS is not to be trusted: on Windows and macOS it is QGIS itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .command import ISOLATED
from .process import clean_env

OLDEST, NEWEST = (3, 11), (3, 14)
"""Pythons that geoseg is tested with; newer ones are offered all the same."""

LEAST_GEOSEG = (0, 1)
PROBE = str(Path(__file__).with_name("probe.py"))
MARKER = "geoseg-environment.json"
"""Written when an environment is whole; a folder without it is unfinished."""


@dataclass(frozen=True)
class Python:
    """What the probe found."""

    executable: str
    version: str
    bits: int
    can_make: bool
    geoseg: str | None
    torch: str | None
    real: str = ""

    @property
    def problem(self) -> str:
        """A code of `faults`' kind for why it cannot run geoseg, or nothing."""
        if numbers(self.version) < OLDEST or self.bits != 64:
            return "too_old"
        if self.geoseg is None:
            return "no_geoseg"
        return "old_geoseg" if numbers(self.geoseg) < LEAST_GEOSEG else ""

    @property
    def base(self) -> bool:
        """Whether an environment can be made from it."""
        return self.can_make and self.bits == 64 and numbers(self.version) >= OLDEST

    def __str__(self) -> str:
        parts = [f"Python {self.version}"]
        parts += [f"geoseg {self.geoseg}"] if self.geoseg else []
        parts += [f"torch {self.torch}"] if self.torch else []
        return " · ".join(parts)


def numbers(version: str) -> tuple[int, ...]:
    """`3.11.7rc1` as (3, 11, 7)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def candidates(environ: dict[str, str] | None = None) -> Iterator[str]:
    """Paths that may be Pythons: on PATH, in the usual folders, of launchers and of conda."""
    environ = dict(os.environ) if environ is None else environ
    names = ("python.exe",) if sys.platform == "win32" else ("python3", "python3.1[1-9]", "python")
    home, local = Path("~").expanduser(), environ.get("LOCALAPPDATA", "")
    folders = [
        *map(Path, filter(None, environ.get("PATH", "").split(os.pathsep))),
        *map(Path, ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")),
        *home.glob(".pyenv/versions/*/bin"),
        *home.glob("*conda3/envs/*/bin"),
        *home.glob("*forge3/envs/*/bin"),
        *home.glob("*conda3/envs/*"),
        *(Path(local).glob("Programs/Python/Python3*") if local else ()),
    ]
    for folder in folders:
        for name in names:
            with contextlib.suppress(OSError):
                yield from map(str, sorted(folder.glob(name)))


def probe(executable: str, seconds: float = 20.0) -> Python | None:
    """Look into a Python; None when it does not start or does not answer."""
    try:
        done = subprocess.run(
            [executable, "-I", PROBE],
            capture_output=True,
            timeout=seconds,
            check=False,
            env=clean_env(dict(os.environ)),
        )
        facts = json.loads(done.stdout.decode("utf-8", "replace"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    known = Python.__dataclass_fields__
    return Python(**{key: facts.get(key) for key in known})


def found(paths: Iterable[str] | None = None) -> list[Python]:
    """Every Python there is, each once, those with geoseg first."""
    looked, pythons = set(), {}
    for path in candidates() if paths is None else paths:
        if os.path.realpath(path) in looked and not _in_venv(path):
            continue
        looked.add(os.path.realpath(path))
        python = probe(path)
        if python is not None:
            pythons.setdefault(python.executable, python)
    return sorted(pythons.values(), key=lambda python: (python.geoseg is None, not python.base))


def _in_venv(path: str) -> bool:
    return Path(path).parents[1].joinpath("pyvenv.cfg").is_file()


def sandboxed() -> bool:
    """Whether this QGIS is a Flatpak, which sees no Python but its own."""
    return Path("/.flatpak-info").exists()


@dataclass(frozen=True)
class Step:
    """A command of the making, and what it is called."""

    name: str
    """`venv`, `pip` or `install`."""

    command: list[str]


@dataclass(frozen=True)
class Making:
    """An environment to be made."""

    base: str
    folder: str
    source: str = "geoseg"
    """What pip installs: a requirement, a folder or a wheel."""

    cpu_only: bool = False
    """Take PyTorch without CUDA: 1 GB rather than 6."""

    @property
    def python(self) -> str:
        """The Python of the new environment."""
        return python_in(self.folder)

    def steps(self) -> list[Step]:
        """What is run, in order."""
        pip = [self.python, *ISOLATED, "-m", "pip"]
        quiet = ["--no-input", "--disable-pip-version-check"]
        install = [*pip, "install", "--progress-bar", "raw", *quiet]
        torch = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
        return [
            Step("venv", [self.base, "-I", "-m", "venv", self.folder]),
            Step("pip", [*pip, "install", *quiet, "--upgrade", "pip>=24.1"]),
            Step("install", [*install, *(torch if self.cpu_only else []), self.source]),
        ]

    def text(self) -> str:
        """The commands, to be copied."""
        return "\n".join(subprocess.list2cmdline(step.command) for step in self.steps())


def python_in(folder: str) -> str:
    """The Python of an environment."""
    inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return str(Path(folder, *inside))


def finish(folder: str, **facts: str) -> None:
    """Mark an environment as whole."""
    made = {"made": time.strftime("%Y-%m-%dT%H:%M:%S"), **facts}
    Path(folder, MARKER).write_text(json.dumps(made), encoding="utf-8")


def is_ours(folder: str) -> bool:
    """Whether the folder is an environment that the plugin began to make."""
    return Path(folder, "pyvenv.cfg").is_file() or Path(folder, MARKER).is_file()


def is_whole(folder: str) -> bool:
    """Whether its making came to the end."""
    return Path(folder, MARKER).is_file()


def remove(folder: str) -> None:
    """Delete an environment; refuses anything else with ValueError."""
    if not is_ours(folder):
        raise ValueError(f"{folder} is not a Python environment.")
    shutil.rmtree(folder)


RAW_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)$")


def pip_percent(line: str) -> float | None:
    """How far pip is with a download, from a line of its raw progress."""
    match = RAW_PROGRESS.match(line.strip())
    if not match or not int(match.group(2)):
        return None
    return 100.0 * int(match.group(1)) / int(match.group(2))


def without_home(text: str) -> str:
    """A text for others to read: the home folder replaced."""
    home = str(Path("~").expanduser())
    return text.replace(home, "~") if len(home) > 1 else text
