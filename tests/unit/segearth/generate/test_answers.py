"""An answer while it grows, with written tokens: 7 is [SEG], 9 the end."""

from __future__ import annotations

import torch

from geoseg.segearth.generate.answers import Answer, Rules

SEG, END = 7, 9


def _answer(limit: int = 5) -> Answer:
    return Answer(Rules(SEG, END, limit))


def _checked(
    draft: list[int], choices: list[int], limit: int = 5
) -> tuple[Answer, torch.Tensor, torch.Tensor]:
    answer = _answer(limit)
    shares = torch.arange(1.0, len(choices) + 1) / 10
    states = torch.arange(float(len(draft)))[:, None] + torch.tensor([[0.0, 0.5]])
    answer.check(draft, choices, shares, states)
    return answer, shares, states


def test_a_draft_that_ends_is_a_finished_answer() -> None:
    answer, shares, states = _checked([3, SEG], [3, SEG, END])
    done = answer.done(states)
    assert done.ids == (3, SEG)
    assert done.finish == "stop"
    assert done.drafted == 2
    assert torch.equal(done.seg_hidden, states[1:])
    assert torch.equal(done.seg_probability, shares[1:2])


def test_behind_the_first_other_token_nothing_counts() -> None:
    answer, _, _ = _checked([3, 4, SEG], [3, 5, SEG, END])
    assert answer.ids == [3, 5]
    assert answer.drafted == 1
    assert answer.finish is None


def test_an_end_where_the_draft_goes_on_ends() -> None:
    answer, _, _ = _checked([3, 4], [3, END, 4])
    assert answer.ids == [3]
    assert answer.drafted == 1
    assert answer.finish == "stop"


def test_the_limit_holds_within_a_draft_and_a_last_seg_is_felt() -> None:
    answer, _, states = _checked([3, 4, 5], [3, 4, 5, 6], limit=2)
    assert answer.ids == [3, 4]
    assert answer.drafted == 2
    assert answer.finish == "length"
    answer, _, states = _checked([3, SEG], [3, SEG, 6], limit=2)
    assert answer.ids == [3, SEG]
    assert answer.finish == "length"
    assert torch.equal(answer.done(states).seg_hidden, states[1:])


def test_a_last_seg_without_a_draft_waits_for_its_state() -> None:
    answer = _answer(limit=1)
    answer.choose(SEG, torch.tensor(0.5))
    assert answer.finish is None
    answer.feel(torch.ones(2))
    assert answer.finish == "length"


def test_states_outlive_their_batch() -> None:
    batch = torch.zeros(4, 2)
    answer = _answer(limit=1)
    answer.choose(SEG, torch.tensor(0.5))
    answer.feel(batch[1])
    batch.fill_(8)
    assert torch.equal(answer.done(batch).seg_hidden, torch.zeros(1, 2))
