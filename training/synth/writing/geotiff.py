"""Georeferenced scenes of any size: a GeoTIFF, its truth as a GeoPackage, and requests.

::

    scene_000000.tif     RGB, tiled, in a UTM zone
    scene_000000.gpkg    layers things, parts and sites: the visible outline of every item
    scene_000000.json    requests for all of a category, and the numbers of what they mean
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window as Tile
from shapely.geometry.base import BaseGeometry

from training.data.fixtures.writing import save_json
from training.synth import knowledge
from training.synth.mosaic import Ground, GroundRequest, lay_out_ground
from training.synth.rendering import MARGIN, Window, render
from training.synth.rendering.look import Look, draw_look
from training.synth.shapes import Area
from training.synth.truth import Visible, visible

_BLOCK: Final = 512
"""Side of the pieces that a scene is drawn in, in pixels; a multiple of a JPEG's 16."""

_ZONE: Final = "EPSG:32633"
_CORNER: Final = (412000.0, 5326000.0)
"""Of the first scene, in its zone."""


@dataclass(frozen=True, slots=True)
class GroundTally:
    """What was drawn of a scene."""

    path: Path
    things: int
    parts: int
    sites: int
    categories: int


def write_scene(root: Path, request: GroundRequest, processes: int = 1) -> GroundTally:
    """Draw a scene piece by piece, and write it with its truth."""
    stem = root / f"scene_{request.number:06d}"
    root.mkdir(parents=True, exist_ok=True)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": 3,
        "dtype": "uint8",
        "height": request.height,
        "width": request.width,
        "crs": _ZONE,
        "transform": _transform(request),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "photometric": "rgb",
        "bigtiff": "if_safer",
    }
    with rasterio.open(stem.with_suffix(".tif"), "w", **profile) as scene:
        for (row, column), rgb in _pieces(request, processes):
            tile = Tile(column, row, rgb.shape[1], rgb.shape[0])
            scene.write(np.moveaxis(rgb, -1, 0), window=tile)
    ground, _ = _ground(request)
    extent = Area(0, 0, request.width * request.gsd, request.height * request.gsd)
    shown = list(visible(ground.world, extent))
    counts = _write_truth(stem.with_suffix(".gpkg"), shown, request)
    requests = _requests(shown)
    save_json({"gsd": request.gsd, "requests": requests}, stem.with_suffix(".json"))
    return GroundTally(stem.with_suffix(".tif"), *counts, len(requests))


def _transform(request: GroundRequest) -> Affine:
    x, y = _CORNER
    return Affine(request.gsd, 0, x + 20000.0 * request.number, 0, -request.gsd, y)


def _pieces(
    request: GroundRequest, processes: int
) -> Iterator[tuple[tuple[int, int], NDArray[np.uint8]]]:
    """Row, column and pixels of every block, in order."""
    places = [
        (row, column)
        for row in range(0, request.height, _BLOCK)
        for column in range(0, request.width, _BLOCK)
    ]
    draw = partial(_draw, request)
    if processes <= 1 or len(places) == 1:
        yield from zip(places, map(draw, places), strict=True)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(places, pool.map(draw, places, chunksize=2), strict=True)


def _draw(request: GroundRequest, place: tuple[int, int]) -> NDArray[np.uint8]:
    ground, look = _ground(request)
    row, column = place
    gsd = request.gsd
    # Whole blocks are drawn, also at the edge, so that compression sees the same everywhere.
    window = Window(column * gsd, row * gsd, gsd, _BLOCK, _BLOCK)
    world = ground.near(window, (MARGIN + 2) * gsd)
    rgb = render(world, window, look, place).rgb
    return rgb[: request.height - row, : request.width - column]


@lru_cache(maxsize=1)
def _ground(request: GroundRequest) -> tuple[Ground, Look]:
    """The world of a scene and its look; each process lays it out once."""
    random = np.random.default_rng([request.seed, request.number, 12])
    return Ground.of(lay_out_ground(request)), draw_look(random)


def _write_truth(path: Path, shown: list[Visible], request: GroundRequest) -> tuple[int, int, int]:
    """A layer for each sort of item; how many each holds."""
    x, y = _transform(request).c, _transform(request).f
    matrix = [1, 0, 0, -1, x, y]
    counts = []
    # A date in the file would make each run's bytes its own.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        for sort in ("thing", "part", "site"):
            rows = [each for each in shown if each.item.sort == sort]
            counts.append(len(rows))
            geometries = [_placed(each.geometry, matrix) for each in rows]
            table = geopandas.GeoDataFrame(
                {
                    "number": [each.item.number for each in rows],
                    "category": [each.item.category for each in rows],
                    "color": [each.item.color for each in rows],
                    "whole": [each.item.whole for each in rows],
                    "area_m2": [float(each.geometry.area) for each in rows],
                },
                geometry=geometries,
                crs=_ZONE,
            )
            table.to_file(path, layer=f"{sort}s", driver="GPKG", geometry_type="MultiPolygon")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    things, parts, sites = counts
    return things, parts, sites


def _placed(geometry: BaseGeometry, matrix: list[float]) -> BaseGeometry:
    a, b, d, e, x, y = matrix
    linear = np.array([[a, d], [b, e]])
    moved = shapely.transform(geometry, lambda points: points @ linear + np.array([x, y]))
    parts = shapely.get_parts(moved)
    return shapely.orient_polygons(shapely.MultiPolygon(list(parts)))


def _requests(shown: list[Visible]) -> list[dict[str, Any]]:
    """For each category that is there: a request for all of it, and the items that it means."""
    found = []
    for category in knowledge.load().values():
        kinds = knowledge.kinds_of(category.name)
        meant = [each for each in shown if each.item.category in kinds]
        if meant:
            found.append(
                {
                    "instruction": f"Segment all {category.plural}.",
                    "implicit": category.functions[0],
                    "category": category.name,
                    "items": [each.item.number for each in meant],
                    "area_m2": round(sum(float(each.geometry.area) for each in meant), 2),
                }
            )
    return found
