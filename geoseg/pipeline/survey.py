"""What a request is about: the scenes, the tiles to be asked, and the area of interest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import shapely
from pyproj import CRS
from shapely import MultiPolygon, Polygon

from geoseg.areas import bounds_area, read_area, tiles_touching, turned
from geoseg.errors import GeosegError, InstructionError, SceneError
from geoseg.ledger import Plan
from geoseg.pipeline.request import Request
from geoseg.scene import Scene, open_scene
from geoseg.tiling import Tile, plan_tiles

_OUTSIDE = "no_overlap"


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Where a run looks in one scene."""

    scene: Scene

    tiles: tuple[Tile, ...]
    """Those that touch the area; laid over the whole scene, so the area never moves them."""

    tiles_of_scene: int
    """All that were laid."""

    area: Polygon | MultiPolygon | None
    """In the scene's CRS; None is the whole scene."""

    outside: bool = False
    """Whether nothing of the area lies in the scene, so that it has no tile."""

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


def survey(request: Request) -> tuple[Survey, ...]:
    """Open all scenes, lay the tiles and leave out those outside the area of interest.

    Of several scenes some may lie outside the area. Raises SceneError for a scene or area that
    cannot be read, and where the area meets no scene; InstructionError for scenes that are the
    same.
    """
    scenes = [_opened(request, path) for path in request.scene_paths]
    _refuse_copies(scenes)
    surveys = [_looked_over(request, scene, scenes[0]) for scene in scenes]
    if all(one.outside for one in surveys):
        raise SceneError(
            f"The area of interest meets none of the {len(scenes)} scenes.",
            hint="Check the area's CRS and the order of its coordinates.",
            code=_OUTSIDE,
        )
    return _part(surveys, request.shard)


@contextmanager
def naming(request: Request, scene: str) -> Iterator[None]:
    """Among several scenes, errors say which they are about."""
    try:
        yield
    except GeosegError as error:
        if not request.scenes or scene in error.message:
            raise
        told = f"{scene}: {error.message}"
        raise type(error)(told, hint=error.hint, code=error.code) from error


def _opened(request: Request, path: str) -> Scene:
    with naming(request, path):
        return open_scene(
            path, assume_crs=request.assume_crs, nodata=request.nodata, gsd=request.gsd
        )


def _refuse_copies(scenes: Sequence[Scene]) -> None:
    seen: dict[tuple[str, object], str] = {}
    for scene in scenes:
        first = seen.setdefault((scene.fingerprint, scene.grid), scene.path)
        if first != scene.path:
            raise InstructionError(
                f"The scenes {first} and {scene.path} are the same: place, size and pixels.",
                hint="Name one of them.",
            )


def _looked_over(request: Request, scene: Scene, first: Scene) -> Survey:
    grid = scene.grid
    tiles = plan_tiles(grid.height, grid.width, overlap=request.overlap)
    try:
        with naming(request, scene.path):
            area = _area(request, scene, first)
            touching = tiles if area is None else tiles_touching(tiles, grid, area)
    except SceneError as error:
        if error.code != _OUTSIDE or not request.scenes:
            raise
        return Survey(scene, (), len(tiles), None, outside=True)
    return Survey(scene, touching, len(tiles), area)


def _part(surveys: Sequence[Survey], shard: tuple[int, int] | None) -> tuple[Survey, ...]:
    """Of n parts of all tiles in order, which all together are the whole, the i-th."""
    if shard is None:
        return tuple(surveys)
    place, parts = shard
    total = sum(len(one.tiles) for one in surveys)
    begin, end = total * (place - 1) // parts, total * place // parts
    kept, before = [], 0
    for one in surveys:
        tiles = one.tiles[max(begin - before, 0) : max(end - before, 0)]
        kept.append(replace(one, tiles=tiles))
        before += len(one.tiles)
    return tuple(kept)


def _area(request: Request, scene: Scene, first: Scene) -> Polygon | MultiPolygon | None:
    """Bounds and area of interest as one area in the scene's CRS."""
    crs = scene.grid.crs
    area: Polygon | MultiPolygon | None = None
    if request.bounds is not None:
        of_bounds = request.bounds_crs
        if of_bounds is None and CRS.from_wkt(first.grid.crs) != CRS.from_wkt(crs):
            of_bounds = first.grid.crs
        area = turned(bounds_area(request.bounds, of_bounds, crs), scene.grid)
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
        code=_OUTSIDE,
    )
