"""Pixels of many windows, each block decoded once: cells, a schedule, and threads.

A cell is a rectangle of whole blocks. It is decoded ahead of the first window that needs it, by one
of several threads with a handle each, and forgotten after the last one. Windows come row by row, so
what is held is about the rows that one row of windows shares with the next. Where those would take
too much, the scene is read in stripes of columns from top to bottom, one after the other.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene.description import Scene
from geoseg.scene.environment import is_remote
from geoseg.scene.planes import Layout, Planes
from geoseg.scene.reading import Reader
from geoseg.tiling import Tile

HELD_BYTES = 64 * 2**20
"""Decoded pixels that wait for the next row of windows, at most."""

HELD_BYTES_STRIPS = 128 * 2**20
"""The same for files of strips: there each further stripe of columns decodes every strip again."""

_SIDE = 512
"""Least columns of a cell: calls cost too."""

_ROWS = 64
"""Least rows of a cell of strips."""

_LARGEST = 2048
"""Most rows and columns of a cell; larger blocks are cut, and GDAL's cache joins them."""

_LOOK = 3
"""Windows whose cells are decoded ahead."""

_THREADS = 4
_THREADS_REMOTE = 8

Cell = tuple[int, int]
"""Row and column in the lattice."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """How a scene, or a stripe of it, is cut into cells."""

    bounds: Window
    """Pixels that there are."""

    rows: int
    cols: int
    """Pixels of a cell; those at the edges of the bounds are cut."""

    def over(self, window: Window) -> list[Cell]:
        """The cells that hold pixels of a window."""
        left, right = window.col_off - self.bounds.col_off, window.col_end - self.bounds.col_off
        return [
            (row, col)
            for row in range(window.row_off // self.rows, -(-window.row_end // self.rows))
            for col in range(left // self.cols, -(-right // self.cols))
        ]

    def window(self, cell: Cell) -> Window:
        """The pixels of a cell."""
        row, col = cell[0] * self.rows, self.bounds.col_off + cell[1] * self.cols
        width = min(self.cols, self.bounds.col_end - col)
        return Window(col, row, width, min(self.rows, self.bounds.row_end - row))


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A cell's pixels, and the blocks among them that could not be decoded."""

    window: Window
    planes: Planes
    faults: tuple[tuple[Window, SceneError], ...] = ()


def read_tiles(
    scene: Scene, bands: Sequence[int], tiles: Sequence[Tile]
) -> Iterator[tuple[Tile, Planes | SceneError]]:
    """Read the window of each tile, or tell why a block of it cannot be decoded.

    Order: stripe by stripe, which is one unless the scene is very wide, and there row by row.
    Raises SceneError when the scene cannot be opened any more.
    """
    with _Workers(scene, bands) as workers:
        for stripe in stripes(scene, Layout(scene, tuple(bands)).pixel_bytes, tiles):
            yield from _read_stripe(workers, lattice(scene, stripe), stripe)


def _read_stripe(
    workers: _Workers, cells: Lattice, tiles: Sequence[Tile]
) -> Iterator[tuple[Tile, Planes | SceneError]]:
    uses = Counter(cell for tile in tiles for cell in cells.over(tile.window))
    held: dict[Cell, Future[Piece]] = {}
    for place, tile in enumerate(tiles):
        for coming in tiles[place : place + 1 + _LOOK]:
            for cell in cells.over(coming.window):
                if cell not in held:
                    held[cell] = workers.submit(cells.window(cell))
        planes = workers.layout.allocate(tile.window.height, tile.window.width)
        fault = None
        for cell in cells.over(tile.window):
            piece = held[cell].result()
            fault = fault or _put(piece, tile.window, planes)
            uses[cell] -= 1
            if not uses[cell]:
                del held[cell]
        yield tile, fault or planes


def _put(piece: Piece, window: Window, planes: Planes) -> SceneError | None:
    """Copy what a window shares with a piece; or the reason why some of it is missing."""
    for where, error in piece.faults:
        if where.intersection(window):
            return error
    shared = piece.window.intersection(window)
    if shared is not None:
        planes.part(*_slices(shared, window)).paste(
            piece.planes.part(*_slices(shared, piece.window))
        )
    return None


def _slices(window: Window, origin: Window) -> tuple[slice, slice]:
    row, col = window.row_off - origin.row_off, window.col_off - origin.col_off
    return slice(row, row + window.height), slice(col, col + window.width)


def lattice(scene: Scene, tiles: Sequence[Tile]) -> Lattice:
    """Cut the ground under the tiles into cells of whole blocks."""
    rows, cols = scene.block
    grid = scene.grid
    if not _in_strips(scene):
        bounds = grid.window
        return Lattice(bounds, _multiple(rows, _SIDE), _multiple(cols, _SIDE))
    left, right = 0, grid.width
    if not scene.resampled:
        # A pixel's value must not hang on which tiles are open, so resampled cells keep their
        # place; others need not hold what nobody asks for.
        left = min(tile.window.col_off for tile in tiles)
        right = max(tile.window.col_end for tile in tiles)
    return Lattice(Window(left, 0, right - left, grid.height), _multiple(rows, _ROWS), right - left)


def _in_strips(scene: Scene) -> bool:
    """Whether blocks reach across the whole scene, so that only rows can be told apart."""
    return scene.block[1] >= scene.grid.width


def _multiple(block: int, least: int) -> int:
    """Whole blocks that measure at least so many pixels."""
    return min(block * -(-least // block), max(_LARGEST, least))


def stripes(scene: Scene, pixel_bytes: int, tiles: Sequence[Tile]) -> list[list[Tile]]:
    """Put tiles in an order that holds few pixels: columns that fit the bound, row by row."""
    if not tiles:
        return []
    cell = lattice(scene, tiles).rows
    spans = sorted({(tile.window.row_off, tile.window.row_end) for tile in tiles})
    shared = [
        -(-end // cell) * cell - start // cell * cell
        for (_, end), (start, _) in pairwise(spans)
        if end > start // cell * cell
    ]
    bound = HELD_BYTES_STRIPS if _in_strips(scene) else HELD_BYTES
    most = bound // (max(shared, default=1) * pixel_bytes)
    stripe_of: dict[int, int] = {}
    first, stripe = None, 0
    for start, end in sorted({(tile.window.col_off, tile.window.col_end) for tile in tiles}):
        if first is None:
            first = start
        elif end - first > most:
            first, stripe = start, stripe + 1
        stripe_of[start] = stripe
    ordered: list[list[Tile]] = [[] for _ in range(stripe + 1)]
    for tile in sorted(tiles, key=lambda tile: (tile.window.row_off, tile.window.col_off)):
        ordered[stripe_of[tile.window.col_off]].append(tile)
    return ordered


class _Workers:
    """Threads that decode cells, each with a handle of its own."""

    def __init__(self, scene: Scene, bands: Sequence[int]) -> None:
        self.layout = Layout(scene, tuple(bands))
        self._jobs: SimpleQueue[tuple[Window, Future[Piece]] | None] = SimpleQueue()
        count = _THREADS_REMOTE if is_remote(scene.opens) else min(_THREADS, _processors())
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
        # Nobody awaits what is left: it is taken away, so that threads find only their end.
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, window: Window) -> Future[Piece]:
        """Have a cell decoded."""
        future: Future[Piece] = Future()
        self._jobs.put((window, future))
        return future

    def _work(self) -> None:
        try:
            with Reader(self.layout.scene, self.layout.bands) as reader:
                while (job := self._jobs.get()) is not None:
                    window, future = job
                    try:
                        future.set_result(read_piece(reader, window))
                    except BaseException as error:
                        # Whatever happens in this thread is raised where the cell is awaited.
                        future.set_exception(error)
        except BaseException as error:
            while (job := self._jobs.get()) is not None:
                job[1].set_exception(error)


def read_piece(reader: Reader, window: Window) -> Piece:
    """Read a cell; when some of it cannot be decoded, block by block, to save the others."""
    planes = reader.layout.allocate(window.height, window.width)
    try:
        return Piece(window, reader.read(window, planes))
    except SceneError as error:
        rows, cols = reader.scene.block
        if rows >= window.height and cols >= window.width:
            return Piece(window, planes, ((window, error),))
    faults = []
    for row in range(window.row_off, window.row_end, rows):
        for col in range(window.col_off, window.col_end, cols):
            block = window.intersection(Window(col, row, cols, rows))
            if block is None:
                continue
            part = planes.part(*_slices(block, window))
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
