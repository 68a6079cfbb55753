"""Polygons judged one by one, drawn anew with other settings, and kept as training examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import NULL, QgsApplication, QgsFeatureRequest, QgsProject, QgsSpatialIndex
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QShortcut,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..core import results, settings
from ..core.command import dataset_command, output_path, refine_command
from ..core.process import Run, clean_env
from ..core.protocol import Event
from ..core.review import ACCEPTED, COLUMN, REJECTED
from ..core.task import CallTask, ChildTask
from .area import polygon_file

MARKS = {ACCEPTED: "✓", REJECTED: "✗"}
SHOWN = ("", "target", "score", "agreement", "area_m2")
MOST_ROWS = 20_000
"""More polygons are judged in QGIS's own attribute table; the sliders still work."""


class Review(QWidget):
    """A table by target, sliders, keys: J/K next and previous, A accept, R reject."""

    failed = pyqtSignal(object)
    said = pyqtSignal(str)

    def __init__(self, iface, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("geosegReview")
        self._iface = iface
        self._layer_id = ""
        self.task: ChildTask | CallTask | None = None
        self.shortcuts: list[QShortcut] = []
        self._build()
        self._set_enabled()
        iface.currentLayerChanged.connect(self._follow)
        QgsProject.instance().layersRemoved.connect(self._removed)

    @property
    def layer(self):
        """The layer under review, or None."""
        return QgsProject.instance().mapLayer(self._layer_id)

    def show_layer(self, layer) -> None:
        """Review this layer of polygons."""
        self._layer_id = layer.id()
        self.title.setText(layer.customProperty(results.INSTRUCTION_PROPERTY) or layer.name())
        self._fill()
        self._set_enabled()

    def stop(self) -> None:
        """Nothing is left running."""
        if self.task is not None:
            self.task.cancel()

    def decide(self, decision: str) -> None:
        """Accept or reject the chosen polygons, in the file, and go to the next."""
        layer = self.layer
        field = layer.fields().lookupField(COLUMN) if layer is not None else -1
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        if field < 0 or not rows:
            return
        changes = {self._feature_id(row): {field: decision} for row in rows}
        if layer.isEditable():
            for key, values in changes.items():
                layer.changeAttributeValue(key, field, values[field])
        else:
            layer.dataProvider().changeAttributeValues(changes)
        for row in rows:
            self.table.item(row, 0).setText(MARKS[decision])
        layer.triggerRepaint()
        self._count()
        self.step(1)

    def step(self, by: int) -> None:
        """To the next or the previous polygon."""
        row = self.table.currentRow() + by
        if 0 <= row < self.table.rowCount():
            self.table.selectRow(row)

    def refine(self) -> None:
        """Draw the polygons anew with the sliders' settings; decisions are carried over."""
        layer = self.layer
        if layer is None or self.task is not None:
            return
        ledger = layer.customProperty(results.LEDGER_PROPERTY) or ""
        instruction = layer.customProperty(results.INSTRUCTION_PROPERTY)
        folder = str(Path(layer.customProperty(results.PATH_PROPERTY)).parent)
        options = {**self.settings(), "instruction": instruction}
        output = output_path(folder, f"{instruction} refined")
        command = refine_command(settings.get("python"), ledger, output, options)
        env = clean_env(dict(os.environ), settings.proxy())
        task = ChildTask("geoseg refine", Run(command, env, settings.data_folder_made()))
        task.ended.connect(lambda event: self._refined(event, layer.id()))
        self._begin(task)

    def settings(self) -> dict[str, Any]:
        """What the sliders say, as options of `geoseg refine`."""
        return {
            "threshold": self.threshold.value() / 100,
            "min_agreement": self.agreement.value() / 100,
            "min_area": f"{self.area.value()}m2",
            "simplify": self.simplify.value() / 4,
        }

    def save_examples(self, folder: str = "") -> None:
        """Accepted polygons (all, if none was judged) as a folder that training reads."""
        layer = self.layer
        folder = folder or self.examples.filePath()
        if layer is None or not folder or self.task is not None:
            return
        judged = any(self._mark(row) for row in range(self.table.rowCount()))
        polygons = polygon_file(layer, f"\"{COLUMN}\" = '{ACCEPTED}'" if judged else "")
        scene = layer.customProperty(results.SCENE_PROPERTY)
        command = dataset_command(
            settings.get("python"), scene, [polygons], folder, {"by": "target", "overwrite": True}
        )
        env = clean_env(dict(os.environ), settings.proxy())
        from ..core import install

        def work(said, stopped):
            return install.do(command, env, said, stopped)

        task = CallTask(self.tr("Saving training examples"), work)
        task.ended.connect(lambda outcome: self._saved(outcome, folder))
        self._begin(task)

    def _begin(self, task) -> None:
        self.task = task
        self._set_enabled()
        QgsApplication.taskManager().addTask(task)

    def _saved(self, outcome, folder: str) -> None:
        self.task = None
        self._set_enabled()
        if outcome is True:
            self.count.setText(self.tr("Saved in {}").format(folder))
            self.said.emit(folder)
        elif isinstance(outcome, Exception):
            fields = {"code": "bad_request", "message": str(outcome)}
            self.failed.emit(Event("error", fields))

    def _refined(self, event: Event, old_id: str) -> None:
        self.task = None
        self._set_enabled()
        if event.name != "result":
            self.failed.emit(event)
            return
        old = QgsProject.instance().mapLayer(old_id)
        scene = old.customProperty(results.SCENE_PROPERTY) if old else ""
        ledger = old.customProperty(results.LEDGER_PROPERTY) if old else ""
        layers = results.load(event, scene, ledger, self.tr("polygons"))
        if layers and old is not None:
            carry_over(old, layers[0])
            node = QgsProject.instance().layerTreeRoot().findLayer(old_id)
            if node is not None:
                node.setItemVisibilityChecked(False)
        if layers:
            self.show_layer(layers[0])

    def _removed(self, _keys: list[str]) -> None:
        """A bound method: a lambda would outlive the widget."""
        self._set_enabled()

    def _follow(self, layer) -> None:
        if results.ours(layer) and layer.id() != self._layer_id:
            self.show_layer(layer)

    def _fill(self) -> None:
        """One row for each polygon, by target and then by score."""
        layer = self.layer
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        request.setLimit(MOST_ROWS)
        rows = []
        for feature in layer.getFeatures(request):
            rows.append(
                (feature.id(), [plain(feature, name) for name in SHOWN[1:]], plain(feature, COLUMN))
            )
        rows.sort(key=lambda row: (str(row[1][0]), -(row[1][1] or 0)))
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(rows))
        for place, (key, values, decision) in enumerate(rows):
            first = QTableWidgetItem(MARKS.get(decision, ""))
            first.setData(Qt.ItemDataRole.UserRole, key)
            self.table.setItem(place, 0, first)
            for column, value in enumerate(values, 1):
                self.table.setItem(place, column, cell(value))
        self._count()

    def _count(self) -> None:
        marks = [self._mark(row) for row in range(self.table.rowCount())]
        self.count.setText(
            self.tr("{} polygons, {} accepted, {} rejected").format(
                len(marks), marks.count(MARKS[ACCEPTED]), marks.count(MARKS[REJECTED])
            )
        )

    def _mark(self, row: int) -> str:
        item = self.table.item(row, 0)
        return item.text() if item is not None else ""

    def _feature_id(self, row: int) -> int:
        return self.table.item(row, 0).data(Qt.ItemDataRole.UserRole)

    def _show_selected(self) -> None:
        """Select the row's polygon on the map and bring it into view."""
        layer, row = self.layer, self.table.currentRow()
        if layer is None or row < 0:
            return
        key = self._feature_id(row)
        layer.selectByIds([key])
        canvas = self._iface.mapCanvas()
        canvas.panToFeatureIds(layer, [key], False)

    def _set_enabled(self) -> None:
        layer = self.layer
        there = layer is not None
        for widget in (self.table, self.accept, self.reject, self.next, self.previous):
            widget.setEnabled(there)
        ledger = layer.customProperty(results.LEDGER_PROPERTY) if there else ""
        drawable = bool(ledger) and Path(ledger).exists() and self.task is None
        self.draw.setEnabled(drawable)
        self.save.setEnabled(there and self.task is None)
        if not there:
            self.title.setText(self.tr("Choose a layer that geoseg has made."))
            self.table.setRowCount(0)
            self.count.setText("")

    def _build(self) -> None:
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.count.setObjectName("geosegReviewCount")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.title)
        layout.addWidget(self._table(), 1)
        layout.addLayout(self._keys())
        layout.addWidget(self.count)
        layout.addLayout(self._sliders())
        self.draw = QPushButton(self.tr("Draw anew"))
        self.draw.setObjectName("geosegRefine")
        self.draw.clicked.connect(self.refine)
        layout.addWidget(self.draw)
        self.examples = QgsFileWidget()
        self.examples.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.save = QPushButton(self.tr("Save as training examples"))
        self.save.setObjectName("geosegExamples")
        self.save.clicked.connect(lambda: self.save_examples())
        layout.addWidget(QLabel(self.tr("Folder for training examples")))
        layout.addWidget(self.examples)
        layout.addWidget(self.save)

    def _table(self) -> QTableWidget:
        names = ["", self.tr("target"), self.tr("score"), self.tr("agree"), "m²"]
        self.table = QTableWidget(0, len(names))
        self.table.setObjectName("geosegTable")
        self.table.setHorizontalHeaderLabels(names)
        self.table.verticalHeader().setVisible(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setMinimumHeight(6 * self.table.fontMetrics().height())
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._show_selected)
        return self.table

    def _keys(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.previous = self._key("←", "K", self.tr("Previous (K)"), lambda: self.step(-1))
        self.next = self._key("→", "J", self.tr("Next (J)"), lambda: self.step(1))
        self.accept = self._key("✓", "A", self.tr("Accept (A)"), lambda: self.decide(ACCEPTED))
        self.reject = self._key("✗", "R", self.tr("Reject (R)"), lambda: self.decide(REJECTED))
        for button in (self.previous, self.next, self.accept, self.reject):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _key(self, text: str, key: str, tip: str, call) -> QToolButton:
        """A button and its key, which works while the review has the keyboard."""
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: call())
        shortcut = QShortcut(QKeySequence(key), self)
        self.shortcuts.append(shortcut)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)
        return button

    def _sliders(self) -> QFormLayout:
        form = QFormLayout()
        self.threshold = slider(5, 95, 50)
        self.agreement = slider(0, 100, 0)
        self.area = slider(0, 500, 0)
        self.simplify = slider(0, 16, 1)
        for name, widget, unit, scale in (
            (self.tr("Confidence"), self.threshold, "", 0.01),
            (self.tr("Agreement"), self.agreement, "", 0.01),
            (self.tr("Least area"), self.area, " m²", 1),
            (self.tr("Simplify"), self.simplify, " px", 0.25),
        ):
            form.addRow(name, with_value(widget, unit, scale))
        return form


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


def carry_over(old, new) -> None:
    """Decisions about polygons that were drawn anew: the one that lies on the old one's inside."""
    field = new.fields().lookupField(COLUMN)
    if field < 0 or old.fields().lookupField(COLUMN) < 0:
        return
    index = QgsSpatialIndex(new.getFeatures())
    changes = {}
    judged = QgsFeatureRequest().setFilterExpression(f'"{COLUMN}" IS NOT NULL')
    for feature in old.getFeatures(judged):
        inside = feature.geometry().pointOnSurface()
        for key in index.intersects(inside.boundingBox()):
            if new.getFeature(key).geometry().intersects(inside):
                changes[key] = {field: plain(feature, COLUMN)}
    new.dataProvider().changeAttributeValues(changes)
