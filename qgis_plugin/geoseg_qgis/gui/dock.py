"""The dock: image, sentences, area, run, progress, preview, review, history, Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qgis.core import QgsProject
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..core import results, settings, source
from ..core.faults import FAULTS
from ..core.protocol import Event, Progress, failure
from . import words
from .form import Form
from .history import History
from .notices import Notices
from .pieces import Pages, wrapped
from .preview import Preview
from .review import Review
from .runner import Runner, action_of, job_of
from .setup_dialog import SetupDialog


class GeosegDock(QgsDockWidget):
    """Right of the map; its body scrolls, so that it fits any height."""

    def __init__(self, iface, parent=None) -> None:
        super().__init__("GeoSeg", parent)
        self.setObjectName("GeosegDock")
        self._iface = iface
        self.runner = Runner(self)
        self.form = Form(iface)
        self.text, self.layer, self.area = self.form.text, self.form.layer, self.form.area
        self.preview = Preview()
        self.review = Review(iface)
        self.history = History()
        self._progress = Progress()
        self.notices = Notices(iface)
        self._build()
        self._connect()
        self._show_python()
        self._estimate()

    @property
    def task(self):
        """What is under way, or None."""
        return self.runner.task

    def close_down(self) -> None:
        """Before the plugin is unloaded: nothing is left running."""
        self.runner.close()
        self.preview.stop()
        self.review.stop()
        self.area.clear()

    def start(self) -> None:
        """Run."""
        self.notices.clear()
        self.form.remember()
        self.runner.start(self.layer.currentLayer(), self.form.instructions(), self.form)
        self._show_state()

    def show_preview(self) -> None:
        """Ask about the window under the middle of the map."""
        self.notices.clear()
        layer, instructions = self.layer.currentLayer(), self.form.instructions()
        problem = self.runner.problem(layer, instructions)
        if problem:
            self.complain(failure(problem))
            return
        self.pages.setCurrentIndex(0)
        try:
            self.preview.look(layer, instructions[0], self._iface.mapCanvas(), self.form)
        except source.SourceError as error:
            self.complain(failure(error.code, str(error)))

    def open_setup(self) -> None:
        """The dialog about Python."""
        dialog = SetupDialog(self._iface.mainWindow(), self.runner.last_words)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda _: self._show_python())
        dialog.open()

    def complain(self, event: Event, again: Callable[[], object] | None = None) -> None:
        """Say what went wrong and the way out; `again` is what failed, the latest run if None."""
        self._say(self.notices.complain(event, *self._way_out(action_of(event), again)))

    def _way_out(
        self, action: str, again: Callable[[], object] | None
    ) -> tuple[str, Callable[[], object] | None]:
        """What is offered beside the sentence: a button's text and what it does."""
        job = self.runner.job
        if action == "setup":
            return self.tr("Set up Python"), self.open_setup
        if action == "again" and (again or job) is not None:
            return self.tr("Run again"), again or (lambda: self._again(job))
        if action == "save_as":
            return self.tr("Choose a file"), self.form.choose_output
        if action == "log":
            return self.tr("Details"), self._iface.openMessageLog
        if action == "load":
            return self.tr("Add it"), lambda: self._open(settings.history()[0])
        return "", None

    def _build(self) -> None:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.addWidget(self.form)
        layout.addLayout(self._buttons())
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        layout.addWidget(self.bar)
        self.status = wrapped("")
        self.status.setObjectName("geosegStatus")
        layout.addWidget(self.status)
        self.pages = Pages()
        self.pages.setObjectName("geosegPages")
        first = QWidget()
        below = QVBoxLayout(first)
        below.setContentsMargins(4, 4, 4, 4)
        below.addWidget(self.preview)
        below.addWidget(self.history, 1)
        self.pages.addTab(first, self.tr("History"))
        self.pages.addTab(self.review, self.tr("Review"))
        layout.addWidget(self.pages, 1)
        self.foot = QLabel()
        self.foot.setObjectName("geosegFoot")
        self.foot.setWordWrap(True)
        self.foot.setTextFormat(Qt.TextFormat.RichText)
        layout.addWidget(self.foot)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        body.setMinimumWidth(230)
        scroll.setMinimumWidth(260)
        self.setWidget(scroll)

    def _buttons(self) -> QHBoxLayout:
        self.run = QPushButton(self.tr("Run"))
        self.run.setObjectName("geosegRun")
        self.run.setDefault(True)
        bold = self.run.font()
        bold.setBold(True)  # themes draw a default button like any other
        self.run.setFont(bold)
        self.preview_button = QPushButton(self.tr("Preview"))
        self.preview_button.setObjectName("geosegPreview")
        self.pause = QPushButton(self.tr("Pause"))
        self.pause.setObjectName("geosegPause")
        self.pause.setCheckable(True)
        self.pause.setVisible(False)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setObjectName("geosegStop")
        self.stop.setVisible(False)
        row = QHBoxLayout()
        for button in (self.run, self.preview_button, self.pause, self.stop):
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.run.clicked.connect(self.start)
        self.stop.clicked.connect(self._stop)
        self.pause.toggled.connect(self._pause)
        self.preview_button.clicked.connect(self.show_preview)
        self.form.submitted.connect(self.start)
        self.form.changed.connect(self._estimate)
        self.runner.said.connect(self._heard)
        self.runner.exporting.connect(self._exporting)
        self.runner.failed.connect(self._failed)
        self.runner.done.connect(self._done)
        self.preview.failed.connect(lambda event: self.complain(event, self.show_preview))
        self.review.failed.connect(lambda event: self.complain(event, self.review.refine))
        self.history.wanted.connect(self._open)
        self.history.again.connect(lambda entry: self._again(job_of(entry)))
        self.foot.linkActivated.connect(lambda _: self.open_setup())

    def _stop(self) -> None:
        self._say(self.tr("Stopping…"))
        self.stop.setEnabled(False)
        self.runner.stop()

    def _pause(self, paused: bool) -> None:
        self.runner.pause(paused)
        self.pause.setText(self.tr("Go on") if paused else self.tr("Pause"))

    def _again(self, job) -> None:
        self.notices.clear()
        self.runner.repeat(job)
        self._show_state()

    def _heard(self, event: Event) -> None:
        if event.name == "stage":
            self._progress.clear()
            self.bar.setRange(0, 0)
            self._say(words.stage(event))
        elif event.name == "progress":
            self._progress.take(event)
            self._show_progress()
        elif event.name == "log":
            warning = event.get("level") == "warning"
            (self.notices.warn if warning else self.notices.log)(event.get("message", ""))

    def _show_progress(self) -> None:
        percent = self._progress.percent
        if percent is None:
            self.bar.setRange(0, 0)
            return
        self.bar.setRange(0, 100)
        self.bar.setValue(int(percent))
        if self._progress.eta is not None:
            left = words.duration(self._progress.eta)
            self._say(self.tr("Looking… about {} left").format(left))

    def _exporting(self, percent: float) -> None:
        self.bar.setRange(0, 100)
        self.bar.setValue(int(percent))
        self._say(self.tr("Saving the picture of the layer…"))

    def _failed(self, event: Event) -> None:
        self._show_state()
        self.complain(event)

    def _done(self, event: Event, layers: list) -> None:
        self._show_state()
        self.history.refresh()
        count = sum(layer["features"] for layer in event.get("layers", []))
        several = self.tr("{} polygons in {} layers").format(count, len(layers))
        text = several if len(layers) != 1 else self.tr("{} polygons").format(count)
        self._say(text)
        self.notices.good(text)
        for warning in event.get("warnings", []):
            self.notices.warn(warning)
        failed = event.get("failed", [])
        if failed:
            holes = self.tr("{} tiles could not be looked at: holes in the result.")
            self.notices.warn(holes.format(len(failed)), stays=True)
        if layers:
            self._iface.setActiveLayer(layers[0])
            self.review.show_layer(layers[0])
            self.pages.setCurrentWidget(self.review)

    def _open(self, entry: dict) -> None:
        """Show a result of the history: zoom to it, or add it again."""
        output = entry.get("output", "")
        for layer in QgsProject.instance().mapLayers().values():
            if layer.customProperty(results.PATH_PROPERTY) == output:
                break
        else:
            if not Path(output).is_file():
                self.complain(failure("no_result", output))
                return
            event = Event("result", {"output": output, "layers": entry.get("layers", [])})
            job = job_of(entry)
            layer = results.load(event, job.scene, job.ledger, self.tr("polygons"))[0]
        self._iface.setActiveLayer(layer)
        QTimer.singleShot(0, self._iface.zoomToActiveLayer)
        self.review.show_layer(layer)

    def _show_state(self) -> None:
        busy = self.runner.busy
        self.run.setVisible(not busy)
        self.preview_button.setVisible(not busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(True)
        self.pause.setVisible(busy)
        self.pause.setChecked(False)
        self.bar.setVisible(busy)
        if busy:
            self.bar.setRange(0, 0)

    def _show_python(self) -> None:
        python = settings.get("python")
        if python and Path(python).is_file():
            shown = settings.get("python_says") or f"Python: {Path(python).parent.parent.name}"
            text = f"{shown} · {self.form.device.currentText()}"
        else:
            text = words.tr(FAULTS["not_set_up"].sentence)
        change = self.tr("change")
        self.foot.setText(f'{text} – <a href="#setup">{change}</a>')
        self.foot.setToolTip(python)

    def _estimate(self) -> None:
        """Before a run: how much will be read."""
        if not self.runner.busy:
            self._say(self.form.estimate())

    def _say(self, text: str) -> None:
        self.status.setText(text)
