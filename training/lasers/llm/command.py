"""Any program as a model: it is started for each request, reads JSON and writes JSON.

In: ``{"id", "kind", "prompt", "facts", "seed", "temperature", "thinking", "picture"}``, the picture
as the path of a PNG that is gone when the program has ended. Out: ``{"text": "..."}``.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from geoseg.errors import EngineError, InstructionError
from training.lasers.llm import Request


class CommandModel:
    """A program that is asked through its standard input."""

    remembered = True

    def __init__(self, command: str, timeout: float) -> None:
        self.words = shlex.split(command)
        if not self.words:
            raise InstructionError("The command is blank. Give the program and its arguments.")
        self.timeout = timeout
        self.name = f"command:{command}"

    def reply(self, request: Request) -> str:
        """What it writes as ``text``. EngineError where it fails, hangs or writes other things."""
        with tempfile.TemporaryDirectory(prefix="geoseg-ask-") as folder:
            path = Path(folder) / "picture.png"
            Image.fromarray(request.picture()).save(path)
            said = self._run(_told(request, path))
        try:
            text = json.loads(said)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"{self.words[0]} wrote {said[:200]!r} where JSON with a text is expected."
            ) from error
        return str(text)

    def _run(self, told: str) -> str:
        try:
            done = subprocess.run(
                self.words,
                input=told,
                capture_output=True,
                encoding="utf-8",
                timeout=self.timeout,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{self.words[0]} did not reply within {self.timeout:g} s."
            ) from error
        except subprocess.CalledProcessError as error:
            raise EngineError(
                f"{self.words[0]} ended with status {error.returncode}: {error.stderr[-500:]}"
            ) from error
        except OSError as error:
            raise EngineError(f"{self.words[0]} cannot be started ({error}).") from error
        return done.stdout


def _told(request: Request, path: Path) -> str:
    return json.dumps(
        {
            "id": request.id,
            "kind": request.kind,
            "prompt": request.prompt,
            "facts": request.facts,
            "seed": request.seed,
            "temperature": request.temperature,
            "thinking": request.thinking,
            "picture": str(path),
        }
    )
