"""Who judged what how, what that comes to, and how far two agree."""

import json

import pytest

from geoseg.errors import OutputError
from training.data.errors import DataError
from training.lasers.review.agreement import agreement, audited, draw_sample
from training.lasers.review.decisions import (
    Decision,
    add_decisions,
    read_decisions,
    read_export,
    reasons,
    verdicts,
)
from training.lasers.review.points import POINTS

GOOD = {"object": True, "logic": True, "mask": True, "grammar": True}


def judged(name, reviewer="Ann", audit=False, **bad):
    return Decision("question", name, reviewer, GOOD | bad, "", "2026-01-01", audit)


def test_the_papers_points():
    assert [name for name, *_ in POINTS["question"]] == ["object", "logic", "mask", "grammar"]
    assert [name for name, *_ in POINTS["mask"]] == ["coherence", "boundary"]


def test_decisions_are_added_once(tmp_path):
    assert add_decisions(tmp_path, [judged("a"), judged("b", mask=False)]) == 2
    assert add_decisions(tmp_path, [judged("b", mask=False), judged("a", "Bob")]) == 1
    assert [one.id for one in read_decisions(tmp_path)] == ["a", "b", "a"]
    assert read_decisions(tmp_path / "nowhere") == []
    with pytest.raises(OutputError, match="cannot be written"):
        add_decisions(tmp_path / "nowhere", [judged("a")])


def test_all_points_of_all_reviewers_have_to_be_good():
    decisions = [
        judged("good"),
        judged("bad", grammar=False),
        judged("split"),
        judged("split", "Bob", logic=False),
        judged("changed", mask=False),
        judged("changed"),
        judged("audited"),
        judged("audited", audit=True, object=False),
    ]
    assert verdicts(decisions, "question") == {
        **{"good": True, "bad": False, "split": False},
        **{"changed": True, "audited": False},
    }
    assert reasons(decisions, "question") == {
        **{"bad": ("grammar",), "split": ("logic",), "audited": ("object",)}
    }
    assert verdicts(decisions, "mask") == {}


def test_what_a_page_saved(tmp_path):
    path = tmp_path / "saved.json"
    row = {"id": "a", "points": GOOD, "note": "fine", "time": "2026-01-01T00:00:00Z"}
    saved = {"format": 1, "sheet": "s", "kind": "question", "audit": True, "reviewer": "Ann"}
    path.write_text(json.dumps(saved | {"decisions": [row]}))
    (decision,) = read_export(path)
    assert (decision.id, decision.reviewer, decision.audit) == ("a", "Ann", True)
    assert decision.good
    for change, message in (
        ({"kind": "poem"}, "none of"),
        ({"reviewer": " "}, "reviewer is blank"),
        ({"decisions": [row | {"points": {"object": True}}]}, "where object, logic, mask"),
        ({"decisions": [row | {"points": GOOD | {"mask": "yes"}}]}, "not all true or false"),
        ({"decisions": None}, "decisions is None"),
    ):
        path.write_text(json.dumps(saved | {"decisions": [row]} | change))
        with pytest.raises(DataError, match=message):
            read_export(path)


def test_kappa_against_a_worked_example():
    # 20 both good, 15 both bad, 5 and 10 apart: observed 0.7, by chance 0.5.
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    found = agreement(first, second)
    assert found.things == 50
    assert found.raw == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert agreement([True, True], [True, True]).kappa is None
    assert agreement([True, False], [True, False]).kappa == 1
    assert agreement([], []).kappa is None


def test_audits_are_held_against_the_first_judgement():
    decisions = [
        *(judged(name) for name in "abc"),
        judged("d", mask=False),
        judged("a", "Bob", audit=True),
        judged("b", "Bob", audit=True, mask=False),
        judged("d", "Bob", audit=True, mask=False),
        judged("unknown", "Bob", audit=True),
    ]
    found = audited(decisions, "question")
    assert found["mask"].things == 3
    assert found["mask"].raw == pytest.approx(2 / 3)
    assert found["mask"].kappa == pytest.approx(0.4)
    assert found["grammar"].kappa is None
    assert found["all"].raw == pytest.approx(2 / 3)


def test_the_sample_is_drawn_from_all_that_was_judged():
    decisions = [judged(f"{n:02}", mask=n % 2 == 0) for n in range(40)]
    sample = draw_sample(decisions, "question", 10, 4)
    assert len(set(sample)) == 10
    assert sample == draw_sample(decisions[::-1], "question", 10, 4)
    assert sample != draw_sample(decisions, "question", 10, 5)
    assert {int(name) % 2 for name in sample} == {0, 1}
    assert len(draw_sample(decisions, "question", 99, 0)) == 40
