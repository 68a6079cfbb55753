"""Things of different names that touch are simplified beside one another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely import Polygon, box

from geoseg.contours import Shape
from geoseg.dialogue import Target
from geoseg.errors import OutputError
from geoseg.features import Outlines, Shaping, Traced, features, outlines
from geoseg.grid import Grid

GRID = Grid(CRS.from_epsg(32632).to_wkt(), Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000), 4000, 4000)


def shape(polygon: Polygon) -> Shape:
    return Shape(polygon, 0.9, 0.75, 4, 3, touches_edge=False)


def strips(count: int) -> list[Polygon]:
    """Polygons side by side; each has a wavy border of 200 points with the next."""
    random = np.random.default_rng(2)
    y = np.linspace(0, 100, 200)
    borders = [
        np.stack([20.0 * i + (random.normal(0, 1, 200) if 0 < i < count else 0 * y), y], axis=1)
        for i in range(count + 1)
    ]
    return [Polygon(np.concatenate([left, right[::-1]])) for left, right in pairwise(borders)]


def simplified(traced: Traced) -> list[Polygon]:
    shaping = Shaping(simplify_px=2.0)
    return [one.geometry for one in features(traced, Target("thing"), GRID, shaping=shaping)]


def test_nothing_comes_between_things_that_touch() -> None:
    road, *houses, field = strips(6)
    far = [box(i, 500, i + 0.9, 501) for i in range(600)]
    with Outlines() as kept:
        # The first house is three batches away from the others.
        names = [
            kept.keep(0, map(shape, group))
            for group in ([road], [houses[0], *far, *far, *houses[1:]], [field])
        ]
        found = [polygon for name in names for polygon in simplified(name)]
    near = np.array([one for one in found if one.area > 1])
    assert len(near) == 6
    assert shapely.is_valid(near).all()
    assert shapely.get_num_coordinates(near).sum() < 0.5 * 6 * 400
    whole = shapely.union_all(near)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(120 * 100 / 4, rel=1e-9)
    assert shapely.area(near).sum() == pytest.approx(whole.area, rel=1e-9)


def test_each_scene_is_a_plane_of_its_own() -> None:
    left, right = strips(2)
    with Outlines() as kept:
        alone = kept.keep(0, [shape(left)])
        kept.keep(1, [shape(right)])
        assert not alone.around(np.array([left]), slice(0, 1)).met.any()
        (found,) = simplified(alone)
        kept.keep(0, [shape(right)])
        assert alone.around(np.array([left]), slice(0, 1)).met.all()
        (beside,) = simplified(alone)
    assert not found.equals(beside)


def test_shapes_come_back_as_they_were() -> None:
    given = [
        Shape(polygon, 0.1 * i, 1 / 3, i + 2, i, bool(i % 2)) for i, polygon in enumerate(strips(5))
    ]
    with Outlines() as kept:
        kept.keep(0, map(shape, strips(1)))
        back = list(kept.keep(0, given).shapes())
    for before, after in zip(given, back, strict=True):
        assert after.polygon.equals_exact(before.polygon, 0)
        for name in ("score", "agreement", "n_seen", "n_found", "touches_edge"):
            assert getattr(after, name) == getattr(before, name)
            assert type(getattr(after, name)) is type(getattr(before, name))


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "_SCHEMA", outlines._SCHEMA + "PRAGMA max_page_count = 12;")
    with Outlines() as kept, pytest.raises(OutputError, match="SQLITE_TMPDIR") as caught:
        kept.keep(0, map(shape, strips(40)))
    assert caught.value.code == "disk_full"
