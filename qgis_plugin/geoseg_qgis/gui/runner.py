"""A run from click to layers: a file for the child, the child, what it says, what it leaves."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core import results, settings, source
from ..core.command import Job, run_command, shell_line
from ..core.envs import sandboxed
from ..core.faults import FAULTS
from ..core.process import Run, clean_env
from ..core.protocol import Event, failure
from ..core.task import ChildTask, ExportTask
from .live import LiveLayers

EXPORTS = "pictures"
"""Folder beside the results for pictures of layers that are no files."""


class Runner(QObject):
    """One run at a time; everything here happens in the main thread."""

    said = pyqtSignal(object)
    """An event of the child, as it comes."""

    exporting = pyqtSignal(float)
    """How far a layer that is no file has been written, in percent."""

    failed = pyqtSignal(object)
    done = pyqtSignal(object, list)
    """The `result`, and the layers that were added."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.task: ChildTask | ExportTask | None = None
        self.job: Job | None = None
        self.last_words = ""
        self._project_left = False
        self._ended_well = False
        self._live = LiveLayers()
        QgsProject.instance().cleared.connect(self._leave_project)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self.task is not None

    def start(self, layer, instructions: tuple[str, ...], form) -> None:
        """Run with what the form says; whatever is wrong arrives as `failed`."""
        problem = self.problem(layer, instructions)
        if problem:
            self.failed.emit(failure(problem))
            return
        try:
            output = form.output.filePath() or new_output(instructions)
            direct = source.direct(layer)
            options = {**form.options(), **form.area.options(layer)}
            job = Job("", instructions, output, options)
            if direct is not None:
                self._run(replace(job, scene=direct.path, options={**options, **direct.options}))
            else:
                self._export(layer, job, form)
        except source.SourceError as error:
            self.failed.emit(failure(error.code, str(error)))
        except OSError as error:
            self.failed.emit(failure("permission", str(error)))

    def repeat(self, job: Job) -> None:
        """The same run again: it goes on where it was."""
        if self.busy:
            self.failed.emit(failure("busy"))
        elif not Path(settings.get("python")).is_file():
            self.failed.emit(failure("not_set_up"))
        else:
            self._run(job)

    def stop(self) -> None:
        """Ask what is under way to end; what is finished is kept."""
        if self.task is not None and not self._ended_well:
            self.task.cancel()

    def pause(self, paused: bool) -> None:
        """Let the child rest after the tiles at hand, or go on."""
        if isinstance(self.task, ChildTask):
            self.task.child.pause(paused)

    def close(self) -> None:
        """The plugin is unloaded or QGIS ends."""
        QgsProject.instance().cleared.disconnect(self._leave_project)
        self._project_left = True
        self.stop()

    def problem(self, layer, instructions: tuple[str, ...]) -> str:
        """A code of `faults` for why nothing can be asked now, or nothing."""
        if self.busy:
            return "busy"
        if layer is None:
            return "no_layer"
        if not instructions:
            return "no_words"
        python = settings.get("python")
        if not python:
            return "sandbox" if sandboxed() else "not_set_up"
        return "" if Path(python).is_file() else "start"

    def _export(self, layer, job: Job, form) -> None:
        """Write the layer as a picture first: all of what the area says, or of the view."""
        extent = form.area.extent(layer)
        if extent is None:
            extent = layer.extent()
        folder = Path(job.output).parent / EXPORTS
        folder.mkdir(parents=True, exist_ok=True)
        path = str(folder / f"{Path(job.output).stem}.tif")
        planned = source.prepare(layer, extent, layer.crs(), form.export_pixel(), path)
        task = ExportTask(self.tr("Saving the picture of the layer"), planned)
        options = {key: job.options[key] for key in job.options if not key.startswith("bounds")}
        ready = replace(job, scene=path, options=options)
        task.progressChanged.connect(self.exporting.emit)
        task.ended.connect(lambda outcome: self._exported(outcome, ready))
        self._begin(task)

    def _exported(self, outcome: float | Event, job: Job) -> None:
        self.task = None
        if isinstance(outcome, Event):
            self.failed.emit(outcome)
            return
        if outcome > source.EMPTY_WARNS:
            text = self.tr("{} % of the picture is empty: some tiles may not have loaded.")
            self.said.emit(
                Event("log", {"level": "warning", "message": text.format(round(100 * outcome))})
            )
        self._run(job)

    def _run(self, job: Job) -> None:
        self.job = job
        Path(job.output).parent.mkdir(parents=True, exist_ok=True)
        self._live.begin(job)
        folder = tempfile.mkdtemp(prefix="geoseg-")
        partial = str(Path(folder, "so_far.gpkg"))
        asked = replace(job, options={**job.options, "partial": partial})
        command = run_command(settings.get("python"), asked, folder)
        env = clean_env(dict(os.environ), settings.proxy())
        run = Run(command, env, settings.data_folder_made())
        task = ChildTask("GeoSeg", run)
        task.spoke.connect(self._heard)
        task.ended.connect(lambda event: self._ended(event, job))
        self._begin(task)

    def _begin(self, task) -> None:
        # held here: a task that only the task manager holds can vanish before it has ended
        self.task = task
        self._project_left = self._ended_well = False
        QgsApplication.taskManager().addTask(task)

    def _heard(self, event: Event) -> None:
        if event.name == "partial" and not self._project_left:
            self._live.show(event)
        self.said.emit(event)

    def _ended(self, event: Event, job: Job) -> None:
        self.last_words = self.task.child.stderr if isinstance(self.task, ChildTask) else ""
        self._live.end()
        if event.name != "result":
            self.task = None
            self.failed.emit(event)
            return
        self._remember(event, job)
        asked = event.get("tiles", 0) * len(job.instructions)
        if asked:
            settings.put("tile_seconds", event.get("seconds", 0.0) / asked)
        self._ended_well = True
        entries = list(event.get("layers", []))
        QTimer.singleShot(0, lambda: self._load(event, job, entries, []))

    def _load(self, event: Event, job: Job, entries: list[dict[str, Any]], layers: list) -> None:
        """Add one layer, and the next when QGIS has drawn breath."""
        if entries and not self._project_left:
            try:
                path, word = event.get("output", ""), self.tr("polygons")
                layers.insert(0, results.add(entries.pop(), path, job.scene, job.ledger, word))
            except ValueError as error:
                self.task = None
                self.failed.emit(failure("no_result", str(error)))
                return
            QTimer.singleShot(0, lambda: self._load(event, job, entries, layers))
            return
        self.task = None
        if self._project_left:
            self.failed.emit(failure("project_closed", event.get("output", "")))
        else:
            self.done.emit(event, layers)

    def _remember(self, event: Event, job: Job) -> None:
        settings.add_history(
            {
                "instructions": list(job.instructions),
                "output": job.output,
                "scene": job.scene,
                "options": job.options,
                "features": sum(layer["features"] for layer in event.get("layers", [])),
                "seconds": event.get("seconds", 0),
                "layers": event.get("layers", []),
                "time": time.time(),
                "command": shell_line(job),
            }
        )

    def _leave_project(self) -> None:
        """Another project is open now: nothing of this run belongs into it unasked."""
        if self.busy:
            self._project_left = True
            self._live.forget()


def new_output(instructions: tuple[str, ...]) -> str:
    """A file of its own for this run."""
    from ..core.command import output_path

    return output_path(settings.output_folder(), instructions[0])


def job_of(entry: dict[str, Any]) -> Job:
    """The run that an entry of the history tells of."""
    return Job(
        entry["scene"], tuple(entry["instructions"]), entry["output"], entry.get("options", {})
    )


def action_of(event: Event) -> str:
    """What the plugin offers after a fault."""
    fault = FAULTS.get(event.get("code", ""))
    return fault.action if fault else ""
