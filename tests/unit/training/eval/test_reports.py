"""Breakdown, intervals and the report."""

import json

import numpy as np
import pytest

from training.eval.bootstrap import intervals
from training.eval.breakdown import break_down
from training.eval.conventions import Conventions
from training.eval.outcomes import Outcome
from training.eval.pairing import Pair
from training.eval.reports import as_text, report, to_json
from training.eval.tallies import Rules


def drawn(count: int = 60) -> list[Outcome]:
    rng = np.random.default_rng(0)
    outcomes = []
    for number in range(count):
        true = int(rng.integers(10, 5000))
        shared = int(true * rng.uniform(0.2, 1))
        phrase = ("airplanes", "tennis court", "right wing", "nonsense")[number % 4]
        pairs = (Pair(shared, shared + 5, true, phrase),) * (1 + number % 2)
        tags = frozenset({"semantic" if number % 3 else "part", "explicit"})
        outcomes.append(
            Outcome(str(number), str(number // 3), pairs, 10_000, "s", "t", tags, len(pairs))
        )
    return outcomes


def test_every_kind_adds_up():
    outcomes = drawn()
    table = break_down(outcomes, Rules())
    everything = sum(len(one.pairs) for one in outcomes)
    for name in ("granularity", "reasoning", "source", "targets", "area"):
        assert sum(one.masks for one in table[name].values()) == everything, name
    assert set(table["granularity"]) == {"semantic", "part"}
    assert set(table["targets"]) == {"1", "2"}
    assert len(table["area"]) == 10
    assert max(one.masks for one in table["area"].values()) <= 0.2 * everything
    # A phrase counts under its category, in the singular or plural; others under none.
    assert {"airplane", "tennis court"} <= set(table["category"])
    assert "nonsense" not in table["category"]


def test_intervals_hold_the_value_and_shrink_with_pictures():
    few, many = drawn(30), drawn(300)
    widths = []
    for outcomes in (few, many):
        found = report(outcomes, Conventions())
        low, high = found.intervals["gIoU"]
        assert low < found.overall.giou < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_intervals_are_over_pictures_not_questions():
    """A hundred questions about two pictures tell little more than two."""
    good = [Outcome(f"a{i}", "a", (Pair(10, 10, 10),), 100) for i in range(50)]
    bad = [Outcome(f"b{i}", "b", (Pair(0, 10, 10),), 100) for i in range(50)]
    low, high = intervals([*good, *bad], Rules())["gIoU"]
    assert (low, high) == (0.0, 1.0)
    assert intervals(good, Rules()) == {}


def test_the_same_seed_draws_the_same():
    assert intervals(drawn(), Rules(), seed=4) == intervals(drawn(), Rules(), seed=4)


def test_conventions_stand_beside_the_numbers():
    found = report(drawn(), Conventions("strict", Rules("rmsin", "gt"), "480", "teacher-forced"))
    said = as_text(found)
    assert "pairing strict, empty masks as rmsin, Pr@t with > t, frame 480" in said
    assert "answers teacher-forced" in said
    body = json.loads(json.dumps(to_json(found)))
    assert (body["pairing"], body["empty"], body["pr"]) == ("strict", "rmsin", "gt")
    assert body["gIoU"] == body["mIoU"] == pytest.approx(found.overall.giou)
    assert body["by"]["granularity"]["part"]["masks"] > 0
