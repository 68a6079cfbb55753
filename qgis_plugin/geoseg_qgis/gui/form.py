"""What the user fills in before a run: image, sentences, area, and what is seldom changed."""

from __future__ import annotations

import math

from qgis.gui import (
    QgsCollapsibleGroupBox,
    QgsDoubleSpinBox,
    QgsFileWidget,
    QgsMapLayerComboBox,
)
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..compat import RASTER_LAYERS
from ..core import settings
from ..core.command import instructions_of
from ..core.source import WINDOW
from . import words
from .area import AreaChoice
from .options import DEVICES

OVERLAP = 256
"""Pixels that windows of the model have in common at least."""


class Sentences(QPlainTextEdit):
    """One instruction a line; Ctrl+Enter runs."""

    submitted = pyqtSignal()

    def keyPressEvent(self, event) -> None:
        """Ctrl+Enter is the run, everything else is text."""
        enter = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() in enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)


class Form(QWidget):
    """The upper half of the dock."""

    changed = pyqtSignal()
    submitted = pyqtSignal()

    def __init__(self, iface, parent=None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._picked = False
        self.layer = QgsMapLayerComboBox()
        self.layer.setObjectName("geosegLayer")
        self.layer.setFilters(RASTER_LAYERS)
        self.layer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.text = Sentences()
        self.text.setObjectName("geosegInstructions")
        self.text.setPlaceholderText(self.tr("safe open areas\nall tennis courts"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(4 * self.text.fontMetrics().lineSpacing())
        self.area = AreaChoice(iface.mapCanvas())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel(self.tr("Image")))
        layout.addWidget(self.layer)
        layout.addLayout(self._find_row())
        layout.addWidget(self.text)
        layout.addWidget(QLabel(self.tr("Area")))
        layout.addWidget(self.area)
        layout.addWidget(self._advanced())
        self.layer.activated.connect(self._user_picked)
        self.layer.layerChanged.connect(lambda _: self.changed.emit())
        self.text.textChanged.connect(self.changed.emit)
        self.text.submitted.connect(self.submitted.emit)
        self.area.changed.connect(self.changed.emit)
        iface.currentLayerChanged.connect(self.follow)

    def instructions(self) -> tuple[str, ...]:
        """What to find."""
        return instructions_of(self.text.toPlainText())

    def options(self) -> dict[str, object]:
        """Options of `geoseg run` from the advanced box."""
        chosen = {
            "device": self.device.currentText(),
            "checkpoint": settings.get("checkpoint"),
            "threshold": self.threshold.value(),
            "careful": self.careful.isChecked(),
        }
        if self.min_area.value():
            chosen["min_area"] = f"{self.min_area.value():g}m2"
        if self.pixel_size.value() and not self.exports():
            chosen["gsd"] = self.pixel_size.value()
        return {key: value for key, value in chosen.items() if value is not False}

    def exports(self) -> bool:
        """Whether the chosen layer is no file, so that a picture of it has to be made."""
        layer = self.layer.currentLayer()
        return layer is not None and layer.providerType() != "gdal"

    def export_pixel(self) -> float:
        """Metres a pixel of an exported picture has: as asked, else as on the screen, 0.1 to 2."""
        if self.pixel_size.value():
            return self.pixel_size.value()
        canvas = self._iface.mapCanvas()
        metres = canvas.mapUnitsPerPixel()
        if canvas.mapSettings().destinationCrs().isGeographic():
            metres *= 111_320
        return min(2.0, max(0.1, metres))

    def estimate(self) -> str:
        """How much a run will read, and how long that takes if the latest one tells."""
        layer = self.layer.currentLayer()
        if layer is None:
            return ""
        if self.exports():
            text = self.tr("A picture at {:g} m per pixel is made first.")
            return text.format(self.export_pixel())
        extent = (self.area.extent(layer) or layer.extent()).intersect(layer.extent())
        if not layer.width() or not layer.height():
            return ""
        columns = round(extent.width() / layer.rasterUnitsPerPixelX())
        rows = round(extent.height() / layer.rasterUnitsPerPixelY())
        size = self.tr("{} × {} pixels").format(max(0, columns), max(0, rows))
        pace = settings.get("tile_seconds")
        if not pace or columns <= 0 or rows <= 0:
            return size
        tiles = windows(columns) * windows(rows)
        seconds = pace * tiles * max(1, len(self.instructions()))
        return self.tr("{}, about {}").format(size, words.duration(seconds))

    def remember(self) -> None:
        """Keep what was chosen for the next time."""
        settings.put("device", self.device.currentText())
        settings.put("threshold", self.threshold.value())
        settings.put("min_area", self.min_area.value())
        settings.put("pixel_size", self.pixel_size.value())
        settings.put("careful", self.careful.isChecked())
        settings.remember(self.instructions())

    def choose_output(self) -> None:
        """Show where the result goes, for the user to say another file."""
        self._box.setCollapsed(False)
        self.output.setFocus()

    def follow(self, layer) -> None:
        """The active layer is meant, until the user picks another."""
        if not self._picked and layer is not None and self.layer.findText(layer.name()) >= 0:
            self.layer.setLayer(layer)

    def _user_picked(self) -> None:
        self._picked = True

    def _find_row(self) -> QHBoxLayout:
        recent = QPushButton(self.tr("Recent"))
        menu = QMenu(recent)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        recent.setMenu(menu)
        row = QHBoxLayout()
        label = QLabel(self.tr("Find (one a line)"))
        label.setBuddy(self.text)
        row.addWidget(label, 1)
        row.addWidget(recent)
        return row

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for text in settings.recent():
            menu.addAction(text.replace("&", "&&")).triggered.connect(
                lambda _=False, text=text: self._add(text)
            )
        if menu.isEmpty():
            menu.addAction(self.tr("nothing yet")).setEnabled(False)

    def _add(self, text: str) -> None:
        self.text.setPlainText("\n".join(dict.fromkeys([*self.instructions(), text])))

    def _advanced(self) -> QgsCollapsibleGroupBox:
        box = self._box = QgsCollapsibleGroupBox(self.tr("Advanced"))
        box.setObjectName("geosegAdvanced")
        box.setCollapsed(True)
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(settings.get("device"))
        self.pixel_size = number(settings.get("pixel_size"), 0, 100, 3, self.tr(" m"))
        self.pixel_size.setSpecialValueText(self.tr("as it is"))
        self.min_area = number(settings.get("min_area"), 0, 1e9, 1, self.tr(" m²"))
        self.threshold = number(settings.get("threshold"), 0.05, 0.95, 2, "")
        self.threshold.setSingleStep(0.05)
        self.careful = QCheckBox(self.tr("Look twice, keep what most looks agree on"))
        self.careful.setChecked(settings.get("careful"))
        self.output = QgsFileWidget()
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setFilter("GeoPackage (*.gpkg)")
        form = QFormLayout(box)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.tr("Device"), self.device)
        form.addRow(self.tr("Pixel size"), self.pixel_size)
        form.addRow(self.tr("Least area"), self.min_area)
        form.addRow(self.tr("Confidence"), self.threshold)
        form.addRow(self.careful)
        form.addRow(self.tr("Save to"), self.output)
        return box


def windows(pixels: int) -> int:
    """How many windows of the model lie along a side."""
    return max(1, math.ceil((pixels - OVERLAP) / (WINDOW - OVERLAP)))


def number(value: float, least: float, most: float, digits: int, suffix: str) -> QgsDoubleSpinBox:
    """A box for a number with its unit."""
    box = QgsDoubleSpinBox()
    box.setDecimals(digits)
    box.setRange(least, most)
    box.setValue(value)
    box.setSuffix(suffix)
    return box
