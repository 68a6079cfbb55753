"""Contours: rings at known positions."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import shapely

from geoseg.contours import Shape, polygonize
from geoseg.fuse import Field, Strip
from geoseg.grid import Window
from tests.property.fields import SQUARES, field_of, grid_of


def shapes(text: str, **options: object) -> list[Shape]:
    """Polygons of a drawing: `#` is foreground, `?` was not seen."""
    rows = text.split()
    cells = np.array([list(row) for row in rows])
    logits = np.where(cells == "#", 2.0, -2.0)
    return list(polygonize(field_of(logits, coverage=cells != "?", **options)))  # type: ignore[arg-type]


def corners(polygon: shapely.Polygon) -> set[tuple[float, float]]:
    """Where the outer ring turns."""
    return set(polygon.simplify(0).exterior.coords)


def test_the_outline_runs_where_the_logit_crosses_the_level() -> None:
    # Logits fall by 1 per cell of 4 px: the level lies 1.25 cells right of the first centre, 2 px.
    ramp = np.tile(1.25 - np.arange(6.0), (5, 1))
    (shape,) = polygonize(field_of(ramp))
    left, top, right, bottom = shape.polygon.bounds
    assert (left, top, bottom) == (0, 0, 20)
    # Samples are odd multiples of 1/512 of a logit, half a step from the logit itself.
    assert right == pytest.approx(2 + 1.25 * 4, abs=0.01)


def test_one_cell_becomes_a_diamond_between_the_centres() -> None:
    logits = np.full((3, 3), -1.0)
    logits[1, 1] = 3.0
    (shape,) = polygonize(field_of(logits))
    expected = [(6, 3), (9, 6), (6, 9), (3, 6)]
    np.testing.assert_allclose(shape.polygon.exterior.coords[:-1], expected, atol=0.02)
    assert not shape.touches_edge


def test_outer_rings_begin_at_the_top_and_turn_from_x_to_y() -> None:
    (shape,) = shapes("..... .###. .#.#. .###. .....")
    x, y = np.array(shape.polygon.exterior.coords).T
    assert (y[0], x[0]) == min(zip(y, x, strict=True))
    assert shapely.is_ccw(shape.polygon.exterior)
    (hole,) = shape.polygon.interiors
    assert not shapely.is_ccw(hole)


@pytest.mark.parametrize("size", [(20, 20), (19, 18), (17, 17)])
def test_a_full_scene_is_its_own_rectangle(size: tuple[int, int]) -> None:
    # The last cells stick out of the scene by up to 3 px; the polygon does not.
    (shape,) = polygonize(field_of(np.full((5, 5), 2.0), size=size))
    assert corners(shape.polygon) == set(shapely.box(0, 0, size[1], size[0]).exterior.coords)
    assert shape.touches_edge


def test_a_thing_cut_by_the_scene_ends_on_its_edge() -> None:
    (shape,) = shapes("##.. ##.. .... ....")
    assert shape.polygon.bounds[:2] == (0, 0)
    assert (0.0, 0.0) in corners(shape.polygon)
    assert shape.touches_edge


def test_the_outline_follows_the_end_of_the_coverage() -> None:
    (shape,) = shapes("##### ##### ##??# ##??# #####")
    hole = shapely.Polygon(shape.polygon.interiors[0])
    assert hole.equals(shapely.box(8, 8, 16, 16))
    assert shape.touches_edge


def test_the_outline_meets_the_end_of_the_coverage_at_a_right_angle() -> None:
    (shape,) = shapes("....? .##.? .##?? .##?? .....", rows=2)
    # The covered column ends at x = 12; foreground reaches it in rows 2 and 3 only.
    assert shape.polygon.bounds[2] == pytest.approx(12, abs=0.01)
    assert shape.touches_edge
    assert shape.polygon.is_valid


def test_an_island_in_a_hole_is_a_polygon_of_its_own() -> None:
    found = shapes("####### #.....# #.###.# #.###.# #.###.# #.....# #######")
    assert sorted(len(shape.polygon.interiors) for shape in found) == [0, 1]
    assert found[0].polygon.disjoint(found[1].polygon)


@pytest.mark.parametrize(("weak", "parts"), [(-1.0, 1), (-3.0, 2)])
def test_cells_that_touch_by_a_corner_are_joined_if_the_middle_is_foreground(
    weak: float, parts: int
) -> None:
    logits = np.full((4, 4), weak)
    logits[1, 1] = logits[2, 2] = 2.0
    found = list(polygonize(field_of(logits, rows=2)))
    assert len(found) == parts
    assert all(shape.polygon.is_valid for shape in found)


def test_nobody_joins_cells_across_what_nobody_saw() -> None:
    assert len(shapes("#? ?#")) == 2


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_a_spiral_is_one_polygon_for_any_strips(rows: int) -> None:
    spiral = """
        .........
        .#######.
        .#.....#.
        .#.###.#.
        .#.#...#.
        .#.#####.
        .#.......
        .########
        ........."""
    (shape,) = shapes(spiral, rows=rows)
    assert not shape.polygon.interiors
    assert shape.polygon.is_valid


def test_branches_that_meet_below_are_one_polygon_with_holes() -> None:
    (shape,) = shapes("#.#.# #.#.# ##### #.#.# #####", rows=1)
    assert len(shape.polygon.interiors) == 2


def test_pixel_edges_have_points_at_turns_alone() -> None:
    (shape,) = polygonize(
        field_of(np.pad(np.full((3, 2), 2.0), 1, constant_values=-2)), pixel_edges=True
    )
    assert set(shape.polygon.exterior.coords) == {(4, 4), (12, 4), (12, 16), (4, 16)}
    assert len(shape.polygon.exterior.coords) == 5
    assert not shape.touches_edge


def test_pixel_edges_that_close_on_a_corner_leave_a_hole() -> None:
    cells = np.array([list(row) for row in (".###", "#..#", "#..#", "####")]) == "#"
    found = list(polygonize(field_of(np.where(cells, 2.0, -2.0)), pixel_edges=True))
    assert all(shape.polygon.is_valid for shape in found)
    assert sum(shape.polygon.area for shape in found) == 16 * cells.sum()


def test_score_and_agreement_are_means_over_the_cells() -> None:
    logits = np.full((6, 6), -2.0)
    logits[1:5, 2:4] = 2.0
    score = np.zeros((6, 6), np.float32)
    score[1:5, 2:4] = np.array([0.1, 0.2, 0.3, 0.8])[:, None]
    for rows in (2, 6):
        (shape,) = polygonize(field_of(logits, rows=rows, score=score))
        assert shape.score == pytest.approx(0.35)
        assert (shape.agreement, shape.n_seen, shape.n_found) == (0.5, 2, 1)


def test_without_numba_large_fields_are_traced_all_the_same(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "geoseg.contours.compiled", None)
    monkeypatch.delattr("geoseg.contours.compiled", raising=False)
    monkeypatch.setattr("geoseg.contours._LARGE", 1)
    field = field_of(np.pad(np.full((3, 3), 2.0), 1, constant_values=-2))
    assert len(list(polygonize(field))) == 1
    with pytest.raises(ImportError):
        list(polygonize(field, compiled=True))


def test_an_empty_field_has_no_polygons() -> None:
    assert shapes(".... ....") == []
    assert shapes("???? ????") == []


def test_small_things_far_from_the_origin_keep_their_side() -> None:
    # A speck of 1e-8 px² at 400 000 px: its sign must not drown in the coordinates.
    samples = np.full((3, 3), -32767, np.int16)
    samples[1, 1] = 1
    strip = Strip(0, samples, *(np.ones((3, 3), kind) for kind in "?HHff"))  # type: ignore[arg-type]
    blank = Strip(0, *(np.zeros((64, 3), kind) for kind in "h?HHff"))  # type: ignore[arg-type]
    height = 64 * 1600 + 3
    field = Field(
        SQUARES,
        grid_of(height * 4, 12),
        4,
        0,
        lambda: iter([blank] * 1600 + [replace(strip, row_off=64 * 1600)]),
    )
    (shape,) = polygonize(field)
    assert shape.polygon.is_valid
    assert 0 < shape.polygon.area < 1e-6


def test_the_grid_of_a_field_is_the_scene_in_cells() -> None:
    field = field_of(np.zeros((3, 5)), size=(10, 18))
    assert field.grid.window == Window(0, 0, 5, 3)
