"""The page «GeoSeg» in QGIS's options."""

from __future__ import annotations

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QSpinBox

from ..core import settings

PAGE = "mOptionsPageGeoseg"
DEVICES = ("auto", "cpu", "cuda")


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options are opened."""

    def __init__(self, icon: QIcon, open_setup) -> None:
        super().__init__()
        self._icon, self._open_setup = icon, open_setup

    def icon(self) -> QIcon:
        """Beside the page's name."""
        return self._icon

    def createWidget(self, parent) -> QgsOptionsPageWidget:
        """The page."""
        return OptionsPage(self._open_setup, parent)


class OptionsPage(QgsOptionsPageWidget):
    """What holds for every run."""

    def __init__(self, open_setup, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        python = QLabel(settings.get("python") or self.tr("not chosen"))
        python.setWordWrap(True)
        change = QPushButton(self.tr("Python environment…"))
        change.clicked.connect(lambda: open_setup())
        self._device = QComboBox()
        self._device.addItems(DEVICES)
        self._device.setCurrentText(settings.get("device"))
        self._checkpoint = QLineEdit(settings.get("checkpoint"))
        self._folder = QgsFileWidget()
        self._folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._folder.setFilePath(settings.get("out_dir"))
        self._idle = QSpinBox()
        self._idle.setRange(1, 240)
        self._idle.setSuffix(self.tr(" min"))
        self._idle.setValue(settings.get("idle_minutes"))
        form = QFormLayout(self)
        form.addRow(self.tr("Python"), python)
        form.addRow("", change)
        form.addRow(self.tr("Model"), self._checkpoint)
        form.addRow(self.tr("Device"), self._device)
        form.addRow(self.tr("Save results in"), self._folder)
        form.addRow(self.tr("Keep the preview's model loaded for"), self._idle)

    def apply(self) -> None:
        """The user said OK."""
        settings.put("device", self._device.currentText())
        settings.put("checkpoint", self._checkpoint.text().strip() or "nano")
        settings.put("out_dir", self._folder.filePath())
        settings.put("idle_minutes", self._idle.value())


def title() -> str:
    """The page's name in the list."""
    return QCoreApplication.translate("OptionsPage", "GeoSeg")
