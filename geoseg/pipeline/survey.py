"""What a request is about: the scene, the tiles to be asked, and the area of interest."""

from __future__ import annotations

import os
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon, Polygon

from geoseg.areas import bounds_area, read_area, tiles_touching, turned
from geoseg.errors import SceneError
from geoseg.ledger import Plan
from geoseg.pipeline.request import Request
from geoseg.scene import Scene, open_scene
from geoseg.tiling import Tile, plan_tiles


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Where a run looks."""

    scene: Scene

    tiles: tuple[Tile, ...]
    """Those that touch the area; laid over the whole scene, so the area never moves them."""

    tiles_of_scene: int
    """All that were laid."""

    area: Polygon | MultiPolygon | None
    """In the scene's CRS; None is the whole scene."""

    def plan(self, request: Request) -> Plan:
        """What the ledger keeps of the request, to be drawn now and again later."""
        return Plan(
            scene=self.scene.path,
            grid=self.scene.grid,
            tiles=self.tiles,
            tiles_of_scene=self.tiles_of_scene,
            area=self.area,
            instructions=request.spoken(),
            settings=request.to_settings(),
        )


def survey(request: Request) -> Survey:
    """Open the scene, lay the tiles and leave out those outside the area of interest.

    Raises SceneError for a scene or area that cannot be read, and where they do not meet.
    """
    scene = open_scene(
        os.fspath(request.scene),
        assume_crs=request.assume_crs,
        nodata=request.nodata,
        gsd=request.gsd,
    )
    grid = scene.grid
    tiles = plan_tiles(grid.height, grid.width, overlap=request.overlap)
    area = _area(request, scene)
    touching = tiles if area is None else tiles_touching(tiles, grid, area)
    return Survey(scene, _part(touching, request.shard), len(tiles), area)


def _part(tiles: tuple[Tile, ...], shard: tuple[int, int] | None) -> tuple[Tile, ...]:
    """Of n parts in reading order, which all together are the whole, the i-th."""
    if shard is None:
        return tiles
    place, parts = shard
    return tiles[len(tiles) * (place - 1) // parts : len(tiles) * place // parts]


def _area(request: Request, scene: Scene) -> Polygon | MultiPolygon | None:
    """Bounds and area of interest as one area in the scene's CRS."""
    crs = scene.grid.crs
    area: Polygon | MultiPolygon | None = None
    if request.bounds is not None:
        area = turned(bounds_area(request.bounds, request.bounds_crs, crs), scene.grid)
    if request.aoi is not None:
        inside = turned(read_area(request.aoi, crs=crs), scene.grid)
        area = inside if area is None else _both(area, inside)
    return area


def _both(bounds: Polygon | MultiPolygon, area: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    parts = shapely.get_parts(shapely.intersection(bounds, area))
    shared = shapely.union_all([part for part in parts if isinstance(part, Polygon)])
    if isinstance(shared, (Polygon, MultiPolygon)) and not shared.is_empty:
        return shared
    raise SceneError(
        f"The bounds {tuple(bounds.bounds)} and the area of interest {tuple(area.bounds)} do not "
        "meet (left, bottom, right, top in the scene's CRS).",
        hint="Give one of --bounds and --aoi.",
        code="no_overlap",
    )
