"""What there is to ask for: polygons of vector layers with the words that name them.

A layer is given as FILE, FILE:LAYER, or PHRASE=FILE[:LAYER]. What its polygons are called comes
from the first of: PHRASE; the column that `by` names; the name of the layer. Where a column of
sentences is named, polygons with the same sentence are what that sentence asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from geoseg.areas import split_source
from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid, Window
from geoseg.layers import Geometries, PolygonLayer, read_polygons


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One thing to ask for."""

    phrase: str
    """What it is called, as users write it."""

    sentence: str | None
    """The sentence that asks for it; None: one is made from the phrase."""

    shapes: Geometries
    """In pixels of the scene: columns and rows."""

    def within(self, window: Window) -> Geometries:
        """Its polygons that reach into a window, in pixels of that window."""
        frame = shapely.box(window.col_off, window.row_off, window.col_end, window.row_end)
        near = self.shapes[shapely.intersects(self.shapes, frame)]
        offset = np.array([window.col_off, window.row_off], float)
        return np.asarray(shapely.transform(near, lambda points: points - offset))


@dataclass(frozen=True, slots=True)
class Columns:
    """Attributes that hold words."""

    by: str | None = None
    """What a polygon is called."""

    sentence: str | None = None
    """What is said to ask for it."""


def read_subjects(sources: Sequence[str], columns: Columns, grid: Grid) -> tuple[Subject, ...]:
    """The subjects of all layers, those of one name and sentence together, by name.

    Raises SceneError for layers that cannot be read or do not meet the scene, InstructionError for
    a column that no layer has and for polygons without a name.
    """
    layers = [_named_layer(source) for source in sources]
    for column in (columns.by, columns.sentence):
        if column is not None and not any(column in layer.columns for _, layer in layers):
            raise InstructionError(
                f"No layer has a column {column!r}; there are "
                f"{', '.join(sorted({repr(c) for _, layer in layers for c in layer.columns}))}."
            )
    found: dict[tuple[str, str | None], list[Any]] = {}
    for phrase, layer in layers:
        for name, sentence, shape in _features(phrase, layer, columns, grid):
            found.setdefault((name, sentence), []).append(shape)
    return tuple(
        Subject(name, sentence, np.array(found[name, sentence], dtype=object))
        for name, sentence in sorted(found, key=lambda key: (key[0], key[1] or ""))
    )


def _named_layer(source: str) -> tuple[str | None, PolygonLayer]:
    """A layer, and the phrase in front of it."""
    phrase, equals, rest = source.partition("=")
    # A path may hold an equals sign too, as partitioned data sets do.
    if not equals or Path(split_source(source)[0]).exists():
        return None, read_polygons(source)
    if not phrase.strip():
        raise InstructionError(f"{source!r} names its polygons nothing; write PHRASE=FILE.")
    return phrase.strip(), read_polygons(rest)


def _features(
    phrase: str | None, layer: PolygonLayer, columns: Columns, grid: Grid
) -> Iterator[tuple[str, str | None, Any]]:
    shapes = _in_pixels(layer, grid)
    frame = shapely.box(0, 0, grid.width, grid.height)
    inside = shapely.intersects(shapes, frame) & ~shapely.touches(shapes, frame)
    if not inside.any():
        raise SceneError(
            f"None of the {len(layer)} polygons of {layer.source} lies in the scene.",
            hint="Check the layer's coordinate reference system.",
            code="no_overlap",
        )
    names = layer.columns.get(columns.by or "") if phrase is None else None
    said = layer.columns.get(columns.sentence or "")
    usual = phrase or _layer_name(layer)
    for place in np.flatnonzero(inside):
        name = usual if names is None else _word(names[place])
        if not name:
            raise InstructionError(
                f"A polygon of {layer.source} has no name in the column {columns.by!r}.",
                hint="Fill the column, or delete the polygons without a name.",
            )
        sentence = None if said is None else _word(said[place])
        yield name, sentence or None, shapes[place]


def _in_pixels(layer: PolygonLayer, grid: Grid) -> Geometries:
    placed = layer.brought_to(CRS.from_wkt(grid.crs))
    a, b, c, d, e, f = tuple(~grid.transform)[:6]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points[:, 0], points[:, 1]
        return np.column_stack([a * x + b * y + c, d * x + e * y + f])

    return np.asarray(shapely.transform(placed, move))


def _layer_name(layer: PolygonLayer) -> str:
    """The layer's name as words; a file's where the layer has none of its own."""
    file, _, name = layer.source.rpartition(":")
    return (name if file else Path(layer.source).stem).replace("_", " ").replace("-", " ").strip()


def _word(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def drawn_mask(shapes: Geometries, height: int, width: int) -> NDArray[np.bool_]:
    """Pixels (H, W) whose centre lies in one of the polygons, which are in pixels of the window."""
    from rasterio.features import rasterize

    if len(shapes) == 0:
        return np.zeros((height, width), bool)
    burnt = rasterize(shapes, out_shape=(height, width), transform=Affine.identity(), dtype="uint8")
    return np.asarray(burnt != 0)
