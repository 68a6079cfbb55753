from __future__ import annotations

import pytest
import torch

from geoseg.segearth.generate.answers import Rules
from geoseg.segearth.generate.drafts import batched, possible

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (None, ()),
        ([], ()),
        ([1, 2], (1, 2)),
        ([1, 9, 2], (1,)),
        ([9], ()),
        ([1, 2, 3, 4], (1, 2, 3)),
        (torch.tensor([1, 2]).tolist(), (1, 2)),
    ],
)
def test_a_draft_holds_what_an_answer_could(
    draft: list[int] | None, expected: tuple[int, ...]
) -> None:
    assert possible(draft, Rules(seg=7, end=9, limit=3)) == expected


def test_drafts_are_padded_on_the_right() -> None:
    ids, mask = batched([(1, 2), (), (3,)], CPU)
    assert ids.tolist() == [[1, 2], [0, 0], [3, 0]]
    assert mask.tolist() == [[True, True], [False, False], [True, False]]


def test_no_drafts_are_no_columns() -> None:
    ids, mask = batched([(), ()], CPU)
    assert ids.shape == mask.shape == (2, 0)
    assert ids.dtype == torch.long
