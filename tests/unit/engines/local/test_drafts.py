"""The next answer is expected to be like the newest ones, each instruction's its own."""

from __future__ import annotations

import pytest
import torch

from geoseg.dialogue import Instruction
from geoseg.engines.local.drafts import Drafts
from geoseg.segearth.generate import Generation

ROADS, PONDS = Instruction("roads"), Instruction("ponds")


def said(*ids: int, drafted: int = 0) -> Generation:
    return Generation(ids, "stop", torch.zeros(0, 4), torch.zeros(0), drafted)


def test_nothing_is_expected_before_the_first_answer():
    drafts = Drafts()
    drafts.hear(PONDS, said(1, 2))
    assert drafts.expected(ROADS) is None
    assert drafts.expected(PONDS) == (1, 2)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("a", "a"),
        ("ab", "b"),
        ("aab", "a"),
        ("aaab", "a"),
        ("aaabb", "b"),
        ("aaaaaaaab", "a"),
        ("b" + "a" * 40, "a"),
        ("abababab", "b"),
    ],
)
def test_one_other_answer_is_an_exception_and_two_are_a_change(answers, expected):
    drafts = Drafts()
    for letter in answers:
        drafts.hear(ROADS, said(ord(letter), 7))
    assert drafts.expected(ROADS) == (ord(expected), 7)


def test_an_empty_answer_can_be_expected():
    drafts = Drafts()
    drafts.hear(ROADS, said())
    assert drafts.expected(ROADS) == ()


def test_what_was_foreseen_is_counted():
    drafts = Drafts()
    drafts.hear(ROADS, said(1, 2, 3))
    drafts.hear(ROADS, said(1, 2, 4, drafted=2))
    assert (drafts.drafted, drafts.tokens) == (2, 6)
