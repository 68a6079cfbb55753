"""Run lengths are those of COCO, character for character."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from geoseg.dataset import decode_rle, encode_rle, rle_area, rle_box

HOLED = np.zeros((40, 60), bool)
HOLED[5:30, 10:50] = True
HOLED[12:15, 20:22] = False

GOLDEN = {
    "empty": (np.zeros((3, 4), bool), "<"),
    "full": (np.ones((3, 4), bool), "0<"),
    "starts with foreground": (np.array([[1, 0, 0], [0, 1, 1]], bool), "0120O0"),
    "a hole": (HOLED, "e<i0?" + "0" * 18 + "^OD8<HD8<:" + "0" * 54 + "[<"),
    "chequered": (np.indices((7, 9)).sum(0) % 2 == 0, "011" + "0" * 61),
}
"""Masks, and what pycocotools 2.0.11 writes for them."""


@pytest.mark.parametrize("name", GOLDEN)
def test_equal_to_coco(name):
    mask, counts = GOLDEN[name]
    rle = encode_rle(mask)
    assert rle == {"size": list(mask.shape), "counts": counts}
    assert np.array_equal(decode_rle(rle), mask)
    assert rle_area(rle) == mask.sum()


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_round_trip(mask):
    assert np.array_equal(decode_rle(encode_rle(mask)), mask)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_the_box_is_that_of_the_mask(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None
    assert rle_box(encode_rle(mask)) == box


def test_the_box_of_what_is_no_mask_is_refused():
    with pytest.raises(ValueError, match="The runs hold 3 pixels"):
        rle_box({"size": [2, 2], "counts": [1, 2]})


def test_everything_but_zero_is_foreground():
    assert encode_rle(np.array([[0, 255, 7]], np.uint8)) == encode_rle(np.array([[0, 1, 1]]))


def test_other_forms_are_read():
    want = [[True, False, False], [False, True, True]]
    for counts in ("0120O0", b"0120O0", [0, 1, 2, 1, 1, 1], np.array([0, 1, 2, 1, 1, 1])):
        assert decode_rle({"size": [2, 3], "counts": counts}).tolist() == want


@pytest.mark.parametrize(
    ("rle", "said"),
    [
        ({"size": [3, 4], "counts": "0="}, "hold 13 pixels, a mask of 3 × 4 has 12"),
        ({"size": [3, 4], "counts": [0, 5]}, "hold 5 pixels"),
        ({"size": [3, 4], "counts": [14, -2]}, "never negative"),
        ({"size": [3, 4], "counts": "0P"}, "break off"),
        ({"size": [3, 4], "counts": "0\n"}, "character"),
        ({"size": [3, 4], "counts": "0é"}, "ASCII"),
        ({"size": [3, 4], "counts": "P" * 20 + "0"}, "60 bits"),
        ({"size": [3, 4], "counts": ["a"]}, "whole numbers"),
        ({"size": [3, 4]}, "need counts"),
        ({"counts": "<"}, "need a size"),
        ({"size": [-3, -4], "counts": "<"}, "cannot be"),
    ],
)
def test_what_is_no_mask_is_refused(rle, said):
    with pytest.raises(ValueError, match=said):
        decode_rle(rle)


def test_a_stack_is_no_mask():
    with pytest.raises(ValueError, match="two axes"):
        encode_rle(np.zeros((2, 3, 4), bool))
