"""Shaping: touching outlines stay together, holes are filled, sizes decide."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely import Polygon, box

from geoseg.contours import Shape, polygonize
from geoseg.dialogue import Target
from geoseg.errors import InstructionError
from geoseg.features import Feature, Shaping, features
from geoseg.fuse import fuse
from geoseg.grid import Grid
from geoseg.tiling import plan_tiles
from tests.property.fields import ASKED, Answers, Heard, grid_of

GRID = Grid(CRS.from_epsg(32632).to_wkt(), Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000), 4000, 4000)


def make(*polygons: Polygon, **options: object) -> list[Feature]:
    shapes = [Shape(polygon, 0.9, 0.75, 4, 3, False) for polygon in polygons]
    shaping = Shaping(**options)  # type: ignore[arg-type]
    return list(features(shapes, Target("roof"), GRID, shaping=shaping))


def terrace(houses: int) -> np.ndarray:
    """Polygons of things that share wavy walls, as fusion leaves them."""
    random = np.random.default_rng(1)
    (tile,) = plan_tiles(160, 24 * (houses + 2), window=1024, overlap=0)
    things = []
    walls = 6 + 6 * np.arange(houses + 1) + np.round(random.normal(0, 1, (40, houses + 1)))
    columns = np.arange(6 * (houses + 2))
    for house in range(houses):
        inside = (columns >= walls[:, house, None]) & (columns < walls[:, house + 1, None])
        inside[:5] = inside[-5:] = False
        things.append(Heard(np.where(inside, 3.0, -3.0).astype(np.float32)))
    answers = Answers({tile: things[0]}, apart={tile: things})
    grid = grid_of(160, tile.window.width)
    (field,) = fuse(answers, ASKED, (tile,), grid, rule="instances")
    return np.array([shape.polygon for shape in polygonize(field)])


def test_outlines_that_touch_still_touch_when_they_are_simplified() -> None:
    houses = terrace(12)
    before = shapely.area(houses).sum()
    assert len(houses) == 12
    found = np.array([one.geometry for one in make(*houses, simplify_px=2.0)])
    assert shapely.is_valid(found).all()
    assert (
        shapely.get_num_coordinates(found).sum() < 0.6 * shapely.get_num_coordinates(houses).sum()
    )
    whole = shapely.union_all(found, grid_size=1e-6)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(shapely.area(found).sum(), rel=1e-6)
    assert whole.area == pytest.approx(before / 4, rel=0.03)


def test_outlines_that_touch_across_batches_still_touch() -> None:
    houses = terrace(2)
    others = [box(i, 500, i + 0.9, 501) for i in range(511)]
    found = make(*others, *houses, simplify_px=2.0)
    one, other = (feature.geometry for feature in found[-2:])
    assert one.distance(other) == 0
    assert one.intersection(other).area == pytest.approx(0, abs=1e-6)
    assert one.intersection(other).length > 10


def test_small_holes_are_filled_by_their_area_on_the_ground() -> None:
    holes = [box(10, 10, 12, 12), box(30, 30, 50, 50)]  # 1 m² and 100 m²
    plate = Polygon(box(0, 0, 100, 100).exterior, [hole.exterior for hole in holes])
    (kept,) = make(plate)
    assert len(kept.geometry.interiors) == 2
    (filled,) = make(plate, fill_holes_m2=2.0)
    (hole,) = filled.geometry.interiors
    assert Polygon(hole).area == pytest.approx(100)
    assert filled.area_m2 == pytest.approx(2400 / 0.9996**2, rel=1e-5)
    (whole,) = make(plate, fill_holes_m2=math.inf)
    assert not whole.geometry.interiors


def test_sizes_outside_of_the_limits_are_left_out() -> None:
    boxes = [box(0, 0, 4, 4), box(20, 0, 30, 10), box(40, 0, 80, 40)]  # 4, 25 and 400 m²
    found = make(*boxes, min_area_m2=10, max_area_m2=100)
    assert [round(one.area_m2) for one in found] == [25]


def test_pixel_edges_are_neither_simplified_nor_straightened() -> None:
    stairs = Polygon([(0, 0), (4, 0), (4, 0.2), (8, 0.2), (8, 8), (0, 8)])
    (found,) = make(stairs, pixel_edges=True, regularize=True, simplify_px=1.0)
    assert len(found.geometry.exterior.coords) == 7


@pytest.mark.parametrize(
    "options",
    [{"simplify_px": -1.0}, {"min_area_m2": math.nan}, {"min_area_m2": 5.0, "max_area_m2": 4.0}],
)
def test_numbers_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InstructionError):
        Shaping(**options)  # type: ignore[arg-type]
