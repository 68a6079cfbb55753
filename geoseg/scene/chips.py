"""Chips: the pixels at tiles, rendered, read ahead of the engine by one thread.

A row of tiles is read as one band of rows, and the next row of tiles keeps the rows it shares
with it, so a block is decoded once however much the windows overlap.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from geoseg.grid import Window
from geoseg.rendering import Rendering
from geoseg.scene.description import Scene
from geoseg.scene.reading import Planes, Reader
from geoseg.tiling import Tile

AHEAD = 4
"""Chips that wait for the engine, about 4 MB each."""

BAND_BYTES = 160 * 2**20
"""Largest band of rows that is held; wider scenes are read in several pieces a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """The pixels at a tile, as the model sees them."""

    tile: Tile

    rgb: NDArray[np.uint8]
    """(3, H, W) of the tile's window, grey 128 where not valid."""

    valid: NDArray[np.bool_]
    """(H, W), where the scene holds data."""


def read_chips(
    scene: Scene, tiles: Iterable[Tile], rendering: Rendering, *, ahead: int = AHEAD
) -> Generator[Chip, None, None]:
    """Read each tile once, in the order given, at most `ahead` chips before they are taken.

    Chips without a single valid pixel are yielded too. Closing the generator ends its thread and
    closes the scene. Raises SceneError when a block cannot be decoded.
    """
    box: queue.Queue[Chip | BaseException | None] = queue.Queue(max(1, ahead))
    closed = threading.Event()

    def offer(item: Chip | BaseException | None) -> bool:
        while not closed.is_set():
            try:
                box.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for chip in _chips(scene, tuple(tiles), rendering):
                if not offer(chip):
                    return
            offer(None)
        except BaseException as error:
            # Whatever happens in this thread is raised where its chips are awaited.
            offer(error)

    thread = threading.Thread(target=produce, name="geoseg-read-ahead", daemon=True)
    thread.start()
    try:
        while (item := box.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        closed.set()
        thread.join()


def _chips(scene: Scene, tiles: tuple[Tile, ...], rendering: Rendering) -> Iterator[Chip]:
    with Reader(scene, rendering.bands) as reader:
        band = _RowBand(reader)
        by_row = groupby(tiles, key=lambda tile: (tile.window.row_off, tile.window.height))
        for _, row in by_row:
            for run in _runs(row, BAND_BYTES // reader.pixel_bytes):
                whole = _around(run)
                planes = band.read(whole)
                for tile in run:
                    yield _chip(reader, tile, _cut(planes, tile.window, whole), rendering)
                # Otherwise the old band would live on while room for a wider one is made.
                del planes


def _chip(reader: Reader, tile: Tile, planes: Planes, rendering: Rendering) -> Chip:
    valid = reader.valid(planes)
    return Chip(tile, rendering.render(reader.show(planes), valid), valid)


def _cut(planes: Planes, window: Window, origin: Window) -> Planes:
    row, col = window.row_off - origin.row_off, window.col_off - origin.col_off
    return planes.part(slice(row, row + window.height), slice(col, col + window.width))


def _runs(row: Iterable[Tile], most_pixels: int) -> list[list[Tile]]:
    """Cut a row of tiles where a gap need not be read, and where a band would grow too large."""
    runs: list[list[Tile]] = []
    for tile in row:
        window = tile.window
        last = runs[-1] if runs else None
        joins = (
            last is not None
            and last[-1].window.col_off <= window.col_off <= last[-1].window.col_end
            and (window.col_end - last[0].window.col_off) * window.height <= most_pixels
        )
        if joins and last is not None:
            last.append(tile)
        else:
            runs.append([tile])
    return runs


def _around(run: list[Tile]) -> Window:
    first, last = run[0].window, run[-1].window
    return Window(first.col_off, first.row_off, last.col_end - first.col_off, first.height)


class _RowBand:
    """The rows of one row of tiles; shared rows stay when the band moves down."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._held: Window | None = None
        self._room: Planes | None = None

    def read(self, window: Window) -> Planes:
        """Read what of the window is not held yet. The view is good until the next call."""
        kept = self._shift(window)
        if self._room is None:
            self._room = self._reader.allocate(window.height, window.width)
        whole = self._room.part(slice(0, window.height), slice(0, window.width))
        # Rows of a read that fails must not pass for rows that are held.
        self._held = None
        if kept < window.height:
            rest = replace(window, row_off=window.row_off + kept, height=window.height - kept)
            self._reader.read(rest, whole.part(slice(kept, None), slice(None)))
        self._held = window
        return whole

    def _shift(self, window: Window) -> int:
        """Move rows that the new window shares to its top; how many there are."""
        held, room = self._held, self._room
        if held is None or room is None:
            return 0
        fits = held.width == window.width and window.height <= room.pixels.shape[1]
        if not fits:
            self._room = None
            return 0
        start = window.row_off - held.row_off
        shared = min(held.row_end, window.row_end) - window.row_off
        if held.col_off != window.col_off or start < 0 or shared <= 0:
            return 0
        for array in (room.pixels, room.mask):
            if array is not None:
                array[..., :shared, :] = array[..., start : start + shared, :]
        return shared
