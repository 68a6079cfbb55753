"""Regularising: houses drawn with soft corners become houses again, and rivers stay rivers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from scipy import ndimage
from shapely import Polygon, affinity, box

from geoseg.contours import polygonize
from geoseg.features.placing import Placing
from geoseg.features.regularize import regularized
from geoseg.grid import Grid
from tests.property.fields import field_of

GRID = Grid(CRS.from_epsg(32632).to_wkt(), Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000), 4000, 4000)


def worn(polygon: Polygon, seed: int = 0, noise: float = 0.25) -> Polygon:
    """A polygon as a model's mask at every other pixel draws it."""
    left, top, right, bottom = (round(side) for side in polygon.bounds)
    x = np.arange(left - 8, right + 8, 2) + 1.0
    y = np.arange(top - 8, bottom + 8, 2) + 1.0
    points = shapely.points(*np.meshgrid(x, y))
    inside = shapely.contains(polygon, points)
    depth = shapely.distance(polygon.boundary, points) * np.where(inside, 1, -1)
    random = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(np.clip(depth, -4, 4), 1)
    logits = soft + noise * 3 * ndimage.gaussian_filter(random.normal(0, 1, soft.shape), 1)
    drawn = [shape.polygon for shape in polygonize(field_of(logits.astype(np.float32), stride=2))]
    return affinity.translate(max(drawn, key=lambda one: one.area), left - 8, top - 8)


def straight(*polygons: Polygon, grid: Grid = GRID) -> list[Polygon | None]:
    array = np.array(polygons, object)
    return list(regularized(array, slice(0, len(array)), Placing(grid)))


def corners(polygon: Polygon) -> int:
    return len(polygon.exterior.coords) - 1


def angles(polygon: Polygon) -> np.ndarray:
    """Directions of the edges modulo a right angle, degrees, apart from the first."""
    steps = np.diff(shapely.get_coordinates(polygon), axis=0)
    turned = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    return (turned - turned[0] + 45) % 90 - 45


def heading(polygon: Polygon) -> float:
    """Direction of the first edge modulo a right angle, degrees."""
    step = np.diff(shapely.get_coordinates(polygon)[:2], axis=0)[0]
    return float(np.degrees(np.arctan2(*step)) % 90)


def iou(one: Polygon, other: Polygon) -> float:
    return one.intersection(other).area / one.union(other).area


@pytest.mark.parametrize("turn", [0, 17, 45, 80])
def test_a_worn_rectangle_has_four_right_angles_again(turn: float) -> None:
    house = affinity.rotate(box(100, 100, 140, 125), turn)
    (found,) = straight(worn(house))
    assert corners(found) == 4
    assert np.abs(angles(found)).max() < 1e-6
    assert iou(found, house) > max(0.96, iou(worn(house), house))


def test_an_l_shape_keeps_its_six_corners() -> None:
    house = affinity.rotate(box(0, 0, 60, 20).union(box(0, 0, 20, 50)), 30, origin=(0, 0))
    (found,) = straight(worn(house))
    assert corners(found) == 6
    assert iou(found, house) > 0.96


def test_a_courtyard_is_straightened_too() -> None:
    outer, inner = worn(box(0, 0, 80, 80)), worn(box(25, 25, 55, 55), 1)
    (found,) = straight(Polygon(outer.exterior, [inner.exterior]))
    assert corners(found) == 4
    assert len(found.interiors[0].coords) == 5


def test_a_wing_in_another_direction_keeps_its_own() -> None:
    wing = affinity.rotate(box(30, 0, 100, 24), 35, origin=(30, 12))
    house = box(0, -30, 40, 40).union(wing)
    (found,) = straight(worn(house))
    off = np.abs(angles(found))
    assert iou(found, house) > 0.95
    assert ((off < 1e-6) | (np.abs(off - 35) < 3)).all()
    assert (off > 30).any()


def test_neighbours_agree_on_a_direction() -> None:
    street = [
        affinity.rotate(
            worn(box(60 * i, 0, 60 * i + 36, 24), i, 0.4), 20 + turn, origin=(60 * i, 0)
        )
        for i, turn in enumerate([0.0, 1.5, -1.5, 2.0, -2.0])
    ]
    alone = [heading(straight(house)[0]) for house in street]
    together = [heading(house) for house in straight(*street)]
    assert np.ptp(together) < 0.6 * np.ptp(alone)
    assert abs(np.mean(together) - 70) < 1


def test_what_has_no_straight_edges_is_left_alone() -> None:
    disc = shapely.Point(0, 0).buffer(30, quad_segs=32)
    river = shapely.LineString([(x, 30 * np.sin(x / 40)) for x in range(0, 400, 5)]).buffer(6)
    assert straight(disc, river) == [None, None]


def test_what_would_change_much_is_left_alone() -> None:
    # Two blocks joined by a lane thinner than the tolerance.
    barbell = box(0, 0, 8, 8).union(box(30, 0, 38, 8)).union(box(8, 3.5, 30, 4.5))
    for found in straight(barbell):
        assert found is None or iou(found, barbell) >= 0.85


def test_right_angles_are_right_on_the_ground_of_a_scene_in_degrees() -> None:
    # At 60° a degree of longitude is half a degree of latitude: squares are twice as wide.
    on = Grid(CRS.from_epsg(4326).to_wkt(), Affine(1e-5, 0, 10, 0, -1e-5, 60.02), 4000, 4000)
    house = affinity.rotate(box(-20, -12, 20, 12), 30)
    in_pixels = affinity.translate(affinity.scale(house, 2, 1, origin=(0, 0)), 2000, 2000)
    (found,) = straight(worn(in_pixels, noise=0.1), grid=on)
    on_ground = affinity.scale(found, 0.5, 1)
    assert corners(found) == 4
    assert np.abs(angles(on_ground)).max() < 0.1
