"""Small widgets that several windows have."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QWidget


class Pages(QTabWidget):
    """Tabs as high as the page that is seen wants, not as the highest of them."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        """Room for the tabs and the page."""
        return self._around(self.currentWidget().minimumSizeHint(), super().minimumSizeHint())

    def sizeHint(self) -> QSize:
        """Room for the tabs and the page."""
        return self._around(self.currentWidget().sizeHint(), super().sizeHint())

    def _around(self, page: QSize, usual: QSize) -> QSize:
        frame = self.tabBar().sizeHint().height() + 2 * self.fontMetrics().height() // 3
        return QSize(usual.width(), page.height() + frame)


def wrapped(text: str) -> QLabel:
    """A label that breaks its lines rather than stretch the window."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def side_by_side(*widgets: QWidget) -> QWidget:
    """Widgets in a row; the first takes what is left."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is widgets[0] else 0)
    return row
