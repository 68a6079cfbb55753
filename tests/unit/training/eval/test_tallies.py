"""gIoU, cIoU and Pr@t from counts that can be added by hand."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from training.eval.pairing import Pair
from training.eval.tallies import Rules, Tally, tally

NESTED = (Pair(40, 40, 50), Pair(0, 0, 0), Pair(0, 0, 50), Pair(2, 2, 4))
"""On 10 × 10 pixels: 40 of 50 found, nothing in nothing, nothing of 50, 2 of 4."""


def test_written_numbers():
    release, rmsin = tally(NESTED, Rules("release")), tally(NESTED, Rules("rmsin"))
    assert release.giou == pytest.approx(0.575)
    assert rmsin.giou == pytest.approx(0.325)
    # Not lowered by a point, as one published script prints it.
    assert release.ciou == rmsin.ciou == pytest.approx(42 / 104)


def test_found_in_nothing_counts_in_the_union():
    one = tally([Pair(0, 7, 0)], Rules())
    assert (one.giou, one.union, one.masks) == (0.0, 7, 1)


def test_exactly_at_the_threshold():
    pairs = [Pair(tenths, tenths, 10) for tenths in range(5, 11)]
    at_least = tally(pairs, Rules(bound="ge"))
    above = tally(pairs, Rules(bound="gt"))
    assert [at_least.precision(t) * 6 for t in (5, 6, 7, 8, 9)] == pytest.approx([6, 5, 4, 3, 2])
    assert [above.precision(t) * 6 for t in (5, 6, 7, 8, 9)] == pytest.approx([5, 4, 3, 2, 1])


def test_nothing_in_nothing_reaches_every_threshold_or_none():
    assert tally([Pair(0, 0, 0)], Rules("release")).hits == (1,) * 5
    assert tally([Pair(0, 0, 0)], Rules("rmsin")).hits == (0,) * 5
    assert tally([Pair(0, 0, 0, surplus=True)], Rules("release")).hits == (0,) * 5


def test_parts_add_up_to_the_whole_in_any_order():
    """Neither a mean of batch means nor a mean of cIoU over processes would."""
    rng = random.Random(5)
    pairs = [Pair(rng.randint(0, 9), rng.randint(9, 99), rng.randint(9, 999)) for _ in range(200)]
    whole = tally(pairs, Rules())
    cuts = [0, 3, 10, 90, 200]
    parts = [tally(pairs[a:b], Rules()) for a, b in pairwise(cuts)]
    rng.shuffle(parts)
    assert sum(parts, start=Tally()) == whole
    exact = sum(Fraction(p.shared, p.union) for p in pairs) / 200
    assert whole.giou == pytest.approx(float(exact), abs=1e-11)
    assert whole.ciou == sum(p.shared for p in pairs) / sum(p.union for p in pairs)
    batch_means = sum(part.giou for part in parts) / len(parts)
    assert abs(batch_means - whole.giou) > 1e-3


def test_of_nothing():
    assert tally([], Rules()).metrics()["gIoU"] == 0.0
