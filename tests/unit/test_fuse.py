"""Fusion: small scenes of two or three tiles whose answers are written out."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from geoseg.contours import polygonize
from geoseg.dialogue import UNSEEN
from geoseg.errors import InstructionError, OutputError
from geoseg.fuse import Field, Rule, Strip, fuse
from geoseg.fuse.field import STEPS, level_of, quantized
from geoseg.grid import Window
from geoseg.tiling import Tile, plan_tiles
from tests.property.fields import ASKED, SQUARES, Answers, Heard, grid_of

HEIGHT, WIDTH = 40, 112
"""Cells of the scene: two tiles of 64 columns that share 16, cores meet at column 56."""

LEFT, RIGHT = plan_tiles(4 * HEIGHT, 4 * WIDTH, window=256, overlap=64)

Box = tuple[int, int, int, int]


def seen(tile: Tile, *boxes: Box, on: float = 3.0, off: float = -3.0, score: float = 1.0) -> Heard:
    """A tile's answer: `on` in boxes of (top, bottom, left, right) cells of the scene."""
    window = tile.window
    scene = np.full((-(-window.row_end // 4), -(-window.col_end // 4)), off, np.float32)
    for top, bottom, left, right in boxes:
        scene[top:bottom, left:right] = on
    return Heard(scene[window.row_off // 4 :, window.col_off // 4 :], score)


def fused(answers: Answers, tiles: tuple[Tile, ...] = (LEFT, RIGHT), **options: object) -> Field:
    grid = grid_of(max(t.window.row_end for t in tiles), max(t.window.col_end for t in tiles))
    (field,) = fuse(answers, ASKED, tiles, grid, **options)  # type: ignore[arg-type]
    return field


def whole(field: Field) -> Strip:
    """All strips of a field as one."""
    strips = list(field.strips())
    planes = ("samples", "coverage", "n_seen", "n_found", "agreement", "score")
    joined = {name: np.concatenate([getattr(strip, name) for strip in strips]) for name in planes}
    return Strip(0, **joined)


def foreground(field: Field) -> NDArray[np.bool_]:
    strip = whole(field)
    return (strip.samples > field.level) & strip.coverage


def box(*sides: int) -> NDArray[np.bool_]:
    cells = np.zeros((HEIGHT, WIDTH), np.bool_)
    cells[sides[0] : sides[1], sides[2] : sides[3]] = True
    return cells


def test_the_plan_is_what_these_tests_think() -> None:
    assert LEFT.window == Window(0, 0, 256, 160)
    assert RIGHT.window == Window(192, 0, 256, 160)
    assert LEFT.core.col_end == 4 * 56


def test_found_leaves_a_tile_that_missed_out_of_the_mean() -> None:
    # Both see columns 48–63; the right one overlooks the thing there.
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 58)), RIGHT: seen(RIGHT)})
    field = fused(answers, rule="found")
    assert (foreground(field) == box(10, 20, 45, 58)).all()
    assert whole(field).samples[15, 50] == quantized(np.float32(3.0))


def test_found_leaves_a_tile_that_missed_out_next_to_the_region_too() -> None:
    # A miss at −8 beside the region would pull its outline inwards.
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 58), off=-0.5), RIGHT: None})
    samples = whole(fused(answers)).samples
    assert samples[9, 50] == samples[20, 50] == quantized(np.float32(-0.5))
    assert samples[9, 63] < quantized(np.float32(-0.5))


@pytest.mark.parametrize("strip_rows", [1, 10, 20, 128])
def test_next_to_the_region_holds_across_strips(strip_rows: int) -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 58), off=-0.5), RIGHT: None})
    samples = whole(fused(answers, strip_rows=strip_rows)).samples
    assert (samples == whole(fused(answers)).samples).all()


def test_blend_takes_the_mean_of_all_that_saw_it() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 58)), RIGHT: seen(RIGHT)})
    samples = whole(fused(answers, rule="blend")).samples
    bell = np.sin(np.pi * (np.arange(64) + 0.5) / 64) ** 2
    for column in (48, 52, 56, 57):
        weights = bell[column], bell[column - 48]
        mean = (3 * weights[0] - 3 * weights[1]) / sum(weights)
        assert samples[15, column] == quantized(np.float32(mean))


def test_core_lets_the_owner_decide() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 64)), RIGHT: seen(RIGHT)})
    assert (foreground(fused(answers, rule="core")) == box(10, 20, 45, 56)).all()


def test_core_asks_a_neighbour_where_the_owner_failed() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 45, 64)), RIGHT: None}, frozenset({RIGHT}))
    assert (foreground(fused(answers, rule="core")) == box(10, 20, 45, 64)).all()


def test_a_tile_that_says_nothing_counts_as_absent_in_a_blend() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 0, 64)), RIGHT: None})
    bell = np.sin(np.pi * (np.arange(64) + 0.5) / 64) ** 2
    mean = (3 * bell[50] - 8 * bell[2]) / (bell[50] + bell[2])
    assert whole(fused(answers, rule="blend")).samples[15, 50] == quantized(np.float32(mean))


def test_a_failed_tile_is_a_hole_in_the_coverage() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 40, 60)), RIGHT: seen(RIGHT)}, frozenset({RIGHT}))
    strip = whole(fused(answers))
    assert (strip.coverage == box(0, HEIGHT, 0, 64)).all()
    assert strip.n_seen[15, 50] == 1
    assert strip.agreement[15, 60 - 1] == 1.0


def test_a_tile_that_was_never_asked_is_a_hole_too() -> None:
    assert (whole(fused(Answers({RIGHT: None}))).coverage == box(0, HEIGHT, 48, WIDTH)).all()


def test_agreement_and_score_count_who_saw_and_who_found() -> None:
    answers = Answers(
        {
            LEFT: seen(LEFT, (10, 20, 30, 60), score=0.9),
            RIGHT: seen(RIGHT, (10, 20, 48, 60), score=0.5),
        }
    )
    strip = whole(fused(answers))
    assert (strip.n_seen[10:20, 30:60] == 2).all()
    assert (strip.n_found[10:20, 30:60] == 2).all()
    assert strip.score[15, 40] == pytest.approx(0.9)
    assert strip.score[15, 50] == pytest.approx(0.7)
    assert strip.n_seen[0, 0] == strip.score[0, 0] == strip.agreement[0, 0] == 0


def test_where_one_of_two_found_it_agreement_is_a_half() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 30, 60), score=0.9), RIGHT: seen(RIGHT)})
    strip = whole(fused(answers))
    assert (strip.n_seen[15, 50], strip.n_found[15, 50]) == (2, 1)
    assert strip.agreement[15, 40] == 1.0
    assert strip.agreement[15, 50] == 0.5
    assert strip.score[15, 50] == pytest.approx(0.9)


@pytest.mark.parametrize("strip_rows", [4, 128])
def test_a_region_is_one_however_many_strips_it_crosses(strip_rows: int) -> None:
    # A U whose arms are numbered apart at first; the left tile alone sees its left arm.
    arms = ((2, 38, 10, 20), (2, 38, 90, 100), (34, 38, 10, 100))
    answers = Answers({LEFT: seen(LEFT, *arms), RIGHT: seen(RIGHT, *arms)})
    strip = whole(fused(answers, strip_rows=strip_rows))
    assert strip.n_found[3, 12] == strip.n_found[3, 95] == 2
    assert (foreground(fused(answers, strip_rows=strip_rows)) == (strip.n_found > 0)).all()


@pytest.mark.parametrize(("covered", "misses"), [(1, True), (4, False)])
def test_a_tile_misses_what_it_marks_less_than_a_tenth_of(covered: int, misses: bool) -> None:
    # The right tile sees 10 × 12 cells of the region and marks `covered` rows of five.
    answers = Answers(
        {
            LEFT: seen(LEFT, (10, 20, 30, 60)),
            RIGHT: seen(RIGHT, (10, 10 + covered, 48, 53)),
        }
    )
    assert (whole(fused(answers)).n_found[15, 50] == 1) == misses


def three_tiles() -> tuple[Tile, ...]:
    """Columns 0–63, 16–79 and 32–95: all three see columns 32 to 63."""
    tiles = plan_tiles(160, 384, window=256, overlap=192)
    assert [tile.window.col_off // 4 for tile in tiles] == [0, 16, 32]
    return tiles


@pytest.mark.parametrize(("least", "stays"), [(0.0, True), (0.3, True), (0.5, False)])
def test_three_views_can_outvote_one(least: float, stays: bool) -> None:
    first, second, third = tiles = three_tiles()
    answers = Answers({first: None, second: seen(second, (10, 20, 44, 54)), third: seen(third)})
    field = fused(answers, tiles, min_agreement=least)
    assert foreground(field).any() == stays


def test_two_views_cannot_outvote_each_other() -> None:
    answers = Answers({LEFT: seen(LEFT, (10, 20, 30, 52)), RIGHT: None})
    assert foreground(fused(answers, min_agreement=1.0)).any()


RIM: Mapping[Tile, Heard | None] = {LEFT: seen(LEFT, (10, 14, 58, 63)), RIGHT: seen(RIGHT)}
"""The left tile marks something less than 32 px from its right end, where the right one looked."""


def test_what_only_a_rim_shows_is_dropped_if_others_looked_properly() -> None:
    assert not foreground(fused(Answers(RIM))).any()


def test_what_only_a_rim_shows_stays_if_nobody_else_looked() -> None:
    assert foreground(fused(Answers(RIM, frozenset({RIGHT})))).any()


def test_the_scenes_own_edge_is_no_rim() -> None:
    answers = Answers({LEFT: seen(LEFT, (0, 3, 0, 3)), RIGHT: None})
    assert (foreground(fused(answers)) == box(0, 3, 0, 3)).all()


def test_fields_can_be_told_again() -> None:
    field = fused(Answers({LEFT: seen(LEFT, (10, 20, 30, 52)), RIGHT: None}))
    first, second = whole(field), whole(field)
    assert (first.samples == second.samples).all()


def test_nothing_found_is_a_field_of_background() -> None:
    field = fused(Answers({LEFT: None, RIGHT: None}))
    assert field.target == SQUARES
    assert whole(field).coverage.all()
    assert not foreground(field).any()


def test_the_last_cells_of_an_odd_scene_are_fused_too() -> None:
    (tile,) = plan_tiles(17, 30)
    field = fused(Answers({tile: Heard(np.full((5, 8), 2.0, np.float32))}), (tile,))
    assert foreground(field).shape == (5, 8)
    assert foreground(field).all()


def test_a_threshold_is_a_probability() -> None:
    assert level_of(0.5) == 0
    assert level_of(0.9) == 2 * round(math.log(9) * STEPS)
    answers = Answers({LEFT: seen(LEFT, (10, 20, 30, 40), on=2.0), RIGHT: None})
    assert foreground(fused(answers, threshold=0.85)).any()  # logit 1.73
    assert not foreground(fused(answers, threshold=0.9)).any()  # logit 2.20


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, 40.0, math.nan])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(InstructionError, match="between 0 and 1"):
        level_of(threshold)


def test_no_sample_equals_a_level() -> None:
    logits = np.linspace(-70, 70, 9001, dtype=np.float32)
    assert (quantized(logits) % 2 == 1).all()
    some = logits[logits != 0]
    assert (quantized(-some) == -quantized(some)).all()
    assert all(level_of(p) % 2 == 0 for p in np.linspace(0.001, 0.999, 99))


def test_unknown_options_are_refused() -> None:
    answers = Answers({LEFT: None})
    with pytest.raises(InstructionError, match="'vote'"):
        fused(answers, rule="vote")
    with pytest.raises(InstructionError, match=r"1\.5"):
        fused(answers, min_agreement=1.5)


def test_a_full_disk_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(*given: object, **options: object) -> sqlite3.Connection:
        database = connect(*given, **options)  # type: ignore[arg-type, call-overload]
        database.execute("PRAGMA max_page_count = 4")
        return database

    monkeypatch.setattr(sqlite3, "connect", small)
    specks = [(row, row + 1, col, col + 1) for row in range(0, 40, 2) for col in range(0, 60, 2)]
    answers = Answers({LEFT: seen(LEFT, *specks), RIGHT: None})
    with pytest.raises(OutputError, match="disk is full") as caught:
        fused(answers)
    assert caught.value.code == "disk_full"
    assert "SQLITE_TMPDIR" in str(caught.value)


@pytest.mark.parametrize("rule", ["found", "blend", "core"])
def test_rules_agree_where_tiles_agree(rule: Rule) -> None:
    thing = (10, 20, 30, 60)
    answers = Answers({LEFT: seen(LEFT, thing), RIGHT: seen(RIGHT, thing)})
    assert (foreground(fused(answers, rule=rule)) == box(*thing)).all()


@pytest.mark.parametrize("rule", ["found", "blend", "core"])
def test_cells_without_a_valid_pixel_are_not_covered(rule: Rule) -> None:
    left = seen(LEFT, (10, 20, 45, 58))
    left.logits[12:14, 50:54] = UNSEEN
    field = fused(Answers({LEFT: left, RIGHT: seen(RIGHT, (10, 20, 45, 58))}), rule=rule)
    strip = whole(field)
    assert (strip.coverage == ~box(12, 14, 50, 54)).all()
    assert (foreground(field) == (box(10, 20, 45, 58) & ~box(12, 14, 50, 54))).all()
    (shape,) = polygonize(field)
    assert shape.touches_edge
    assert len(shape.polygon.interiors) == 1
