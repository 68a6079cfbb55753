"""Batches, prefixes, drafts and fixed shapes change no token: they equal plain greedy decoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geoseg.segearth.generate import Generation, generate, graph, remember
from tests.unit.segearth.loudtalk import (
    IMAGES,
    KINDS,
    LONGEST,
    QUESTIONS,
    Plain,
    Talker,
    assert_same,
    plain,
    talker,
)

ROWS = 32
"""Tokens that drafts are drawn from: all are rows of every kind's vocabulary."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Questions about images, and what is expected to be answered."""

    talker: Talker
    asked: list[tuple[int, int]]
    """(image, question) of each row."""

    spoken: list[Plain]
    drafts: list[list[int] | None]
    seg: int
    end: int
    limit: int

    def answers(self, prefixed: bool) -> tuple[Generation, ...]:
        images = torch.tensor([image for image, _ in self.asked])
        prompt = self.talker.prompt(*(question for _, question in self.asked))
        prefix = None
        if prefixed:
            known = remember(self.talker.model, self.talker.image_tokens, prompt.before)
            prefix = known.select(images)
        return generate(
            self.talker.model,
            self.talker.image_tokens[images],
            prompt,
            seg=self.seg,
            end=self.end,
            max_new_tokens=self.limit,
            prefix=prefix,
            drafts=self.drafts,
        )

    def check(self, answers: tuple[Generation, ...]) -> None:
        assert len(answers) == len(self.asked)
        for got, spoken, draft in zip(answers, self.spoken, self.drafts, strict=True):
            expected = spoken.until(seg=self.seg, end=self.end, limit=self.limit)
            assert_same(got, expected)
            assert got.drafted == _common(draft or [], expected.ids, self.end)


def _common(draft: list[int], ids: tuple[int, ...], end: int) -> int:
    count = 0
    for mine, theirs in zip(draft, ids, strict=False):
        if mine != theirs or mine == end:
            break
        count += 1
    return count


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind, seed = draw(st.sampled_from(KINDS)), draw(st.integers(0, 3))
    pairs = st.tuples(st.integers(0, IMAGES - 1), st.integers(0, len(QUESTIONS) - 1))
    asked = draw(st.lists(pairs, min_size=1, max_size=5))
    spoken = [plain(kind, seed, image, question) for image, question in asked]
    # Markers are drawn from what is really said, so that most answers hold [SEG] and many end.
    said = sorted({token for answer in spoken for token in answer.ids})
    seg = draw(st.sampled_from(said))
    end = draw(st.sampled_from([*said, ROWS * 2 - 1]))
    assume(seg != end)
    limit = draw(st.integers(1, LONGEST - 1))
    assume(all(answer.sure(limit + 1) for answer in spoken))
    drafts = [draw(_drafts(answer.ids, end)) for answer in spoken]
    return Case(talker(kind, seed), asked, spoken, drafts, seg, end, limit)


@st.composite
def _drafts(draw: st.DrawFn, ids: tuple[int, ...], end: int) -> list[int] | None:
    """Right, right for a while, wrong from the first token, past the end, or none at all."""
    if draw(st.integers(0, 4)) == 0:
        return None
    kept = list(ids[: draw(st.integers(0, LONGEST))])
    odd = draw(st.lists(st.integers(0, ROWS - 1), max_size=3))
    return [*kept, *draw(st.sampled_from([[], odd, [end], [end, *odd]]))]


@settings(max_examples=40, deadline=None)
@given(cases(), st.booleans())
def test_answers_are_those_of_plain_greedy_decoding(case: Case, prefixed: bool) -> None:
    case.check(case.answers(prefixed))


@settings(max_examples=20, deadline=None)
@given(case=cases(), prefixed=st.booleans())
def test_fixed_shapes_give_the_same_answers(case: Case, prefixed: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # What the compiler would make faster, as it is.
        program: Callable[[], object] = lambda: graph._step  # noqa: E731
        patch.setattr(graph, "_program", program)
        patch.setattr(graph, "_PATIENCE", 0)
        patch.setattr(case.talker.model.language, "compiled", True)
        case.check(case.answers(prefixed))
