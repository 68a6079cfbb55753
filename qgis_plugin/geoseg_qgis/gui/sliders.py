"""How polygons are drawn from the answers of a run."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QSlider, QWidget


class Sliders(QWidget):
    """Confidence, agreement, least area, simplification; `settled` when one was let go."""

    settled = pyqtSignal()

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.threshold = slider(5, 95, 50)
        self.agreement = slider(0, 100, 0)
        self.area = slider(0, 500, 0)
        self.simplify = slider(0, 16, 1)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        for name, widget, unit, scale in (
            (self.tr("Confidence"), self.threshold, "", 0.01),
            (self.tr("Agreement"), self.agreement, "", 0.01),
            (self.tr("Least area"), self.area, " m²", 1),
            (self.tr("Simplify"), self.simplify, " px", 0.25),
        ):
            form.addRow(name, with_value(widget, unit, scale))
            widget.sliderReleased.connect(self.settled.emit)

    def settings(self) -> dict[str, Any]:
        """Options of `geoseg refine`."""
        return {
            "threshold": self.threshold.value() / 100,
            "min_agreement": self.agreement.value() / 100,
            "min_area": f"{self.area.value()}m2",
            "simplify": self.simplify.value() / 4,
        }


def slider(least: int, most: int, value: int) -> QSlider:
    """From left to right."""
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(least, most)
    made.setValue(value)
    return made


def with_value(widget: QSlider, unit: str, scale: float) -> QWidget:
    """A slider and what it stands at."""
    shown = QLabel()
    shown.setMinimumWidth(shown.fontMetrics().horizontalAdvance("0000 m²"))
    widget.valueChanged.connect(lambda value: shown.setText(f"{value * scale:g}{unit}"))
    shown.setText(f"{widget.value() * scale:g}{unit}")
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(widget, 1)
    layout.addWidget(shown)
    return row
