"""Runs of late: what was looked for, how much was found, and where it is."""

from __future__ import annotations

import time
from pathlib import Path

from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QApplication, QListWidget, QListWidgetItem, QMenu

from ..core import settings


class History(QListWidget):
    """Double click opens a result; the menu runs again, shows the folder, copies the command."""

    wanted = pyqtSignal(dict)
    again = pyqtSignal(dict)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("geosegHistory")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumHeight(5 * self.fontMetrics().lineSpacing())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.customContextMenuRequested.connect(self._menu)
        self.itemDoubleClicked.connect(lambda item: self.wanted.emit(entry_of(item)))
        self.refresh()

    def refresh(self) -> None:
        """Show what is remembered."""
        self.clear()
        for entry in settings.history():
            found = entry.get("features", 0)
            text = f"{' / '.join(entry.get('instructions', []))} – {found} · {when(entry)}"
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setToolTip(entry.get("output", ""))
            self.addItem(item)

    def _menu(self, place) -> None:
        item = self.itemAt(place)
        if item is None:
            return
        entry = entry_of(item)
        menu = QMenu(self)
        menu.addAction(self.tr("Show on the map")).triggered.connect(
            lambda: self.wanted.emit(entry)
        )
        menu.addAction(self.tr("Run again")).triggered.connect(lambda: self.again.emit(entry))
        menu.addAction(self.tr("Open the folder")).triggered.connect(
            lambda: QDesktopServices.openUrl(
                QUrl.fromLocalFile(str(Path(entry.get("output", "")).parent))
            )
        )
        menu.addAction(self.tr("Copy the command")).triggered.connect(
            lambda: QApplication.clipboard().setText(entry.get("command", ""))
        )
        menu.popup(self.mapToGlobal(place))


def entry_of(item: QListWidgetItem) -> dict:
    """What an item stands for."""
    return item.data(Qt.ItemDataRole.UserRole)


def when(entry: dict) -> str:
    """The time of a run: of today the hour, else the day."""
    ended = time.localtime(entry.get("time", 0))
    today = time.localtime()[:3] == ended[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d", ended)
