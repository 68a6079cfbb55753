"""Which masks can be used: counts, shapes, what people said."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.lasers.filtering import FilterSettings, count_mismatch, filter_masks
from training.lasers.gold import Accepting, collect_gold, outside, ranges, read_gold
from training.lasers.review.decisions import Decision, add_decisions
from training.lasers.rows import MaskRow, read_lines, read_rows, write_rows
from training.lasers.shapes import Shape
from training.lasers.stages import Workplace

SMALL = Accepting(small=True)


@pytest.fixture
def place(tmp_path):
    """A place in which these masks came out of stage 1, each with a box."""

    def start(*rows):
        boxes = Counter((row.picture, row.category) for row in rows)
        rows = [replace(row, boxes=boxes[row.picture, row.category]) for row in rows]
        write_rows(tmp_path / "stage1.jsonl", rows)
        return Workplace(tmp_path)

    return start


def kept(place):
    return {row.id for row in read_rows(place.folder / "stage2.jsonl", MaskRow)}


def rejected(place):
    rows = read_lines(place.folder / "stage2.rejected.jsonl")
    return {row["id"]: (row["reason"], row["detail"]) for row in rows}


def judge(place, kind, row, **points):
    add_decisions(place.folder, [Decision(kind, row.id, "Ann", points, "", "2026-01-01")])


def test_as_many_pieces_as_boxes_stay(mask_row, place):
    one, two = mask_row((2, 2, 9, 9)), mask_row((20, 20, 30, 30))
    here = place(one, two)
    counts = filter_masks(here, FilterSettings()).counts
    assert kept(here) == {one.id, two.id}
    assert counts["rejected"] == {}


def test_merged_things_go(mask_row, place):
    one, touching = mask_row((2, 2, 10, 10)), mask_row((10, 2, 20, 10))
    elsewhere, other = (
        mask_row((2, 2, 10, 10), picture="b.png"),
        mask_row((40, 40, 50, 50), "plane"),
    )
    here = place(one, touching, elsewhere, other)
    filter_masks(here, FilterSettings())
    assert kept(here) == {elsewhere.id, other.id}
    assert rejected(here)[one.id] == ("count", ["1 pieces, 2 boxes"])


def test_fragments_go_unless_they_are_too_small_to_count(mask_row, place):
    from training.lasers.rows import make_mask

    mask = mask_row((2, 2, 10, 10)).decode()
    mask[30, 30] = True
    row = make_mask(
        "a.png", encode_rle(mask), "samrs", category="ship", given=(2.0, 2.0, 31.0, 31.0)
    )
    here = place(row)
    filter_masks(here, FilterSettings())
    assert rejected(here)[row.id] == ("count", ["2 pieces, 1 boxes"])
    filter_masks(here, FilterSettings(min_component_px=5))
    assert kept(here) == {row.id}


def test_counting_pieces_that_touch_at_corners():
    mask = np.zeros((8, 8), bool)
    mask[1:3, 1:3] = mask[3:5, 3:5] = True
    assert count_mismatch(mask, 1) is None
    assert count_mismatch(mask, 2) == 1


def test_shapes_unlike_verified_ones_go(mask_row, place, tmp_path):
    good = [mask_row((4, 4, 24, 23 + n), picture=f"{n}.png") for n in range(5)]
    long = mask_row((4, 4, 60, 10), picture="long.png")
    free = mask_row((4, 4, 60, 10), "plane", picture="long.png")
    here = place(*good, long, free)
    for row in good:
        judge(here, "gold", row, coherence=True, boundary=True)
    judge(here, "gold", long, coherence=True, boundary=False)
    assert collect_gold(here, ["ship"], 50, tmp_path / "gold.json") == {"ship": 5}
    with pytest.raises(InstructionError, match="5 verified masks where 50 are asked for"):
        filter_masks(here, FilterSettings(gold=tmp_path / "gold.json"))
    settings = FilterSettings(gold=tmp_path / "gold.json", accepting=SMALL)
    counts = filter_masks(here, settings).counts
    assert kept(here) == {*(row.id for row in good), free.id}
    reason, properties = rejected(here)[long.id]
    assert reason == "shape"
    assert "eccentricity" in properties
    assert counts["shapes_rejected_by"]["eccentricity"] == 1
    assert counts["gold"] == {"ship": 5}


def test_a_gold_set_keeps_who_verified_what(mask_row, place, tmp_path):
    row, other = mask_row((4, 4, 24, 24)), mask_row((4, 4, 24, 24), "plane")
    here = place(row, other)
    for one in (row, other):
        judge(here, "gold", one, coherence=True, boundary=True)
    collect_gold(here, ["ship"], 50, tmp_path / "gold.json")
    collect_gold(here, ["plane"], 50, tmp_path / "gold.json")
    content = json.loads((tmp_path / "gold.json").read_text())
    assert set(content) == {"ship", "plane"}
    (entry,) = content["ship"]
    assert (entry["id"], entry["picture"], entry["reviewer"]) == (row.id, "a.png", ["Ann"])
    assert read_gold(tmp_path / "gold.json")["ship"][0].extent == 1
    with pytest.raises(DataError, match="nobody verified a mask of 'bridge'"):
        collect_gold(here, ["bridge"], 50, tmp_path / "gold.json")
    (tmp_path / "gold.json").write_text("[]")
    with pytest.raises(DataError, match="no lists of masks by category"):
        read_gold(tmp_path / "gold.json")


def shapes(*extents):
    return [Shape(0.5, 0.5, 0.9, 0.9, extent) for extent in extents]


def test_ranges_are_mean_and_sigmas_or_quantiles():
    verified = shapes(0.4, 0.5, 0.6)
    by_sigma = ranges(verified, SMALL)["extent"]
    assert (by_sigma.low, by_sigma.high) == pytest.approx((0.2, 0.8))
    by_quantile = ranges(verified, Accepting(quantiles=(0.25, 0.75), small=True))["extent"]
    assert (by_quantile.low, by_quantile.high) == pytest.approx((0.45, 0.55))
    assert outside(shapes(0.19)[0], ranges(verified, SMALL)) == ("extent",)
    assert outside(shapes(0.21)[0], ranges(verified, SMALL)) == ()
    assert outside(shapes(0.5)[0], ranges(shapes(0.5, 0.5), SMALL)) == ()
    assert len(ranges(shapes(*[0.5] * 50), Accepting())) == 5
    with pytest.raises(InstructionError, match="quantiles rise"):
        Accepting(quantiles=(0.9, 0.1))


def test_proposed_masks_are_for_people_to_judge(mask_row, place):
    good, bad, unseen = (mask_row((n, 4, n + 9, 20), None, source="global") for n in (1, 20, 40))
    here = place(good, bad, unseen)
    judge(here, "mask", good, coherence=True, boundary=True)
    judge(here, "mask", bad, coherence=True, boundary=False)
    counts = filter_masks(here, FilterSettings()).counts
    assert kept(here) == {good.id, unseen.id}
    assert rejected(here) == {bad.id: ("review", ["boundary"])}
    assert counts["kept_unreviewed"] == 1
    filter_masks(here, FilterSettings(unreviewed="drop"))
    assert kept(here) == {good.id}
