"""The rule `instances`: a few tiles whose things are written out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely

from geoseg.contours import Shape, polygonize
from geoseg.dialogue import UNSEEN
from geoseg.fuse import Field, fuse
from geoseg.tiling import Tile, plan_tiles
from tests.property.fields import ASKED, Answers, Heard, grid_of

HEIGHT, WIDTH = 40, 160
"""Cells of the scene: three tiles of 64 columns, each sharing 16 with the next."""

TILES = plan_tiles(4 * HEIGHT, 4 * WIDTH, window=256, overlap=64)

Box = tuple[int, int, int, int]


def drawn(tile: Tile, *boxes: Box, on: float = 3.0, off: float = -3.0) -> Heard:
    """One thing in a tile: boxes of (top, bottom, left, right) cells of the scene."""
    scene = np.full((HEIGHT, WIDTH), off, np.float32)
    for top, bottom, left, right in boxes:
        scene[top:bottom, left:right] = on
    window = tile.window
    return Heard(scene[:, window.col_off // 4 : -(-window.col_end // 4)])


def field(told: Sequence[Sequence[Box] | None], **options: object) -> Field:
    """The field of what each tile told apart; None is a tile that failed."""
    apart = {
        tile: [drawn(tile, box) for box in boxes or ()]
        for tile, boxes in zip(TILES, told, strict=True)
    }
    heard = {
        tile: drawn(tile, *boxes) if boxes else None
        for tile, boxes in zip(TILES, told, strict=True)
        if boxes is not None
    }
    answers = Answers(heard, frozenset(TILES) - frozenset(heard), apart)
    (found,) = fuse(
        answers, ASKED, TILES, grid_of(4 * HEIGHT, 4 * WIDTH), rule="instances", **options
    )  # type: ignore[arg-type]
    return found


def shapes(told: Sequence[Sequence[Box] | None], **options: object) -> list[Shape]:
    found = polygonize(field(told, **options))
    return sorted(found, key=lambda shape: shape.polygon.bounds[0])


def bounds(shape: Shape) -> tuple[int, ...]:
    """The polygon's box, in cells: top, bottom, left, right."""
    left, top, right, bottom = (round(value / 4) for value in shape.polygon.bounds)
    return top, bottom, left, right


LONE = (2, 5, 2, 5)
"""A thing far away, so that a tile has two to tell apart."""


def test_the_plan_is_what_these_tests_think() -> None:
    assert [tile.window.col_off // 4 for tile in TILES] == [0, 48, 96]


def test_things_that_touch_stay_apart() -> None:
    left, right = shapes([[(10, 20, 10, 20), (10, 20, 20, 30)], [], []])
    assert (bounds(left), bounds(right)) == ((10, 20, 10, 20), (10, 20, 20, 30))
    assert left.polygon.intersection(right.polygon).area == 0
    # They meet half way between the centres of their last and first cells.
    assert left.polygon.bounds[2] == right.polygon.bounds[0] == pytest.approx(80, abs=0.01)


def test_one_thing_in_two_tiles_is_one_polygon() -> None:
    across = (10, 20, 40, 60)
    told = [[(10, 20, 40, 60), LONE], [(10, 20, 48, 60)], []]
    _, (shape,) = LONE, [s for s in shapes(told) if bounds(s) != LONE]
    assert bounds(shape) == across
    assert (shape.n_found, shape.n_seen) == (2, 2)


def test_neighbours_in_the_shared_rectangle_are_not_mixed_up() -> None:
    pair = [(10, 20, 44, 54), (10, 20, 54, 62)]
    found = shapes([pair, pair, []])
    assert [bounds(shape) for shape in found] == pair
    assert [shape.n_found for shape in found] == [2, 2]


def test_a_thing_longer_than_the_windows_is_one_polygon() -> None:
    road = (18, 21, 3, 157)
    (shape,) = [s for s in shapes([[road, LONE], [road], [road]]) if bounds(s) != LONE]
    assert bounds(shape) == road
    assert shape.n_found == 3


def test_a_fragment_at_the_rim_of_what_another_tile_saw_whole_is_dropped() -> None:
    # The middle tile saw columns 56 and on properly; the left one ends at 64.
    told = [[LONE, (10, 20, 62, 64)], [(10, 20, 62, 76)], []]
    assert [bounds(shape) for shape in shapes(told)] == [LONE, (10, 20, 62, 76)]
    told = [[LONE, (30, 34, 60, 64)], [(10, 20, 62, 76)], []]
    assert [bounds(shape) for shape in shapes(told)] == [LONE, (10, 20, 62, 76)]


def test_a_fragment_stays_where_nobody_else_looked() -> None:
    told = [[LONE, (30, 34, 60, 64)], None, []]
    assert [bounds(shape) for shape in shapes(told)][1] == (30, 34, 60, 64)


def test_a_single_drawing_is_one_thing_among_others() -> None:
    told = [[LONE, (10, 20, 40, 60)], [(10, 20, 48, 60)], []]
    assert len(shapes(told)) == 2


def test_without_several_things_the_rule_is_found() -> None:
    one = [[], [(10, 20, 70, 80)], []]
    heard = {
        tile: drawn(tile, *boxes) if boxes else None for tile, boxes in zip(TILES, one, strict=True)
    }
    fields = [
        next(fuse(Answers(heard), ASKED, TILES, grid_of(4 * HEIGHT, 4 * WIDTH), rule=rule))
        for rule in ("found", "instances")
    ]
    plain, apart = (next(field.strips()) for field in fields)
    assert (plain.samples == apart.samples).all()
    assert apart.apart == ()


@pytest.mark.parametrize(("least", "kept"), [(0.0, True), (0.5, False)])
def test_what_too_few_tiles_found_is_left_out(least: float, kept: bool) -> None:
    tiles = plan_tiles(160, 4 * 88, window=256, overlap=208)
    assert len(tiles) == 3
    lone, thing = (2, 5, 2, 5), (10, 20, 40, 46)
    apart = {tiles[0]: [drawn(tiles[0], lone), drawn(tiles[0], thing)]}
    heard = {tiles[0]: drawn(tiles[0], lone, thing), tiles[1]: None, tiles[2]: None}
    (found,) = fuse(
        Answers(heard, apart=apart),
        ASKED,
        tiles,
        grid_of(160, 4 * 88),
        rule="instances",
        min_agreement=least,
    )
    assert (thing in [bounds(shape) for shape in polygonize(found)]) == kept


@pytest.mark.parametrize("rows", [1, 7, 128])
def test_strips_do_not_matter(rows: int) -> None:
    told = [
        [(10, 20, 10, 20), (10, 20, 20, 30), (15, 35, 40, 60)],
        [(15, 35, 48, 60), (15, 30, 60, 70)],
        [LONE, (0, 12, 110, 130), (12, 40, 110, 130)],
    ]
    assert [s.polygon.wkb for s in shapes(told, strip_rows=rows)] == [
        s.polygon.wkb for s in shapes(told)
    ]


def test_polygons_of_touching_things_never_overlap() -> None:
    random = np.random.default_rng(4)
    edges = np.sort(random.choice(np.arange(1, 47), 8, replace=False))
    things = []
    for left, right in pairwise(edges.tolist()):
        scene = random.normal(-2, 1, (HEIGHT, 64)).astype(np.float32)
        scene[5:35, left:right] = random.normal(2, 1, (30, right - left))
        things.append(Heard(scene))
    answers = Answers({TILES[0]: things[0]}, apart={TILES[0]: things})
    (found,) = fuse(answers, ASKED, TILES, grid_of(4 * HEIGHT, 4 * WIDTH), rule="instances")
    polygons = np.array([shape.polygon for shape in polygonize(found)])
    assert shapely.is_valid(polygons).all()
    assert shapely.union_all(polygons).area == pytest.approx(shapely.area(polygons).sum())


def test_a_thing_cut_by_cells_without_a_valid_pixel_reaches_an_edge() -> None:
    cut, whole = drawn(TILES[0], (10, 20, 10, 20)), drawn(TILES[0], (10, 20, 30, 40))
    for one in (cut, whole):
        one.logits[:, 20:26] = UNSEEN
    answers = Answers({TILES[0]: cut}, apart={TILES[0]: [cut, whole]})
    (found,) = fuse(answers, ASKED, TILES, grid_of(4 * HEIGHT, 4 * WIDTH), rule="instances")
    assert {bounds(shape): shape.touches_edge for shape in polygonize(found)} == {
        (10, 20, 10, 20): True,
        (10, 20, 30, 40): False,
    }
