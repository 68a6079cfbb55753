"""An environment of geoseg's own, made step by step. Neither Qt nor QGIS is imported."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import envs
from .command import geoseg
from .process import Child, clean_env

SOURCE = os.environ.get("GEOSEG_SOURCE", "geoseg")
"""What pip installs; testers and companies may name a wheel or a folder of their own."""

NEEDED_BYTES = {True: 3 * 10**9, False: 9 * 10**9}
"""Room that the making takes, by whether PyTorch comes without CUDA; downloads included."""


class StepError(Exception):
    """A command failed; its last lines are the message."""


def make(
    making: envs.Making,
    said: Callable[[str], None],
    stopped: Callable[[], bool],
    proxy: str = "",
) -> envs.Python | None:
    """Make the environment; gives its Python, or None when it was stopped.

    What a stopped or failed making left stays, without its marker, and is gone on with the next
    time. Raises StepError when a command fails.
    """
    Path(making.folder).parent.mkdir(parents=True, exist_ok=True)
    env = clean_env(dict(os.environ), proxy)
    for step in making.steps():
        said("> " + subprocess.list2cmdline(step.command))
        if not do(step.command, env, said, stopped):
            return None
    python = envs.probe(making.python)
    if python is None or python.problem:
        raise StepError(f"{making.python} does not run geoseg.")
    envs.finish(making.folder, geoseg=python.geoseg or "", plugin=plugin_version())
    return python


def room(folder: str) -> int:
    """Bytes free where the folder is or will be."""
    path = Path(folder).resolve()
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def do(
    command: Sequence[str],
    env: dict[str, str],
    said: Callable[[str], None],
    stopped: Callable[[], bool],
) -> bool:
    """Run a command and repeat its lines; False when it was stopped."""
    child = Child(command, env)
    child.hang_up()
    try:
        while True:
            if stopped():
                return False
            try:
                line = child.line(0.1)
            except EOFError:
                break
            if line:
                said(line.rstrip())
    finally:
        time.sleep(0 if stopped() else 0.05)
        if child.running and stopped():
            child.kill()
        status = child.close()
    if status:
        raise StepError("\n".join(list(child.stderr)[-5:]) or f"exit status {status}")
    return True


def plugin_version() -> str:
    """As metadata.txt says it, the only place where it stands."""
    text = Path(__file__).parents[1].joinpath("metadata.txt").read_text(encoding="utf-8")
    lines = (line.partition("=") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == "version"), "?")


def about(python: str) -> str:
    """The plugin, its Python, and the chosen one."""
    return "\n".join(
        [
            f"geoseg for QGIS {plugin_version()}",
            f"QGIS's Python {sys.version.split()[0]} on {platform.platform()}",
            f"chosen Python: {python or 'none'}",
        ]
    )


def report(python: str, seconds: float = 60.0) -> str:
    """`about` and what geoseg says of its versions and devices; of a broken one, why."""
    found = envs.probe(python)
    parts = [about(python), str(found) if found else "It cannot be started."]
    if found is not None and found.geoseg:
        try:
            done = subprocess.run(
                geoseg(python, "info", "--report"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
                env=clean_env(dict(os.environ)),
            )
            parts.append((done.stdout or done.stderr).decode("utf-8", "replace").strip())
        except (OSError, subprocess.TimeoutExpired) as error:
            parts.append(str(error))
    return "\n".join(parts)
