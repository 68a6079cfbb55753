"""Children that speak the protocol, and lines held to the tables of docs/protocol.md."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Speaker:
    """Something that can be started like geoseg."""

    command: tuple[str, ...]
    scene: str
    checkpoint: str

    def run(self, folder: Path, **fields: Any) -> dict[str, Any]:
        """What a request for a run says."""
        asked = {"scene": self.scene, "instructions": ["red"], "checkpoint": self.checkpoint}
        return {**asked, "output": str(folder / "sortie é.gpkg"), **fields}

    def preview(self, folder: Path, **fields: Any) -> dict[str, Any]:
        """What a request for a preview says."""
        asked = {"scene": self.scene, "instruction": "red", "checkpoint": self.checkpoint}
        place = {"x": 500_300, "y": 5_199_700, "crs": "EPSG:32632"}
        return {**asked, **place, "folder": str(folder / "pictures é"), **fields}


def documented() -> dict[str, tuple[set[str], set[str]]]:
    """Of each event: fields that are always there, and those that may be."""
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    rows = page[page.index("| event |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]
    return {
        name: (
            {field for field in fields.split(", ") if not field.endswith("?")},
            set(re.findall(r"(\w+)\?", fields)),
        )
        for name, fields, _ in cells
    }


FIELDS = documented()


def checked(line: str) -> dict[str, Any]:
    """The object of a line, which holds what the page says and nothing else."""
    body: dict[str, Any] = json.loads(line)
    needed, possible = FIELDS[body["event"]]
    fields = set(body) - {"v", "event", "id"}
    assert body["v"] == 1
    assert needed <= fields <= needed | possible, body
    return body


class Child:
    """A started speaker; used as a context, it is gone afterwards."""

    def __init__(self, speaker: Speaker, *words: str) -> None:
        self.process = subprocess.Popen(
            [*speaker.command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            start_new_session=sys.platform != "win32",
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.decode())
        self._lines.put(None)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def say(self, **body: object) -> None:
        """A line of its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(body).encode() + b"\n")
        self.process.stdin.flush()

    def hang_up(self) -> None:
        """End its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def events(self) -> Iterator[dict[str, Any]]:
        """What it still says, until it says no more."""
        while (line := self._lines.get(timeout=PATIENCE_S)) is not None:
            yield checked(line)

    def until(self, **fields: object) -> list[dict[str, Any]]:
        """What it says up to the first event with such fields, that one included."""
        heard = []
        for event in self.events():
            heard.append(event)
            if fields.items() <= event.items():
                return heard
        raise AssertionError(f"no {fields} in {heard}")

    def silent(self, seconds: float) -> bool:
        """Whether nothing is said for a while."""
        try:
            self._lines.put(self._lines.get(timeout=seconds))
        except queue.Empty:
            return True
        return False

    def status(self) -> int:
        """The exit status."""
        return self.process.wait(PATIENCE_S)
