"""Pixels of many windows, each block decoded once: cells, and a schedule.

A cell is a rectangle of whole blocks. It is decoded ahead of the first window that needs it, by one
of several threads, and forgotten after the last one. Windows come row by row, so
what is held is about the rows that one row of windows shares with the next. Where those would take
too much, the scene is read in stripes of columns from top to bottom, one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene.description import Scene
from geoseg.scene.planes import Layout, Planes
from geoseg.scene.workers import Piece, Workers, slices
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


def read_tiles(
    scene: Scene, bands: Sequence[int], tiles: Sequence[Tile]
) -> Iterator[tuple[Tile, Planes | SceneError]]:
    """Read the window of each tile, or tell why a block of it cannot be decoded.

    Order: stripe by stripe, which is one unless the scene is very wide, and there row by row.
    Raises SceneError when the scene cannot be opened any more.
    """
    with Workers(scene, bands) as workers:
        for stripe in stripes(scene, Layout(scene, tuple(bands)).pixel_bytes, tiles):
            yield from _read_stripe(workers, lattice(scene, stripe), stripe)


def _read_stripe(
    workers: Workers, cells: Lattice, tiles: Sequence[Tile]
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
                workers.done_with(piece)
        yield tile, fault or planes


def _put(piece: Piece, window: Window, planes: Planes) -> SceneError | None:
    """Copy what a window shares with a piece; or the reason why some of it is missing."""
    for where, error in piece.faults:
        if where.intersection(window):
            return error
    shared = piece.window.intersection(window)
    if shared is not None:
        planes.part(*slices(shared, window)).paste(piece.planes.part(*slices(shared, piece.window)))
    return None


def lattice(scene: Scene, tiles: Sequence[Tile]) -> Lattice:
    """Cut the ground under the tiles into cells of whole blocks."""
    rows, cols = scene.block
    grid = scene.grid
    if not _in_strips(scene):
        return Lattice(grid.window, *_cell(rows, cols))
    left, right = 0, grid.width
    if not scene.resampled:
        # A pixel's value must not hang on which tiles are open, so resampled cells keep their
        # place; others need not hold what nobody asks for.
        left = min(tile.window.col_off for tile in tiles)
        right = max(tile.window.col_end for tile in tiles)
    height = min(_multiple(rows, _ROWS), _LARGEST)
    return Lattice(Window(left, 0, right - left, grid.height), height, right - left)


def _in_strips(scene: Scene) -> bool:
    """Whether blocks reach across the whole scene, so that only rows can be told apart."""
    return scene.block[1] >= scene.grid.width


def _cell(rows: int, cols: int) -> tuple[int, int]:
    """Whole blocks, about square where blocks are."""
    if rows * cols > _LARGEST**2:
        return min(rows, _LARGEST), min(cols, _LARGEST)
    width = _multiple(cols, _SIDE)
    return _multiple(rows, _SIDE if width <= _LARGEST else _ROWS), width


def _multiple(block: int, least: int) -> int:
    """Whole blocks that measure at least so many pixels."""
    return block * -(-least // block)


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
