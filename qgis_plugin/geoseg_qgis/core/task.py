"""Work beside the main thread: thin wrappers that hand events to it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..compat import QUIET_TASK
from .process import Run
from .protocol import Event, Progress, failure
from .review import add_column
from .source import Export, SourceError, write


class ChildTask(QgsTask):
    """A run of geoseg. `spoke` carries its events, `ended` the last one, exactly once."""

    spoke = pyqtSignal(object)
    ended = pyqtSignal(object)

    def __init__(self, title: str, run: Run) -> None:
        super().__init__(title, QUIET_TASK)
        self.child = run
        self._last: Event | None = None
        self._told = False
        self.taskTerminated.connect(self._tell)

    def run(self) -> bool:
        """In a worker thread: listen to the child."""
        progress = Progress()
        for event in self.child.events(self.isCanceled):
            if event.last:
                self._last = event
                if event.name == "result":
                    self._make_room(event)
                break
            if event.name == "stage":
                progress.clear()
            elif event.name == "progress":
                progress.take(event)
                if progress.percent is not None:
                    self.setProgress(progress.percent)
            self.spoke.emit(event)
        return self._last is not None and self._last.name == "result"

    def _make_room(self, event: Event) -> None:
        """For decisions about polygons: here, since the main thread must not wait for a disk."""
        tables = [layer["table"] for layer in event.get("layers", [])]
        with contextlib.suppress(sqlite3.Error):  # polygons matter more than room for decisions
            add_column(event.get("output", ""), tables)

    def finished(self, _result: bool) -> None:
        """In the main thread, where the project may be touched."""
        self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.ended.emit(self._last or failure("cancelled"))


class ExportTask(QgsTask):
    """Writes a layer that is no file as a picture. `ended` carries its empty share or an error."""

    ended = pyqtSignal(object)

    def __init__(self, title: str, export: Export) -> None:
        super().__init__(title, QUIET_TASK)
        self._export = export
        self._outcome: float | Event = failure("cancelled")
        self._told = False
        self.taskTerminated.connect(self._tell)

    def run(self) -> bool:
        """In a worker thread: read and write."""
        try:
            self._outcome = write(self._export, self.setProgress, self.isCanceled)
        except SourceError as error:
            self._outcome = failure(error.code, str(error))
        return isinstance(self._outcome, float)

    def finished(self, _result: bool) -> None:
        """In the main thread."""
        self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.ended.emit(self._outcome)


class CallTask(QgsTask):
    """A function that takes too long for the main thread. `ended` carries what it gave.

    It is called with `said(text)` and `stopped()`; an exception arrives as its value.
    """

    said = pyqtSignal(str)
    ended = pyqtSignal(object)

    def __init__(self, title: str, work: Callable[..., Any]) -> None:
        super().__init__(title, QUIET_TASK)
        self._work = work
        self._outcome: Any = None
        self._told = False
        self.taskTerminated.connect(self._tell)

    def run(self) -> bool:
        """In a worker thread."""
        try:
            self._outcome = self._work(self.said.emit, self.isCanceled)
        except Exception as error:
            self._outcome = error
        return not isinstance(self._outcome, Exception)

    def finished(self, _result: bool) -> None:
        """In the main thread."""
        self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.ended.emit(self._outcome)
