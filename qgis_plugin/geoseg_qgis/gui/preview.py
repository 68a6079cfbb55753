"""What the model sees under the map's centre, before the whole scene is asked."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import QLabel, QVBoxLayout, QWidget

from ..core import settings, source
from ..core.command import geoseg
from ..core.preview import Server
from ..core.process import clean_env
from ..core.protocol import Event, failure
from ..core.task import ExportTask
from .pieces import wrapped
from .words import stage

POLL_MS = 100


class Preview(QWidget):
    """A picture with masks and the model's sentence; the model stays loaded behind it."""

    failed = pyqtSignal(object)
    answered = pyqtSignal(object)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("geosegPreviewPanel")
        self._server: Server | None = None
        self._python = ""
        self._task: ExportTask | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="geoseg-preview-")
        self.picture = QLabel()
        self.picture.setObjectName("geosegPreviewPicture")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.answer = wrapped("")
        self.answer.setObjectName("geosegPreviewAnswer")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.picture)
        layout.addWidget(self.answer)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self.setVisible(False)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._task is not None or (self._server is not None and self._server.waiting)

    def look(self, layer, instruction: str, canvas, form) -> None:
        """Ask about the window around the map's centre; of a layer that is no file, save it first.

        Raises SourceError when the layer cannot be handed over.
        """
        python, crs = settings.get("python"), canvas.mapSettings().destinationCrs()
        question = {
            "x": canvas.center().x(),
            "y": canvas.center().y(),
            "crs": source.crs_text(crs),
            "instruction": instruction,
            "device": form.device.currentText(),
            "checkpoint": settings.get("checkpoint"),
        }
        direct = source.direct(layer)
        if direct is not None:
            self.ask(python, scene=direct.path, **question, **direct.options)
            return
        path = str(Path(self._folder.name, "window.tif"))
        window = source.window(canvas.center(), crs, layer.crs(), form.export_pixel())
        planned = source.prepare(layer, *window, form.export_pixel(), path)
        self._begin(self.tr("Saving the picture of the layer…"))
        task = self._task = ExportTask(self.tr("Saving the picture of the layer"), planned)
        task.ended.connect(lambda outcome: self._exported(outcome, python, path, question))
        QgsApplication.taskManager().addTask(task)

    def ask(self, python: str, **question) -> None:
        """Ask about the window around a place: scene, x, y, crs, instruction and options."""
        if self._server is None or python != self._python:
            self.stop()
            words = ("serve", "--idle", str(settings.get("idle_minutes")))
            env = clean_env(dict(os.environ), settings.proxy())
            self._server = Server(geoseg(python, *words), env, settings.data_folder_made())
            self._python = python
        self._begin(self.tr("Looking at the middle of the map…"))
        try:
            self._server.ask("preview", folder=self._folder.name, **question)
        except OSError as error:
            self._show_failure(failure("start", str(error)))
            return
        self._timer.start()

    def stop(self) -> None:
        """Free the model."""
        if self._task is not None:
            self._task.cancel()
        self._timer.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _begin(self, text: str) -> None:
        self.setVisible(True)
        self.answer.setText(text)

    def _exported(self, outcome: float | Event, python: str, path: str, question: dict) -> None:
        self._task = None
        if isinstance(outcome, Event):
            self._show_failure(outcome)
        else:
            self.ask(python, scene=path, **question)

    def _poll(self) -> None:
        for event in self._server.poll():
            if event.name == "stage":
                self.answer.setText(stage(event))
            elif event.name == "preview":
                self._show(event)
            elif event.name == "error":
                self._show_failure(event)
        if not self.busy:
            self._timer.stop()

    def _show(self, event: Event) -> None:
        pixmap = QPixmap(event.get("picture", ""))
        if not pixmap.isNull():
            width = min(self.width(), 360)
            smooth = Qt.TransformationMode.SmoothTransformation
            self.picture.setPixmap(pixmap.scaledToWidth(width, smooth))
        found = ", ".join(
            f"{target['label']} {100 * target['share']:.0f} %"
            for target in event.get("targets", [])
        )
        self.answer.setText("\n".join(filter(None, [event.get("answer", ""), found])))
        self.answered.emit(event)

    def _show_failure(self, event: Event) -> None:
        self.setVisible(False)
        self.failed.emit(event)
