"""Vector layers read feature by feature, with their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geoseg.areas import chosen_layer, split_source
from geoseg.errors import SceneError

Geometries = NDArray[Any]
"""1-D object array of shapely polygons and multipolygons."""

_PIECES = 64
"""Least pieces along the longer side of a layer when its edges are densified."""


@dataclass(frozen=True, slots=True, eq=False)
class PolygonLayer:
    """The polygons of one vector layer."""

    source: str
    """FILE or FILE:LAYER, for messages."""

    crs: CRS
    geometries: Geometries
    """Valid, none empty, one for each feature."""

    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Attributes by name, one value for each feature."""

    def __len__(self) -> int:
        return len(self.geometries)

    def brought_to(self, crs: CRS) -> Geometries:
        """The polygons in another CRS, edges densified; those without a place there are empty."""
        if len(self) == 0 or self.crs.equals(crs, ignore_axis_order=True):
            return self.geometries
        left, bottom, right, top = shapely.total_bounds(self.geometries)
        piece = max(right - left, top - bottom) / _PIECES
        transformer = Transformer.from_crs(self.crs, crs, always_xy=True)

        def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

        dense = shapely.segmentize(self.geometries, piece) if piece > 0 else self.geometries
        moved = shapely.transform(dense, move)
        moved[~np.isfinite(shapely.bounds(moved)).all(axis=1)] = shapely.MultiPolygon()
        return shapely.make_valid(moved)


def read_polygons(source: str | Path, layer: str | None = None) -> PolygonLayer:
    """Read the polygons of one layer; a layer without features is one too.

    `source` is a file, or FILE:LAYER when no layer is named apart. Features that are no polygons
    are left out.

    Raises SceneError when file or layer is missing, states no CRS, or holds features of which
    none is a polygon.
    """
    name = str(source)
    if layer is None:
        name, layer = split_source(name)
    if Path(name).suffix.lower() in (".parquet", ".geoparquet"):
        return _from_parquet(name)
    layer = chosen_layer(name, layer)
    return _from_gdal(name, layer)


def layers_with(source: str, column: str) -> list[str]:
    """Names of the layers of a file that have a column of that name; none of a Parquet file."""
    import pyogrio

    if Path(source).suffix.lower() in (".parquet", ".geoparquet"):
        return []
    return [
        str(name)
        for name, kind in pyogrio.list_layers(source)
        if kind is not None and column in pyogrio.read_info(source, layer=name)["fields"]
    ]


def _from_gdal(name: str, layer: str) -> PolygonLayer:
    import pyogrio.raw
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        meta, _, geometry, values = pyogrio.raw.read(name, layer=layer, force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise SceneError(
            f"The layer {layer!r} of {name} cannot be read: {error}.",
            hint="Check it with `ogrinfo`.",
        ) from error
    # A driver such as GeoJSON counts nothing in an empty layer, not even a geometry column.
    shapes = np.empty(0, object) if geometry is None else shapely.from_wkb(geometry)
    columns = dict(zip(map(str, meta["fields"]), values, strict=True))
    return _checked(f"{name}:{layer}", meta["crs"], shapes, columns)


def _from_parquet(name: str) -> PolygonLayer:
    import geopandas

    if not Path(name).exists():
        raise SceneError(
            f"There is no vector file {name}.", hint=f"Looked in {Path.cwd()}; check the spelling."
        )
    try:
        frame = geopandas.read_parquet(name)
    except (ValueError, OSError) as error:
        raise SceneError(
            f"The file {name} cannot be read as GeoParquet: {error}.",
            hint="GeoPackage, GeoJSON, FlatGeobuf and shapefiles are safe choices.",
        ) from error
    shapes = shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object))
    columns = {
        str(column): frame[column].to_numpy()
        for column in frame.columns
        if column != frame.geometry.name
    }
    return _checked(name, frame.crs, shapes, columns)


def _checked(
    source: str, crs: Any, shapes: NDArray[Any], columns: Mapping[str, NDArray[Any]]
) -> PolygonLayer:
    if crs is None or crs == "":
        raise SceneError(
            f"The layer {source} states no coordinate reference system (CRS).",
            hint=f"Write it into the file: ogr2ogr -a_srs EPSG:n placed.gpkg {source}",
        )
    polygons = np.array([_polygonal(shape) for shape in shapes], dtype=object)
    kept = np.array([shape is not None for shape in polygons], dtype=bool)
    if len(shapes) and not kept.any():
        raise SceneError(
            f"The layer {source} holds no polygons among its {len(shapes)} features.",
            hint="Buffer points or lines first.",
        )
    return PolygonLayer(
        source,
        CRS.from_user_input(crs),
        polygons[kept],
        {name: np.asarray(values)[kept] for name, values in columns.items()},
    )


def _polygonal(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """What of a shape is area, valid; None if nothing is."""
    if shape is None:
        return None
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
    areas = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    areas = areas[shapely.area(areas) > 0]
    if len(areas) == 0:
        return None
    whole: shapely.Geometry = areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
    return whole
