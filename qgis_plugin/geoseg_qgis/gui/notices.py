"""What QGIS's message bar and log say on behalf of the dock. Nothing here is modal."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import Qgis, QgsMessageLog
from qgis.PyQt.QtWidgets import QPushButton

from ..core.protocol import Event
from . import words

TAG = "GeoSeg"
SECONDS = 8
"""How long good news stay; bad ones stay until the next run."""


class Notices:
    """Sentences with a button that does something about them."""

    def __init__(self, iface) -> None:
        self._iface = iface
        self._complaint = None

    def complain(self, event: Event, button: str, call: Callable[[], object] | None) -> str:
        """Say what went wrong and the way out, with a button if there is a call; gives the text."""
        text = " ".join(filter(None, words.sentences(event)))
        detail = event.get("detail", "")
        self.log(f"{event.get('code')}: {event.get('message', '')}\n{detail}".rstrip())
        stopped = event.get("code") == "cancelled"
        bar = self._iface.messageBar()
        item = bar.createMessage(TAG, text)
        if call is not None:
            made = QPushButton(button)
            made.clicked.connect(lambda: call())
            item.layout().addWidget(made)
        level = Qgis.MessageLevel.Info if stopped else Qgis.MessageLevel.Critical
        self.clear()
        bar.pushWidget(item, level, SECONDS if stopped else 0)
        self._complaint = None if stopped else item
        return text

    def clear(self) -> None:
        """Take the last complaint away: another run starts."""
        item, self._complaint = self._complaint, None
        if item is not None and item in self._iface.messageBar().items():
            self._iface.messageBar().popWidget(item)

    def good(self, text: str) -> None:
        """Say that something went well."""
        self._iface.messageBar().pushMessage(TAG, text, Qgis.MessageLevel.Success, SECONDS)

    def warn(self, text: str, *, stays: bool = False) -> None:
        """Say what the user should know about a result."""
        seconds = 0 if stays else SECONDS
        self._iface.messageBar().pushMessage(TAG, text, Qgis.MessageLevel.Warning, seconds)
        self.log(text)

    def log(self, text: str) -> None:
        """Into the log panel's tab, silently."""
        QgsMessageLog.logMessage(text, TAG, Qgis.MessageLevel.Info, False)
