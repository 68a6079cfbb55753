"""Rows on disk, and boxes."""

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.lasers.rows import (
    MaskRow,
    QuestionRow,
    make_mask,
    read_rows,
    unions_of,
    write_rows,
)


def test_two_hundred_masks_come_back_as_they_were(tmp_path):
    random = np.random.default_rng(0)
    masks = []
    for _ in range(200):
        height, width = random.integers(1, 60, 2)
        mask = random.random((height, width)) < random.random()
        mask[random.integers(height), random.integers(width)] = True
        masks.append(mask)
    rows = [
        make_mask(f"{n}.png", encode_rle(mask), "global", quality=0.5)
        for n, mask in enumerate(masks)
    ]
    write_rows(tmp_path / "rows.jsonl", rows)
    again = read_rows(tmp_path / "rows.jsonl", MaskRow)
    for row, other, mask in zip(rows, again, masks, strict=True):
        assert np.array_equal(other.decode(), mask)
        assert (other.id, other.box, other.quality) == (row.id, row.box, 0.5)


def test_boxes_are_tight_and_half_open():
    mask = np.zeros((10, 12), bool)
    assert make_mask("a.png", encode_rle(mask), "global") is None
    mask[4, 7] = True
    assert make_mask("a.png", encode_rle(mask), "global").box == (7, 4, 8, 5)
    mask[9, 0] = True
    assert make_mask("a.png", encode_rle(mask), "global").box == (0, 4, 8, 10)


def test_ids_follow_from_what_a_row_says(mask_row):
    one = mask_row((1, 1, 5, 5))
    assert one.id == mask_row((1, 1, 5, 5)).id
    others = [
        mask_row((1, 1, 5, 6)),
        mask_row((1, 1, 5, 5), category="plane"),
        mask_row((1, 1, 5, 5), picture="b.png"),
        mask_row((1, 1, 5, 5), source="coco"),
    ]
    assert len({one.id, *(other.id for other in others)}) == 5


@pytest.mark.parametrize("line", ["{", "[1]", '{"id": "1"}', '{"what": 1}'])
def test_lines_that_are_no_rows(tmp_path, line):
    (tmp_path / "rows.jsonl").write_text(f"{line}\n")
    with pytest.raises(DataError, match=r"rows\.jsonl, line 1: is no (MaskRow|JSON)"):
        read_rows(tmp_path / "rows.jsonl", MaskRow)


def test_a_question_about_masks_that_are_gone(mask_row):
    one, two = mask_row((1, 1, 5, 5)), mask_row((8, 8, 12, 12))
    row = QuestionRow("q", "a.png", "?", "!", ((one.id, two.id),), ("ship",), (), "single/1", "m")
    (union,) = unions_of(row, {one.id: one, two.id: two})
    assert union.sum() == 32
    with pytest.raises(DataError, match="check its questions again"):
        unions_of(row, {one.id: one})
