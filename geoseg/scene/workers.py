"""Threads that decode cells of a scene, each with a handle of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene.description import Scene
from geoseg.scene.environment import is_remote
from geoseg.scene.planes import Layout, Planes
from geoseg.scene.reading import Reader

_THREADS = 4
_THREADS_REMOTE = 8

_WAITS_REMOTE = (1, 5, 20)
"""Seconds after which a server is asked again for a cell: networks come back."""

_LEAVE = 5
"""Seconds that leaving waits for a thread that a silent server holds; it ends by itself later."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A cell's pixels, and the blocks among them that could not be decoded."""

    window: Window
    planes: Planes
    faults: tuple[tuple[Window, SceneError], ...] = ()


class Workers:
    """Threads that decode cells, each with a handle of its own."""

    def __init__(self, scene: Scene, bands: Sequence[int]) -> None:
        self.layout = Layout(scene, tuple(bands))
        self._jobs: SimpleQueue[tuple[Window, Future[Piece]] | None] = SimpleQueue()
        self._closed = Event()
        self._spare: SimpleQueue[Planes] = SimpleQueue()
        self._remote = is_remote(scene.opens)
        count = _THREADS_REMOTE if self._remote else min(_THREADS, _processors())
        self._threads = [
            Thread(target=self._work, name=f"geoseg-read-{number}", daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        # Nobody awaits what is left: it is taken away, so that threads find only their end.
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(_LEAVE)

    def submit(self, window: Window) -> Future[Piece]:
        """Have a cell decoded."""
        future: Future[Piece] = Future()
        self._jobs.put((window, future))
        return future

    def done_with(self, piece: Piece) -> None:
        """Give a piece back whose pixels nobody needs any more: the next one takes its room.

        Room fresh from the system is cleared first, page by page, which costs as much as to copy
        pixels into it.
        """
        self._spare.put(piece.planes)

    def _room(self, window: Window) -> Planes:
        try:
            planes = self._spare.get_nowait()
        except Empty:
            return self.layout.allocate(window.height, window.width)
        if planes.pixels.shape[1:] == (window.height, window.width):
            return planes
        return self._room(window)

    def _work(self) -> None:
        try:
            with Reader(self.layout.scene, self.layout.bands) as reader:
                while (job := self._jobs.get()) is not None:
                    window, future = job
                    try:
                        future.set_result(self._read(reader, window))
                    except BaseException as error:
                        # Whatever happens in this thread is raised where the cell is awaited.
                        future.set_exception(error)
        except BaseException as error:
            while (job := self._jobs.get()) is not None:
                job[1].set_exception(error)

    def _read(self, reader: Reader, window: Window) -> Piece:
        piece = read_piece(reader, window, self._room(window))
        for seconds in _WAITS_REMOTE if self._remote else ():
            if not piece.faults or self._closed.wait(seconds):
                break
            piece = read_piece(reader, window, piece.planes)
        return piece


def read_piece(reader: Reader, window: Window, planes: Planes) -> Piece:
    """Read a cell into planes of its size; when some of it cannot be decoded, block by block, to
    save the others."""
    try:
        return Piece(window, reader.read(window, planes))
    except SceneError as error:
        rows, cols = reader.scene.block
        # A server that fails would be asked for every block, and fail each time.
        single = rows >= window.height and cols >= window.width
        if single or is_remote(reader.scene.opens):
            return Piece(window, planes, ((window, error),))
    faults = []
    for row in range(window.row_off, window.row_end, rows):
        for col in range(window.col_off, window.col_end, cols):
            block = window.intersection(Window(col, row, cols, rows))
            if block is None:
                continue
            part = planes.part(*slices(block, window))
            try:
                reader.read(block, part)
            except SceneError as error:
                faults.append((block, error))
    return Piece(window, planes, tuple(faults))


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def slices(window: Window, origin: Window) -> tuple[slice, slice]:
    """Where a window lies in the pixels of another one that holds it."""
    row, col = window.row_off - origin.row_off, window.col_off - origin.col_off
    return slice(row, row + window.height), slice(col, col + window.width)
