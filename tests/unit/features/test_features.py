"""Features against known places and areas: metres, degrees, rotated grids, cut and reprojected."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from affine import Affine
from pyproj import CRS, Geod, Transformer
from shapely import Polygon, box

from geoseg.contours import Shape
from geoseg.dialogue import Target
from geoseg.errors import SceneError
from geoseg.features import SIMPLIFY_PX, Shaping, features
from geoseg.grid import Grid

UTM = CRS.from_epsg(32632).to_wkt()
HALF_METRE = Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000)
TARGET = Target("roof")


def grid(transform=HALF_METRE, crs=UTM):
    return Grid(crs, transform, 4000, 4000)


def shape(polygon, **known):
    facts = {"score": 0.9, "agreement": 0.75, "n_seen": 4, "n_found": 3, "touches_edge": False}
    return Shape(polygon=polygon, **(facts | known))


def make(*polygons, on=None, clip=None, crs=None, **options):
    shaping = Shaping(**options)
    shapes = map(shape, polygons)
    return list(features(shapes, TARGET, on or grid(), shaping=shaping, clip=clip, crs=crs))


def test_pixels_become_ground_and_facts_stay():
    (found,) = make(box(10, 20, 30, 60))
    assert found.geometry.bounds == (500_005, 5_199_970, 500_015, 5_199_990)
    assert found.target == TARGET
    assert (found.score, found.agreement, found.n_seen, found.n_found) == (0.9, 0.75, 4, 3)
    assert not found.touches_edge


def test_area_is_geodesic_not_of_the_map():
    # On the central meridian UTM shrinks lengths by 0.9996, so the ground is larger.
    (found,) = make(box(0, 0, 200, 200))
    assert found.geometry.area == pytest.approx(10_000)
    assert found.area_m2 == pytest.approx(10_000 / 0.9996**2, rel=1e-5)


def test_holes_are_not_area():
    plate = Polygon(box(0, 0, 100, 100).exterior, [box(25, 25, 75, 75).exterior])
    (found,) = make(plate)
    assert found.area_m2 == pytest.approx(2500 * 0.75 / 0.9996**2, rel=1e-5)
    assert len(found.geometry.interiors) == 1


def test_area_of_a_scene_in_degrees():
    on = grid(Affine(1e-5, 0, 85, 0, -1e-5, 27.7), CRS.from_epsg(4326).to_wkt())
    (found,) = make(box(0, 0, 1000, 500), on=on)
    expected = Geod(ellps="WGS84").geometry_area_perimeter(box(85, 27.695, 85.01, 27.7))[0]
    assert found.area_m2 == pytest.approx(abs(expected), rel=1e-6)


def test_long_edges_follow_the_map_not_the_geodesic():
    # 20° along a parallel: the geodesic between the corners bulges by more than 100 km.
    on = Grid(CRS.from_epsg(4326).to_wkt(), Affine(0.005, 0, 0, 0, -0.005, 61), 4000, 4000)
    (found,) = make(box(0, 0, 4000, 200), on=on)
    ring = shapely.segmentize(box(0, 60, 20, 61), 0.01)
    expected = abs(Geod(ellps="WGS84").geometry_area_perimeter(ring)[0])
    corners = abs(Geod(ellps="WGS84").geometry_area_perimeter(box(0, 60, 20, 61))[0])
    assert found.area_m2 == pytest.approx(expected, rel=1e-4)
    assert abs(corners / expected - 1) > 1e-3


@pytest.mark.parametrize(
    "bounds",
    [(-20, -20, 20, 20), (-20, 0, 20, 40), (0, 0, 40, 40), (3, -7, 43, 33), (60, 80, 100, 120)],
    ids=["around", "at its edge", "at its corner", "off centre", "beside"],
)
def test_area_at_a_pole(bounds):
    # 10 m pixels; edges of 400 m cross many meridians, and some the pole itself.
    on = Grid(CRS.from_epsg(3413).to_wkt(), Affine(10, 0, 0, 0, -10, 0), 4000, 4000)
    hole = shapely.affinity.scale(box(*bounds), 0.5, 0.5).exterior
    found = make(box(*bounds), Polygon(box(*bounds).exterior, [hole]), on=on)
    shrunk = (1 + np.sin(np.radians(70))) / 2  # true to scale at 70°, by about so much at the pole
    expected = 400**2 / shrunk**2
    areas = [one.area_m2 for one in found]
    assert areas == pytest.approx([expected, expected * 0.75], rel=1e-2)
    assert areas[1] == pytest.approx(areas[0] * 0.75, rel=1e-4)


def test_area_in_feet_and_in_grads():
    feet = CRS.from_epsg(2263).to_wkt()
    (found,) = make(box(0, 0, 100, 100), on=grid(Affine(1, 0, 980_000, 0, -1, 200_000), feet))
    assert found.area_m2 == pytest.approx(10_000 * 0.3048006**2, rel=1e-3)
    paris = CRS.from_epsg(27572).to_wkt()  # its longitudes count grads from Paris
    (found,) = make(box(0, 0, 100, 100), on=grid(Affine(1, 0, 600_000, 0, -1, 2_200_000), paris))
    assert found.area_m2 == pytest.approx(10_000, rel=1e-3)


def test_a_site_without_ellipsoid_is_measured_in_its_plane():
    site = 'LOCAL_CS["site",UNIT["foot",0.3048],AXIS["x",EAST],AXIS["y",NORTH]]'
    (found,) = make(box(0, 0, 10, 10), on=grid(Affine(2, 0, 0, 0, -2, 0), site))
    assert found.area_m2 == pytest.approx(400 * 0.3048**2)


@pytest.mark.parametrize(
    "transform",
    [
        HALF_METRE,
        Affine(0.5, 0, 500_000, 0, 0.5, 5_200_000),  # rows count northwards
        Affine.translation(500_000, 5_200_000) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5),
    ],
)
def test_rings_turn_the_right_way_whatever_the_transform(transform):
    plate = Polygon(box(0, 0, 100, 100).exterior, [box(25, 25, 75, 75).exterior])
    (found,) = make(plate, on=grid(transform))
    assert found.geometry.exterior.is_ccw
    assert not found.geometry.interiors[0].is_ccw
    assert found.geometry.area == pytest.approx(1875)


def test_a_rotated_grid_places_corners():
    turned = Affine.translation(500_000, 5_200_000) @ Affine.rotation(90) @ Affine.scale(0.5, -0.5)
    (found,) = make(box(0, 0, 10, 20), on=grid(turned))
    assert found.geometry.bounds == pytest.approx((500_000, 5_200_000, 500_010, 5_200_005))


def test_simplifying_moves_no_point_further_than_promised():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = Polygon(np.column_stack([500 + 60 * np.cos(angles), 500 + 60 * np.sin(angles)]))
    (found,) = make(circle, on=grid(Affine.identity()))
    assert len(found.geometry.exterior.coords) < 70
    assert found.geometry.hausdorff_distance(circle) <= SIMPLIFY_PX


def test_a_polygon_that_simplifying_would_break_stays_as_it_was():
    hole = box(50, 50, 50.2, 50.2)  # smaller than the tolerance, but a fact
    plate = Polygon(box(0, 0, 100, 100).exterior, [hole.exterior])
    speck = box(0, 0, 0.3, 0.3)
    neck = Polygon([(0, 0), (10, 0), (10, 4), (5, 0.1), (0, 4)])
    found = make(plate, speck, neck, on=grid(Affine.identity()), simplify_px=0.5)
    assert len(found[0].geometry.interiors) == 1
    assert found[1].geometry.area == pytest.approx(0.09)
    assert all(one.geometry.is_valid for one in found)


def test_small_ones_are_left_out_by_their_area_on_the_ground():
    found = make(box(0, 0, 9, 9), box(20, 0, 31, 11), min_area_m2=25)
    assert [one.geometry.bounds[0] for one in found] == [500_010]


def test_clipping_cuts_splits_and_marks():
    area = shapely.union(
        box(500_000, 5_199_000, 500_010, 5_200_000), box(500_020, 5_199_000, 500_030, 5_200_000)
    )
    inside, across, outside = box(2, 2, 8, 8), box(10, 10, 50, 20), box(200, 0, 210, 10)
    found = make(inside, across, outside, clip=area)
    assert [one.touches_edge for one in found] == [False, True, True]
    assert [one.geometry.area for one in found] == pytest.approx([9, 25, 25])
    assert found[1].area_m2 == pytest.approx(25 / 0.9996**2, rel=1e-5)
    assert all(isinstance(one.geometry, Polygon) for one in found)


def test_what_meets_the_area_only_at_its_edge_is_outside():
    area = box(500_000, 5_199_000, 500_010, 5_200_000)
    assert make(box(20, 0, 40, 10), clip=area) == []


def test_another_crs():
    degrees = CRS.from_epsg(4326).to_wkt()
    (found,) = make(box(0, 0, 200, 200), crs=degrees)
    to_degrees = Transformer.from_crs(UTM, degrees, always_xy=True)
    assert found.geometry.bounds[:2] == pytest.approx((9.0, 46.95), abs=0.05)
    corner = to_degrees.transform(500_100, 5_199_900)
    assert shapely.distance(found.geometry, shapely.Point(corner)) < 1e-9
    assert found.geometry.exterior.is_ccw
    assert found.area_m2 == pytest.approx(10_000 / 0.9996**2, rel=1e-5)


def test_the_scenes_own_crs_asked_for_changes_nothing():
    (plain,), (asked,) = make(box(0, 0, 2000, 200)), make(box(0, 0, 2000, 200), crs=UTM)
    assert plain.geometry.equals_exact(asked.geometry)


def test_a_place_outside_the_crs_is_said():
    nowhere = grid(Affine(1, 0, 1e12, 0, -1, 0))
    with pytest.raises(SceneError, match="has no position in"):
        make(box(0, 0, 10, 10), on=nowhere)


def test_more_than_a_batch_keeps_order():
    boxes = [box(i, 0, i + 0.9, 1) for i in range(1300)]
    found = make(*boxes)
    assert [round((one.geometry.bounds[0] - 500_000) * 2) for one in found] == list(range(1300))


def test_nothing_in_nothing_out():
    assert make() == []
