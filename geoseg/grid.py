"""Where pixels are: windows of whole pixels, and the grid that places them on the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

from affine import Affine

from geoseg.errors import TilingError


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of whole pixels, never empty."""

    col_off: int
    """First column, counted from the scene's left edge."""

    row_off: int
    """First row, counted from the scene's top edge."""

    width: int
    """Columns."""

    height: int
    """Rows."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise TilingError(f"A window must hold at least one pixel, got {self}.")

    @property
    def col_end(self) -> int:
        """One past the last column."""
        return self.col_off + self.width

    @property
    def row_end(self) -> int:
        """One past the last row."""
        return self.row_off + self.height

    def intersection(self, other: Window) -> Window | None:
        """The pixels both windows hold, or None."""
        left, top = max(self.col_off, other.col_off), max(self.row_off, other.row_off)
        right, bottom = min(self.col_end, other.col_end), min(self.row_end, other.row_end)
        if right <= left or bottom <= top:
            return None
        return Window(left, top, right - left, bottom - top)

    def contains(self, other: Window) -> bool:
        """Whether every pixel of the other window lies in this one."""
        return self.intersection(other) == other


@dataclass(frozen=True, slots=True)
class Grid:
    """A raster's frame: how many pixels there are and where they lie."""

    crs: str
    """Coordinate reference system as WKT."""

    transform: Affine
    """From (column, row) of pixel corners to CRS coordinates; may be rotated."""

    height: int
    """Rows."""

    width: int
    """Columns."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise TilingError(f"A grid must hold pixels, got {self.width} × {self.height}.")

    @property
    def window(self) -> Window:
        """The whole grid."""
        return Window(0, 0, self.width, self.height)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) in CRS units, of all four corners when rotated."""
        corners = [
            self.transform @ (col, row) for col in (0, self.width) for row in (0, self.height)
        ]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def crop(self, window: Window) -> Grid:
        """The grid of one window."""
        moved = self.transform @ Affine.translation(window.col_off, window.row_off)
        return replace(self, transform=moved, width=window.width, height=window.height)

    def scaled(self, stride: int) -> Grid:
        """The grid whose cells are blocks of stride × stride pixels; the last may stick out."""
        return replace(
            self,
            transform=self.transform @ Affine.scale(stride),
            width=-(-self.width // stride),
            height=-(-self.height // stride),
        )
