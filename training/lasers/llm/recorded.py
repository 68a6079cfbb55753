"""Replies that were kept: to be read again, and so that nobody is asked twice.

::

    {"id": "...", "model": "...", "reply": "..."}      one a line, only ever added to
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import Any

from geoseg.errors import EngineError
from training.data.errors import DataError
from training.lasers.llm import LanguageModel, Request


class RecordedModel:
    """Says what was said before, and nothing else."""

    remembered = False

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DataError(str(path), "is no file of replies.")
        self.path = path
        self.replies = {row["id"]: row["reply"] for row in _whole_lines(path)}
        models = sorted({row["model"] for row in _whole_lines(path)})
        self.name = f"recorded:{'+'.join(models)}"

    def reply(self, request: Request) -> str:
        """The reply to the same request. EngineError where there is none."""
        if request.id not in self.replies:
            raise EngineError(
                f"{self.path} has no reply to the {request.kind} {request.id}.",
                hint="It was made from other masks, prompts or settings.",
            )
        return str(self.replies[request.id])


class Remembering:
    """A model whose replies are kept in a file as they come; none is asked for twice."""

    remembered = True

    def __init__(self, model: LanguageModel, path: Path) -> None:
        self.model, self.path, self.name = model, path, model.name
        self.writing = Lock()
        rows = _whole_lines(path) if path.is_file() else []
        self.replies = {row["id"]: row["reply"] for row in rows if row["model"] == model.name}

    def reply(self, request: Request) -> str:
        """What is kept, or what the model says."""
        if request.id not in self.replies:
            text = self.model.reply(request)
            row = {"id": request.id, "model": self.name, "reply": text}
            with self.writing, self.path.open("a", encoding="utf-8") as stream:
                # In front, since a run that was killed may have left half a line.
                stream.write("\n" + json.dumps(row, ensure_ascii=False))
            self.replies[request.id] = text
        return str(self.replies[request.id])


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a file; a line that was cut off by a kill is none."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and row.keys() >= {"id", "model", "reply"}:
            rows.append(row)
    return rows
