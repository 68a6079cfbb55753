"""What a run set out to do: enough to draw its polygons again without its scene or its model."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon

from geoseg.dialogue import Instruction
from geoseg.grid import Grid, Window
from geoseg.tiling import Tile


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where a run looks, and for what."""

    scene: str
    """Path of the scene, as the run was told it."""

    grid: Grid
    """The working grid."""

    tiles: tuple[Tile, ...]
    """Those to be asked: what the area leaves of the tiles laid over the scene."""

    tiles_of_scene: int
    """All that were laid."""

    area: Polygon | MultiPolygon | None
    """In the scene's CRS; polygons are clipped to it. None is the whole scene."""

    instructions: tuple[Instruction, ...]
    """In the order given."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """All arguments of the run, as JSON can hold them."""


def plan_row(plan: Plan) -> tuple[Any, ...]:
    """A plan as the columns of the table `plans` after run and turn; the grid is the key's."""
    numbers = [
        [tile.index, *_numbers(tile.window), *_numbers(tile.core)]
        for tile in sorted(plan.tiles, key=lambda tile: tile.index)
    ]
    return (
        plan.scene,
        json.dumps([instruction.text for instruction in plan.instructions], ensure_ascii=False),
        plan.tiles_of_scene,
        # A thousand tiles take some kilobytes: the numbers repeat themselves.
        zlib.compress(json.dumps(numbers).encode()),
        None if plan.area is None else shapely.to_wkb(plan.area),
        json.dumps(dict(plan.settings), ensure_ascii=False),
    )


def plan_of(row: tuple[Any, ...], grid: Grid) -> Plan:
    """Read the columns of `plan_row` back.

    Raises ValueError (or zlib.error) when they are damaged.
    """
    scene, instructions, tiles_of_scene, tiles, area, settings = row
    return Plan(
        scene,
        grid,
        tuple(
            Tile(number, Window(*spans[:4]), Window(*spans[4:]))
            for number, *spans in json.loads(zlib.decompress(tiles))
        ),
        tiles_of_scene,
        None if area is None else _area(area),
        tuple(Instruction(text) for text in json.loads(instructions)),
        json.loads(settings),
    )


def _numbers(window: Window) -> tuple[int, int, int, int]:
    return window.col_off, window.row_off, window.width, window.height


def _area(wkb: bytes) -> Polygon | MultiPolygon:
    area = shapely.from_wkb(wkb)
    assert isinstance(area, Polygon | MultiPolygon)
    return area
