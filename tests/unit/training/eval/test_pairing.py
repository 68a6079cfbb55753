"""Four ways to pair masks, on cases small enough to count."""

import numpy as np
import pytest

from training.eval.pairing import PAIRINGS, pair
from training.eval.tallies import Rules, tally


def planes(*spans: tuple[int, int]) -> np.ndarray:
    """Masks of 10 × 10, each of the pixels from start to end in reading order."""
    out = np.zeros((len(spans), 100), bool)
    for mask, (start, end) in zip(out, spans, strict=True):
        mask[start:end] = True
    return out.reshape(-1, 10, 10)


def giou(found, truth, mode):
    return tally(pair(found, truth, mode), Rules()).giou


A, B = (0, 40), (50, 60)


def test_swapped_order():
    """Ordered and strict see two misses, the assignment and the union see none."""
    found, truth = planes(B, A), planes(A, B)
    scores = {mode: giou(found, truth, mode) for mode in PAIRINGS}
    assert scores == {"ordered": 0.0, "strict": 0.0, "hungarian": 1.0, "union": 1.0}


def test_one_of_two_found():
    found, truth = planes((0, 93)), planes((0, 93), (93, 100))
    assert giou(found, truth, "strict") == giou(found, truth, "hungarian") == 0.5
    assert giou(found, truth, "union") == pytest.approx(0.93)
    # The released evaluation holds the last mask against the second target too.
    assert giou(found, truth, "ordered") == 0.5


def test_too_few_found_repeats_the_last_when_ordered():
    pairs = pair(planes(A), planes(A, A), "ordered")
    assert [one.shared for one in pairs] == [40, 40]
    pairs = pair(planes(A), planes(A, A), "strict")
    assert [one.found for one in pairs] == [40, 0]


def test_too_many_found():
    found, truth = planes(A, B, (0, 0)), planes(A)
    assert giou(found, truth, "ordered") == 1.0
    strict = tally(pair(found, truth, "strict"), Rules())
    # An empty mask too many is wrong as well: else silence could be bought.
    assert (strict.masks, strict.giou, strict.union) == (3, pytest.approx(1 / 3), 50)
    assert giou(found, truth, "union") == pytest.approx(40 / 50)


def test_none_found():
    for mode in PAIRINGS:
        assert giou(planes(), planes(A, B), mode) == 0.0


@pytest.mark.parametrize("mode", PAIRINGS)
def test_no_target_is_one_empty_mask(mode):
    assert giou(planes(), planes(), mode) == 1.0
    assert giou(planes(A), planes(), mode) == 0.0
    assert tally(pair(planes(A), planes(), mode), Rules()).union == 40


def test_the_assignment_takes_most_iou_in_all():
    found = planes((0, 10), (0, 20))
    truth = planes((0, 20), (5, 10))
    pairs = pair(found, truth, "hungarian")
    assert [(one.shared, one.found) for one in pairs] == [(20, 20), (5, 10)]


def test_phrases_stay_with_their_targets():
    pairs = pair(planes(B, A), planes(A, B), "hungarian", ("pond", "road"))
    assert [(one.phrase, one.true) for one in pairs] == [("pond", 40), ("road", 10)]
    assert pair(planes(), planes(A, B), "union", ("pond", "road"))[0].phrase == ""


def test_255_is_foreground_as_1_is():
    found = planes(A).astype(np.uint8) * 255
    assert giou(found, planes(A).astype(np.uint8), "strict") == 1.0


def test_masks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be held against"):
        pair(np.ones((1, 4, 5)), np.ones((1, 5, 4)), "ordered")
