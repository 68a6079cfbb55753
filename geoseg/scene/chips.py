"""Chips: the pixels at tiles, rendered, read ahead of the engine."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.errors import SceneError
from geoseg.rendering import Rendering
from geoseg.scene.cells import read_tiles
from geoseg.scene.description import Scene
from geoseg.scene.environment import is_remote
from geoseg.scene.planes import Layout
from geoseg.tiling import Tile

AHEAD = 4
"""Chips that wait for the engine, about 4 MB each."""

_PATIENCE = 4
"""Unreadable tiles in a row, each tried for half a minute, after which a server counts as gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """The pixels at a tile, as the model sees them."""

    tile: Tile

    rgb: NDArray[np.uint8]
    """(3, H, W) of the tile's window, grey 128 where not valid."""

    valid: NDArray[np.bool_]
    """(H, W), where the scene holds data."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A tile of whose pixels some cannot be decoded: nobody can look there."""

    tile: Tile

    reason: str
    """Where, and what the decoder said."""


def read_chips(
    scene: Scene, tiles: Iterable[Tile], rendering: Rendering, *, ahead: int = AHEAD
) -> Generator[Chip | Unreadable, None, None]:
    """Read each tile once, at most `ahead` chips before they are taken.

    Tiles come row by row; in a very wide scene, row by row of one stripe of columns after the
    other. Chips without a single valid pixel are yielded too, and a tile with a block that cannot
    be decoded as Unreadable. Closing the generator ends its threads and closes the scene.

    Raises SceneError when the scene cannot be opened, or when its server does not answer any more.
    """
    box: queue.Queue[Chip | Unreadable | BaseException | None] = queue.Queue(max(1, ahead))
    closed = threading.Event()

    def offer(item: Chip | Unreadable | BaseException | None) -> bool:
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


def _chips(
    scene: Scene, tiles: tuple[Tile, ...], rendering: Rendering
) -> Iterator[Chip | Unreadable]:
    layout = Layout(scene, rendering.bands)
    missed = 0
    for tile, got in read_tiles(scene, rendering.bands, tiles):
        if isinstance(got, SceneError):
            missed += 1
            if missed >= _PATIENCE and is_remote(scene.opens):
                raise SceneError(
                    f"The scene {scene.path} does not answer any more: {missed} windows in a row "
                    f"could not be read. The last: {got.message}",
                    hint="What is done is kept; give the same command again when it is back.",
                )
            yield Unreadable(tile, got.message)
            continue
        missed = 0
        valid = layout.valid(got)
        yield Chip(tile, rendering.render(layout.show(got), valid), valid)
