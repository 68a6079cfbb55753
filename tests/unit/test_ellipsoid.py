"""Areas of rings against maps that are true where the rings lie, and against geodesics."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from pyproj import Geod, Transformer
from shapely import box

from geoseg.ellipsoid import ring_areas

WGS84 = Geod(ellps="WGS84")


def degrees(polygon, crs):
    """(n, 2) longitudes and latitudes of an outline in a CRS."""
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    return np.column_stack(to_degrees.transform(*shapely.get_coordinates(polygon).T))


def areas(*outlines, geod=WGS84):
    rings = np.cumsum([0, *map(len, outlines)])
    return ring_areas(np.concatenate(outlines), rings, geod)


@pytest.mark.parametrize("latitude", [-85, 0, 27, 60])
@pytest.mark.parametrize("size", [0.3, 30, 3000])
def test_around_its_centre_a_map_tells_the_area(latitude, size):
    crs = f"+proj=tmerc +lat_0={latitude} +lon_0=85 +ellps=WGS84"
    turned = shapely.affinity.rotate(box(-size, -size / 2, size, size / 2), 30)
    outline = degrees(shapely.segmentize(turned, 100), crs)
    assert areas(outline) == pytest.approx([2 * size**2], rel=1e-6)


def test_many_rings_are_apart():
    crs = "+proj=tmerc +lat_0=27 +lon_0=85 +ellps=WGS84"
    sides = [10, 1, 100]
    rings = [degrees(box(500, 0, 500 + side, side), crs) for side in sides]
    rings[1] = rings[1][::-1]  # which way round does not matter
    assert areas(*rings) == pytest.approx(np.square(sides), rel=1e-5)


def test_across_the_antimeridian():
    outline = degrees(shapely.segmentize(box(160_000, 1000, 180_000, 9000), 500), 32601)
    assert np.ptp(outline[:, 0]) > 350
    expected = abs(WGS84.polygon_area_perimeter(*outline.T)[0])
    assert areas(outline) == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize("crs", [3031, 3413])
def test_around_a_pole(crs):
    outline = degrees(shapely.segmentize(box(-50_000, -40_000, 50_000, 50_000), 200), crs)
    expected = abs(WGS84.polygon_area_perimeter(*outline.T)[0])
    assert areas(outline, outline[::-1]) == pytest.approx([expected] * 2, rel=1e-4)


def test_the_northern_half_of_a_sphere():
    sphere = Geod(a=1, b=1)
    equator = np.column_stack([np.linspace(0, 360, 37), np.full(37, 1e-9)])
    assert areas(equator, geod=sphere) == pytest.approx([2 * np.pi], rel=1e-6)
