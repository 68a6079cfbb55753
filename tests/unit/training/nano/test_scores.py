import numpy as np
import pytest

from training.nano.scores import Score, paraphrase_rows, presence, table


def _square(at, side=4):
    mask = np.zeros((10, 10), bool)
    mask[at : at + side, at : at + side] = True
    return mask


def test_a_score_sums_over_scenes_and_leaves_unknown_pixels_out():
    score, everywhere = Score(), np.ones((10, 10), bool)
    score.add(_square(0), everywhere, answer=_square(2), shuffled=_square(6))
    score.add(_square(0), _square(0, 5), answer=np.ones((10, 10), bool))
    assert score.iou() == pytest.approx((4 + 16) / (28 + 25), abs=1e-4)
    assert score.iou("all_foreground") == pytest.approx(32 / 125, abs=1e-4)
    assert score.iou("shuffled") == 0.0
    (row,) = table({("drawn", "square"): score})
    assert (row["scenes"], row["instances"]) == (2, 2)


def test_an_unseen_wording_may_lose_a_tenth():
    whole, everywhere = _square(0), np.ones((10, 10), bool)
    plain, good, bad = Score(), Score(), Score()
    plain.add(whole, everywhere, answer=whole)
    good.add(whole, everywhere, answer=whole)
    bad.add(whole, everywhere, answer=_square(0, 3))
    found = paraphrase_rows({("a", "good"): (good, plain), ("a", "bad"): (bad, plain)})
    assert (found["asked"], found["understood"]) == (2, 1)


def test_presence_counts_what_is_found_though_it_is_not_there():
    assert presence([{"ship": True, "sea": False}, {}])["false_positive_rate"] == 0.5
