"""Sentences of faults and stages in the user's language."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from ..core.faults import fault_of
from ..core.protocol import Event

STAGES = {
    "read": "Reading the image…",
    "load_model": "Loading the model…",
    "download": "Downloading the model…",
    "segment": "Looking…",
    "vectorize": "Drawing polygons…",
    "write": "Saving…",
}


def tr(text: str) -> str:
    """A sentence of `core`, which knows no Qt, translated; its context is `Words`."""
    return QCoreApplication.translate("Words", text)


def stage(event: Event) -> str:
    """What is going on."""
    return tr(STAGES.get(event.get("name", ""), "")) or str(event.get("label", ""))


def sentences(event: Event) -> tuple[str, str]:
    """What went wrong and the way out: geoseg's own message follows ours where it says more."""
    fault = fault_of(event)
    exact = event.get("message", "")
    sentence = tr(fault.sentence)
    known_better = event.get("code") in ("bad_request", "image_unreadable", "permission")
    return (f"{sentence} {exact}" if exact and known_better else sentence), tr(fault.way_out)


def duration(seconds: float) -> str:
    """About how long, in the coarsest unit that says it."""
    if seconds < 90:
        return tr("%n s").replace("%n", str(max(1, round(seconds))))
    if seconds < 5400:
        return tr("%n min").replace("%n", str(round(seconds / 60)))
    return tr("%n h").replace("%n", f"{seconds / 3600:.1f}")
