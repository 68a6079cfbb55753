"""What the plugin remembers, in QgsSettings under `geoseg/`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject, QgsSettings

PREFIX = "geoseg/"
DEFAULTS: dict[str, Any] = {
    "python": "",
    "python_says": "",
    "device": "auto",
    "checkpoint": "nano",
    "out_dir": "",
    "pixel_size": 0.0,
    "min_area": 0.0,
    "threshold": 0.5,
    "careful": False,
    "idle_minutes": 10,
    "tile_seconds": 0.0,
}
MOST_RECENT = 12


def get(key: str) -> Any:
    """A setting, of the type of its default."""
    default = DEFAULTS[key]
    return QgsSettings().value(PREFIX + key, default, type=type(default))


def put(key: str, value: Any) -> None:
    """Remember a setting."""
    if key not in DEFAULTS:
        raise KeyError(key)
    QgsSettings().setValue(PREFIX + key, value)


def recent() -> list[str]:
    """Instructions of late, the newest first."""
    return _list("recent")


def remember(instructions: tuple[str, ...]) -> None:
    """Put instructions at the head of the recent ones."""
    rest = [text for text in recent() if text not in instructions]
    _keep("recent", [*instructions, *rest][:MOST_RECENT])


def history() -> list[dict[str, Any]]:
    """Runs of late, the newest first: output, instructions, features, seconds, scene, time."""
    return [entry for entry in _list("history") if isinstance(entry, dict)]


def add_history(entry: dict[str, Any]) -> None:
    """Put a run at the head of the history."""
    rest = [old for old in history() if old.get("output") != entry["output"]]
    _keep("history", [entry, *rest][:MOST_RECENT])


def data_folder() -> str:
    """A place of the user's that all profiles of QGIS share."""
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return str(Path(os.environ["LOCALAPPDATA"], "geoseg"))
    home = os.environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
    return str(Path(home, "geoseg"))


def data_folder_made() -> str:
    """The data folder, which is there then: a child's working folder."""
    folder = Path(data_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def output_folder() -> str:
    """Where results go: the chosen folder, else beside the project, else the data folder.

    Not the folder for temporary files: QGIS marks layers there and asks about them at its end.
    """
    chosen = get("out_dir")
    project = QgsProject.instance().homePath()
    folder = chosen or (str(Path(project, "geoseg")) if project else data_folder() + "/results")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return folder


def proxy() -> str:
    """QGIS's own HTTP proxy as an address, where one is set."""
    settings = QgsSettings()
    if not settings.value("proxy/proxyEnabled", False, type=bool):
        return ""
    host = settings.value("proxy/proxyHost", "")
    port = settings.value("proxy/proxyPort", "")
    return f"http://{host}:{port}" if host and port else ""


def locale() -> str:
    """Two letters of the user's language."""
    chosen = QgsSettings().value("locale/userLocale", "") or QgsApplication.locale()
    return str(chosen)[:2]


def _list(key: str) -> list[Any]:
    try:
        value = json.loads(QgsSettings().value(PREFIX + key, "[]"))
    except (TypeError, ValueError):
        return []
    return value if isinstance(value, list) else []


def _keep(key: str, value: list[Any]) -> None:
    QgsSettings().setValue(PREFIX + key, json.dumps(value))
