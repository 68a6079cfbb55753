"""Polygons judged one by one, drawn anew with other settings, and kept as training examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QShortcut,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..core import install, results, settings
from ..core.command import dataset_command, output_path, refine_command
from ..core.process import Run, clean_env
from ..core.protocol import Event, failure
from ..core.review import ACCEPTED, COLUMN, REJECTED
from ..core.task import CallTask, ChildTask
from .area import polygon_file
from .redrawn import REFINED, carry_over, put_away
from .sliders import Sliders
from .table import MARKS, PolygonTable


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
        self.table.show_layer(layer)
        self._count()
        self._set_enabled()

    def stop(self) -> None:
        """Nothing is left running."""
        if self.task is not None:
            self.task.cancel()

    def decide(self, decision: str) -> None:
        """Accept or reject the chosen polygons, in the file, and go to the next."""
        layer = self.layer
        field = layer.fields().lookupField(COLUMN) if layer is not None else -1
        rows = self.table.chosen()
        if field < 0 or not rows:
            return
        changes = {self.table.feature_id(row): {field: decision} for row in rows}
        if layer.isEditable():
            for key, values in changes.items():
                layer.changeAttributeValue(key, field, values[field])
        else:
            layer.dataProvider().changeAttributeValues(changes)
        for row in rows:
            self.table.mark(row, decision)
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
        layer, ledger = self.layer, self._ledger()
        if not ledger or self.task is not None:
            return
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
        return self.sliders.settings()

    def save_examples(self, folder: str = "") -> None:
        """Accepted polygons (all, if none was judged) as a folder that training reads."""
        layer = self.layer
        folder = folder or self.examples.filePath()
        if layer is None or not folder or self.task is not None:
            return
        judged = any(self.table.marks())
        polygons = polygon_file(layer, f"\"{COLUMN}\" = '{ACCEPTED}'" if judged else "")
        scene = layer.customProperty(results.SCENE_PROPERTY)
        command = dataset_command(
            settings.get("python"), scene, [polygons], folder, {"by": "target", "overwrite": True}
        )
        env = clean_env(dict(os.environ), settings.proxy())

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
        project, entries = QgsProject.instance(), event.get("layers", [])
        old = project.mapLayer(old_id)
        if old is None or not entries:
            return
        node = project.layerTreeRoot().findLayer(old_id)
        try:
            new = results.add(
                entries[0],
                event.get("output", ""),
                old.customProperty(results.SCENE_PROPERTY),
                old.customProperty(results.LEDGER_PROPERTY),
                self.tr("polygons"),
                group=node.parent() if node else None,
            )
        except ValueError as error:
            self.failed.emit(failure("no_result", str(error)))
            return
        new.setCustomProperty(REFINED, True)
        carry_over(old, new)
        put_away(old)
        self._iface.setActiveLayer(new)
        self.show_layer(new)

    def _removed(self, _keys: list[str]) -> None:
        """A bound method: a lambda would outlive the widget."""
        self._set_enabled()

    def _follow(self, layer) -> None:
        if results.ours(layer) and layer.id() != self._layer_id:
            self.show_layer(layer)

    def _count(self) -> None:
        marks = self.table.marks()
        self.count.setText(
            self.tr("{} polygons, {} accepted, {} rejected").format(
                len(marks), marks.count(MARKS[ACCEPTED]), marks.count(MARKS[REJECTED])
            )
        )

    def _show_selected(self) -> None:
        """Select the row's polygon on the map and bring it into view."""
        layer, row = self.layer, self.table.currentRow()
        if layer is None or row < 0:
            return
        key = self.table.feature_id(row)
        layer.selectByIds([key])
        canvas = self._iface.mapCanvas()
        canvas.panToFeatureIds(layer, [key], False)
        canvas.flashFeatureIds(layer, [key])

    def _ledger(self) -> str:
        """Where the answers behind the layer are; empty when they are gone."""
        layer = self.layer
        path = layer.customProperty(results.LEDGER_PROPERTY) if layer is not None else ""
        return path if path and Path(path).exists() else ""

    def _set_enabled(self) -> None:
        layer = self.layer
        there = layer is not None
        for widget in (self.table, self.accept, self.reject, self.next, self.previous):
            widget.setEnabled(there)
        drawable = bool(self._ledger()) and self.task is None
        self.draw.setEnabled(drawable)
        self.sliders.setEnabled(drawable)
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
        self.table = PolygonTable()
        self.table.itemSelectionChanged.connect(self._show_selected)
        self.sliders = Sliders()
        self.sliders.settled.connect(self.refine)
        self.threshold = self.sliders.threshold
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._keys())
        layout.addWidget(self.count)
        layout.addWidget(self.sliders)
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
