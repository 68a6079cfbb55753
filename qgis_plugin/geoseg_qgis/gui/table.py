"""Polygons of a layer as rows, by target and then by score."""

from __future__ import annotations

from qgis.core import NULL, QgsFeatureRequest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from ..core.review import ACCEPTED, COLUMN, REJECTED

MARKS = {ACCEPTED: "✓", REJECTED: "✗"}
SHOWN = ("target", "score", "agreement", "area_m2")
MOST_ROWS = 20_000
"""More polygons are judged in QGIS's own attribute table; the sliders still work."""


class PolygonTable(QTableWidget):
    """A row knows its feature; the first column shows what was decided."""

    def __init__(self, parent=None) -> None:
        super().__init__(0, 1 + len(SHOWN), parent)
        self.setObjectName("geosegTable")
        self.setHorizontalHeaderLabels(
            ["", self.tr("target"), self.tr("score"), self.tr("agree"), "m²"]
        )
        self.verticalHeader().setVisible(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(6 * self.fontMetrics().height())
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)

    def show_layer(self, layer) -> None:
        """One row for each polygon, the first MOST_ROWS of them."""
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        request.setLimit(MOST_ROWS)
        rows = [
            (feature.id(), [plain(feature, name) for name in SHOWN], plain(feature, COLUMN))
            for feature in layer.getFeatures(request)
        ]
        rows.sort(key=lambda row: (str(row[1][0]), -(row[1][1] or 0)))
        self.setRowCount(len(rows))
        for place, (key, values, decision) in enumerate(rows):
            first = QTableWidgetItem(MARKS.get(decision, ""))
            first.setData(Qt.ItemDataRole.UserRole, key)
            self.setItem(place, 0, first)
            for column, value in enumerate(values, 1):
                self.setItem(place, column, cell(value))

    def chosen(self) -> list[int]:
        """Selected rows, from above."""
        return sorted({index.row() for index in self.selectedIndexes()})

    def feature_id(self, row: int) -> int:
        """The feature that a row stands for."""
        return self.item(row, 0).data(Qt.ItemDataRole.UserRole)

    def mark(self, row: int, decision: str) -> None:
        """Show a decision."""
        self.item(row, 0).setText(MARKS[decision])

    def marks(self) -> list[str]:
        """What was decided, row by row; empty where nothing was."""
        items = (self.item(row, 0) for row in range(self.rowCount()))
        return [item.text() if item is not None else "" for item in items]


def cell(value) -> QTableWidgetItem:
    """Numbers to the right, with two digits that matter."""
    if isinstance(value, float):
        item = QTableWidgetItem(f"{value:.2f}" if value < 100 else f"{value:.0f}")
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item
    return QTableWidgetItem("" if value is None else str(value))


def plain(feature, name: str):
    """An attribute as Python knows it; None when it is not there."""
    place = feature.fields().lookupField(name)
    value = feature.attribute(place) if place >= 0 else None
    return None if value == NULL else value
