"""What a soak found, kept beside the results of the benchmarks."""

from __future__ import annotations

import json
import platform
import sys
import time
from pathlib import Path
from typing import Any


def keep(path: Path, part: str, facts: dict[str, Any]) -> None:
    """Put one part's facts into a JSON file; what the file says of other parts stays."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept[part] = {
        "command": " ".join(["python", "-m", f"tests.soak.{part}", *_asked(sys.argv[1:])]),
        "date": time.strftime("%Y-%m-%d"),
        "machine": platform.platform(),
        **facts,
    }
    path.write_text(json.dumps(kept, indent=2) + "\n")


def _asked(words: list[str]) -> list[str]:
    """The options that say what is run, not where its results go."""
    if "--results" not in words:
        return words
    place = words.index("--results")
    return words[:place] + words[place + 2 :]
