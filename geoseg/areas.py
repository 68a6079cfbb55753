"""Areas of interest: polygons of a vector file, or bounds, brought to the scene's CRS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely import MultiPolygon, Polygon

from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid
from geoseg.tiling import Tile

Area = Polygon | MultiPolygon

_CIRCLE = 360.0
"""Degrees around the Earth."""

_PIECES = 64
"""Least pieces along the longer side of an area when its edges are densified."""


def read_area(source: str | Path, layer: str | None = None, *, crs: str) -> Area:
    """Read the polygons of one layer as one area in the CRS given as WKT.

    `source` is a file, or FILE:LAYER when no layer is named apart.

    Raises SceneError when file or layer is missing, states no CRS, or holds no polygons.
    """
    # pyogrio loads pandas and geopandas when they are there: 70 MB and a quarter of a second
    # that runs without an area of interest need not pay.
    import pyogrio.raw
    from pyogrio.errors import DataLayerError, DataSourceError

    name = str(source)
    if layer is None:
        name, layer = split_source(name)
    layer = chosen_layer(name, layer)
    try:
        meta, _, geometry, _ = pyogrio.raw.read(name, layer=layer, columns=[], force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise SceneError(
            f"The layer {layer!r} of {name} cannot be read: {error}.",
            hint="Check it with `ogrinfo`.",
        ) from error
    area = _union(shapely.from_wkb(geometry))
    if area is None:
        raise SceneError(
            f"The layer {layer!r} of {name} holds no polygons among its {len(geometry)} features.",
            hint="An area of interest needs polygons; buffer points or lines first.",
        )
    if not meta["crs"]:
        raise SceneError(
            f"The layer {layer!r} of {name} states no coordinate reference system (CRS).",
            hint=f"Write it into the file: ogr2ogr -a_srs EPSG:n placed.gpkg {name} {layer}",
        )
    return _reproject(area, CRS.from_user_input(meta["crs"]), crs, f"The area in {name}")


def bounds_area(bounds: Sequence[float], bounds_crs: str | None, crs: str) -> Area:
    """Bring (left, bottom, right, top) to the CRS given as WKT; without `bounds_crs` it is in it.

    In degrees, left > right reaches across the antimeridian: (179, -18, -179, -16) is 2° wide.

    Raises InstructionError for bounds that enclose nothing and for an unknown CRS, SceneError
    when they lie outside what the scene's CRS can hold.
    """
    if len(bounds) != 4 or not all(math.isfinite(value) for value in bounds):
        raise InstructionError(
            f"Bounds need four finite numbers, got {tuple(bounds)}.",
            hint="Give them as LEFT BOTTOM RIGHT TOP.",
        )
    own = CRS.from_wkt(crs) if bounds_crs is None else _known(bounds_crs)
    left, bottom, right, top = bounds
    if own.is_geographic and right < left and right + _CIRCLE - left <= _CIRCLE / 2:
        right += _CIRCLE
    if not (left < right and bottom < top):
        raise InstructionError(
            f"The bounds {_extent(bounds)} enclose nothing.",
            hint="Give them as LEFT BOTTOM RIGHT TOP, with LEFT < RIGHT and BOTTOM < TOP.",
        )
    box = shapely.box(left, bottom, right, top)
    if bounds_crs is None:
        return box
    return _reproject(box, own, crs, f"The bounds {_extent(bounds)}")


def _known(name: str) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise InstructionError(
            f"{name!r} is not a coordinate reference system.",
            hint="Use a code such as EPSG:4326, or WKT.",
        ) from error


def turned(area: Area, grid: Grid) -> Area:
    """An area in the grid's CRS, turned around the Earth to where the grid is.

    A scene in degrees may reach beyond 180°, where areas are told with negative longitudes. An area
    that meets the grid nowhere, or is not in degrees, stays as it is.
    """
    if not CRS.from_wkt(grid.crs).is_geographic:
        return area
    left, _, right, _ = grid.bounds
    first = math.ceil((left - area.bounds[2]) / _CIRCLE)
    last = math.floor((right - area.bounds[0]) / _CIRCLE)
    if first > last:
        return area
    frame = shapely.box(*grid.bounds)
    parts = [
        shapely.set_coordinates(
            part, shapely.get_coordinates(part) + np.array([turn * _CIRCLE, 0.0])
        )
        for turn in range(first, last + 1)
        for part in shapely.get_parts(area)
    ]
    near = np.array([part for part in parts if part.intersects(frame)], dtype=object)
    return (_union(near) if len(near) else None) or area


def tiles_touching(tiles: Sequence[Tile], grid: Grid, area: Area) -> tuple[Tile, ...]:
    """Keep the tiles whose window sees some of the area; none is moved.

    Raises SceneError with code no_overlap when there are none.
    """
    a, b, c, d, e, f = tuple(grid.transform)[:6]
    spans = np.array(
        [(t.window.col_off, t.window.row_off, t.window.col_end, t.window.row_end) for t in tiles],
        np.float64,
    ).reshape(-1, 4)
    cols, rows = spans[:, [0, 2, 2, 0]], spans[:, [1, 1, 3, 3]]
    corners = np.stack([a * cols + b * rows + c, d * cols + e * rows + f], axis=-1)
    windows = shapely.polygons(corners)
    shapely.prepare(area)
    # A window that shares only an edge with the area sees none of it.
    sees: NDArray[np.bool_] = np.asarray(
        shapely.intersects(area, windows) & ~shapely.touches(area, windows)
    )
    if not sees.any():
        raise SceneError(
            f"The area of interest does not overlap the scene: in the scene's CRS the area "
            f"spans {_extent(area.bounds)} and the scene {_extent(grid.bounds)} "
            "(left, bottom, right, top).",
            hint="Check the area's CRS and the order of its coordinates.",
            code="no_overlap",
        )
    return tuple(tile for tile, seen in zip(tiles, sees, strict=True) if seen)


def split_source(text: str) -> tuple[str, str | None]:
    """Split FILE:LAYER; the colon of a drive letter or of a URL's scheme does not count."""
    file, colon, layer = text.rpartition(":")
    if not colon or Path(text).exists() or not layer or layer.startswith(("/", "\\")):
        return text, None
    if len(file) == 1 and file.isalpha():
        return text, None
    return file, layer


def chosen_layer(path: str, layer: str | None) -> str:
    """The layer asked for, or the only one that can hold polygons."""
    import pyogrio
    from pyogrio.errors import DataSourceError

    if "://" not in path and not path.startswith("/vsi") and not Path(path).exists():
        raise SceneError(
            f"There is no vector file {path}.", hint=f"Looked in {Path.cwd()}; check the spelling."
        )
    try:
        layers = pyogrio.list_layers(path)
    except DataSourceError as error:
        raise SceneError(
            f"The file {path} cannot be read as vectors: {error}.",
            hint="GeoPackage, GeoJSON, FlatGeobuf and shapefiles are safe choices.",
        ) from error
    names = [str(name) for name, _ in layers]
    listed = ", ".join(repr(name) for name in names) or "none"
    if layer is not None:
        if layer not in names:
            raise SceneError(
                f"There is no layer {layer!r} in {path}; its layers are {listed}.",
                hint="Name one of them as FILE:LAYER.",
            )
        return layer
    # A layer without a declared type, or of curves, may hold polygons too.
    fitting = [
        str(name)
        for name, kind in layers
        if kind is not None and not _bare(kind).startswith(("Point", "Line"))
    ]
    if len(names) == 1:
        return names[0]
    if len(fitting) == 1:
        return fitting[0]
    raise SceneError(
        f"The file {path} holds several layers: {listed}.", hint="Name one as FILE:LAYER."
    )


def _bare(kind: object) -> str:
    """A geometry type without what it says about height and number."""
    return str(kind).replace("2.5D ", "").replace("3D ", "").replace("Multi", "")


def _union(geometries: NDArray[Any]) -> Area | None:
    """All polygons as one valid area; lines and points are left out."""
    parts = shapely.get_parts(shapely.make_valid(geometries[~shapely.is_missing(geometries)]))
    # make_valid and GeometryCollections nest multipolygons in collections.
    parts = shapely.get_parts(shapely.get_parts(parts))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    united = shapely.union_all(polygons)
    return united if isinstance(united, (Polygon, MultiPolygon)) and not united.is_empty else None


def _reproject(area: Area, source: CRS, target: str, what: str) -> Area:
    """Bring an area to another CRS; straight edges there may be curves here, so they are densified.

    Raises SceneError when some of it has no place there.
    """
    destination = CRS.from_user_input(target)
    if source.equals(destination, ignore_axis_order=True):
        return area
    left, bottom, right, top = area.bounds
    piece = max(right - left, top - bottom) / _PIECES
    dense = shapely.segmentize(area, piece)
    points = shapely.get_coordinates(dense)
    try:
        transformer = Transformer.from_crs(source, destination, always_xy=True)
        moved = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
        back = np.column_stack(transformer.transform(moved[:, 0], moved[:, 1], direction="INVERSE"))
    except ProjError as error:
        raise SceneError(f"{what} cannot be brought to the scene's CRS: {error}.") from error
    # Far from its centre a projection folds the Earth: only points that come back are in place.
    astray = np.abs(back - points)
    if source.is_geographic:
        astray[:, 0] = np.minimum(astray[:, 0], np.abs(astray[:, 0] - 360.0))
    if not np.isfinite(moved).all() or not (astray <= piece / 1000).all():
        raise SceneError(
            f"A part of {what[0].lower()}{what[1:]} lies outside what the scene's CRS "
            f"({destination.name}) can hold.",
            hint="Cut that to the region of the scene first.",
            code="no_overlap",
        )
    united = _union(np.array([shapely.set_coordinates(dense, moved)], dtype=object))
    if united is None:
        raise SceneError(f"{what} has no extent in the scene's CRS ({destination.name}).")
    return united


def _extent(bounds: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.8g}" for value in bounds) + ")"
