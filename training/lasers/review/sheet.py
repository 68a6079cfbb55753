"""Items become pages: one file each, which opens in a browser anywhere and loads nothing else."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from geoseg.errors import InstructionError, OutputError
from training.data.pictures import read_picture
from training.lasers.review.items import Item
from training.lasers.review.points import POINTS, Kind
from training.lasers.rows import digest

_PAGE: Final = Path(__file__).parent / "page"

_TITLES: Final = {
    "question": "Questions, answers and masks",
    "mask": "Proposed masks",
    "gold": "Masks for a gold set",
}

_QUALITY: Final = 92
"""Of the JPEGs inside a page: edges stay where they are."""


@dataclass(frozen=True, slots=True)
class SheetSettings:
    """How pages are made."""

    size: int = 100
    """Most items of a page."""

    reviewer: str = ""
    """Filled in; otherwise the reviewer writes it."""

    audit: bool = False

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InstructionError(f"A page of {self.size} items shows nothing. Give 1 or more.")


def write_sheets(
    items: Sequence[Item], kind: Kind, pictures: Path, folder: Path, settings: SheetSettings
) -> list[Path]:
    """Write ``KIND-001.html`` and on; the paths. OutputError where a page cannot be written."""
    parts = [items[n : n + settings.size] for n in range(0, len(items), settings.size)]
    written = []
    for number, part in enumerate(parts, 1):
        name = f"{'audit-' if settings.audit else ''}{kind}-{number:03d}"
        title = f"{_TITLES[kind]}{', second look' * settings.audit}: page {number} of {len(parts)}"
        text = page(part, kind, pictures, settings, name=name, title=title)
        path = folder / f"{name}.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"The page {path} cannot be written: {error}.") from error
        written.append(path)
    return written


def page(
    items: Sequence[Item],
    kind: Kind,
    pictures: Path,
    settings: SheetSettings,
    *,
    name: str,
    title: str,
) -> str:
    """The HTML of a page for these items, pictures and all."""
    shown = {name: _picture(pictures / name) for name in dict.fromkeys(i["picture"] for i in items)}
    data = {
        "sheet": digest([kind, settings.audit, [item["id"] for item in items]]),
        "name": name,
        "title": title,
        "kind": kind,
        "audit": settings.audit,
        "reviewer": settings.reviewer,
        "points": [{"name": n, "title": t, "about": a} for n, t, a in POINTS[kind]],
        "pictures": shown,
        "items": list(items),
    }
    parts = {
        "title": title,
        "css": (_PAGE / "page.css").read_text("utf-8"),
        "script": (_PAGE / "page.js").read_text("utf-8"),
        # Text of questions must not end the script that holds it.
        "data": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
    }
    template = (_PAGE / "page.html").read_text("utf-8")
    return re.sub(r"\{(title|css|script|data)\}", lambda match: parts[match[1]], template)


def _picture(path: Path) -> dict[str, Any]:
    rgb = read_picture(path, str(path))
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {
        "src": f"data:image/jpeg;base64,{text}",
        "height": rgb.shape[0],
        "width": rgb.shape[1],
    }
