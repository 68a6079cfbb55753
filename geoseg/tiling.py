"""Tiles: windows that see and cores that own, spread evenly over a scene."""

from __future__ import annotations

from dataclasses import dataclass

from geoseg.errors import TilingError
from geoseg.grid import Window

WINDOW = 1024
"""Pixels a side that the model sees at once."""

OVERLAP = 256
"""Least pixels that neighbouring windows share."""

STRIDE = 4
"""Pixels a side per mask logit."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on the grid: what the model sees there, and what it owns."""

    index: int
    """Position in the plan, row by row from the top left."""

    window: Window
    """Pixels the model sees, overlap included."""

    core: Window
    """Pixels this tile alone owns. Cores partition the grid."""

    def __post_init__(self) -> None:
        if not self.window.contains(self.core):
            raise TilingError(f"The core {self.core} must lie inside its window {self.window}.")


def plan_tiles(
    height: int, width: int, *, window: int = WINDOW, overlap: int = OVERLAP, stride: int = STRIDE
) -> tuple[Tile, ...]:
    """Lay the fewest windows with at least the asked overlap, evenly spread over the scene.

    Starts are multiples of the stride; the last window is flush with the edge and may be up to
    stride − 1 pixels short. A scene smaller than a window gets one window of its own size.

    Raises TilingError when the overlap is negative or not smaller than the window.
    """
    if window < stride or window % stride:
        raise TilingError(f"The window must be a multiple of {stride} px, got {window} px.")
    if not 0 <= overlap < window:
        raise TilingError(
            f"The overlap must be between 0 and {window - stride} px, got {overlap} px."
        )
    rows = _spread(height, window, overlap, stride)
    cols = _spread(width, window, overlap, stride)
    tiles: list[Tile] = []
    for (row, row_end), (core_row, core_row_end) in rows:
        for (col, col_end), (core_col, core_col_end) in cols:
            seen = Window(col, row, col_end - col, row_end - row)
            core = Window(core_col, core_row, core_col_end - core_col, core_row_end - core_row)
            tiles.append(Tile(len(tiles), seen, core))
    return tuple(tiles)


Span = tuple[int, int]


def _spread(length: int, window: int, overlap: int, stride: int) -> list[tuple[Span, Span]]:
    """Along one axis: (window span, core span) of each tile, half-open."""
    if length <= window:
        return [((0, length), (0, length))]
    last = -(-(length - window) // stride) * stride
    # Starts are rounded to the stride, so steps of (window − overlap) are rounded down to it too:
    # otherwise rounding could eat into the asked overlap.
    step = max((window - overlap) // stride * stride, stride)
    gaps = -(-last // step)
    cells = last // stride
    starts = [cells * i // gaps * stride for i in range(gaps + 1)]
    ends = [min(start + window, length) for start in starts]
    middles = [
        (start + end) // 2 // stride * stride
        for start, end in zip(starts[1:], ends[:-1], strict=True)
    ]
    edges = [0, *middles, length]
    return [
        ((start, end), (edges[i], edges[i + 1]))
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
