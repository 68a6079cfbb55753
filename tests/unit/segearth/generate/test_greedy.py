"""Answers of a batch against plain greedy decoding, in corners that laws rarely reach."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from geoseg.segearth.generate import Generation, generate, remember
from geoseg.segearth.model import Pixels, SegEarth
from geoseg.segearth.prompt import PromptBatch, TextCodec
from tests.unit.segearth.loudtalk import KINDS, LONGEST, Talker, assert_same, plain, talker

NEVER = 999
"""Stands for an end token that no model says."""


class Counted:
    """How many passes the language model makes, and over how many tokens each."""

    def __init__(self, asked: Talker, patch: pytest.MonkeyPatch) -> None:
        self.passes: list[tuple[int, ...]] = []
        self.chosen: list[int] = []
        language = asked.model.language
        extend, choose = language.extend, language.choose

        def counted_extend(embeds: torch.Tensor, *rest: Any) -> torch.Tensor:
            self.passes.append(tuple(embeds.shape[:2]))
            return extend(embeds, *rest)

        def counted_choose(states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            self.chosen.append(states[..., 0].numel())
            return choose(states)

        patch.setattr(language, "extend", counted_extend)
        patch.setattr(language, "choose", counted_choose)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _ask(
    asked: Talker,
    *,
    images: Sequence[int] = (0, 1, 2),
    questions: Sequence[int] = (0, 1, 2),
    seg: int = NEVER,
    end: int = NEVER,
    limit: int = LONGEST,
    **options: Any,
) -> tuple[Generation, ...]:
    return generate(
        asked.model,
        asked.image_tokens[list(images)],
        asked.prompt(*questions),
        seg=seg,
        end=end,
        max_new_tokens=limit,
        **options,
    )


def test_a_batch_says_what_each_would_say_alone(kind: str) -> None:
    spoken = [plain(kind, 3, i, i) for i in range(3)]
    seg = spoken[0].ids[1]
    for got, expected in zip(_ask(talker(kind, 3), seg=seg), spoken, strict=True):
        assert_same(got, expected.until(seg=seg, end=NEVER, limit=LONGEST))


def test_rows_that_ended_are_computed_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, end = talker("nano", 0), 34
    spoken = [plain("nano", 0, image, question) for image, question in ((0, 1), (1, 1), (2, 2))]
    assert [answer.ids[0] == end for answer in spoken] == [True, True, False]
    counted = Counted(asked, monkeypatch)
    answers = _ask(asked, images=(0, 1, 2), questions=(1, 1, 2), end=end, limit=4)
    assert [answer.finish for answer in answers] == ["stop", "stop", "length"]
    assert [rows for rows, _ in counted.passes] == [3, 1, 1, 1]


def test_a_right_draft_costs_no_step(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, spoken = talker(kind, 3), plain(kind, 3, 0, 0)
    length, end = 6, spoken.ids[6]
    assert end not in spoken.ids[:6]
    seg = spoken.ids[2]
    counted = Counted(asked, monkeypatch)
    (answer,) = _ask(
        asked, images=[0], questions=[0], seg=seg, end=end, drafts=[spoken.ids[:length]]
    )
    assert len(counted.passes) == 1
    assert counted.chosen == [length + 1]  # never over the prompt
    assert answer.drafted == length
    assert_same(answer, spoken.until(seg=seg, end=end, limit=LONGEST))


def test_a_wrong_draft_costs_as_many_steps_as_none(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, spoken = talker(kind, 3), plain(kind, 3, 0, 0)
    wrong = [(spoken.ids[0] + 1) % 30] * 5
    counted = Counted(asked, monkeypatch)
    (answer,) = _ask(asked, images=[0], questions=[0], limit=4, drafts=[wrong])
    assert answer.ids == spoken.ids[:4]
    assert answer.drafted == 0
    assert [tokens for _, tokens in counted.passes[1:]] == [1, 1, 1]


def test_a_half_right_draft_goes_on_from_its_first_wrong_token(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, spoken = talker(kind, 3), plain(kind, 3, 0, 0)
    draft = [*spoken.ids[:3], (spoken.ids[3] + 1) % 30, *spoken.ids[4:]]
    counted = Counted(asked, monkeypatch)
    (answer,) = _ask(asked, images=[0], questions=[0], limit=7, drafts=[draft])
    assert answer.ids == spoken.ids[:7]
    assert answer.drafted == 3
    assert len(counted.passes) == 1 + 3  # the fourth token is known from the first pass


@pytest.mark.parametrize("drafted", [False, True])
def test_a_last_seg_has_its_state(kind: str, drafted: bool) -> None:
    spoken = plain(kind, 3, 0, 0)
    seg = spoken.ids[4]
    limit = spoken.ids.index(seg) + 1
    drafts = [spoken.ids] if drafted else None
    (answer,) = _ask(
        talker(kind, 3), images=[0], questions=[0], seg=seg, limit=limit, drafts=drafts
    )
    assert answer.ids[-1] == seg
    assert answer.drafted == (limit if drafted else 0)
    assert_same(answer, spoken.until(seg=seg, end=NEVER, limit=limit))


def test_several_instructions_reuse_a_prefix(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = talker(kind, 3)
    known = remember(asked.model, asked.image_tokens, asked.prompt(0).before)
    memory = [tensor.clone() for layer in known.layers for tensor in layer]
    counted = Counted(asked, monkeypatch)
    for question in (1, 0, 2):
        prompt = asked.prompt(question, question, question)
        answers = _ask(asked, questions=[question] * 3, prefix=known)
        assert counted.passes[0] == (3, prompt.after.shape[1])
        counted.passes.clear()
        for image, answer in enumerate(answers):
            assert answer.ids == plain(kind, 3, image, question).ids
    now = [tensor for layer in known.layers for tensor in layer]
    assert all(torch.equal(a, b) for a, b in zip(memory, now, strict=True))


def test_masks_are_those_of_plain_decoding() -> None:
    asked = talker("nano", 3)
    torch.manual_seed(0)
    with torch.inference_mode():
        encoded = asked.model.encode(Pixels(torch.randn(2, 3, 128, 128)))
    seg = 24
    prompt, owner = asked.prompt(0, 1), torch.tensor([1, 1])
    rules = {"seg": seg, "end": NEVER, "max_new_tokens": LONGEST}

    def masks(answers: Sequence[Generation], owners: torch.Tensor) -> torch.Tensor:
        hidden = torch.cat([answer.seg_hidden for answer in answers])
        with torch.inference_mode():
            return asked.model.masks(encoded.features, hidden, owners, aux=False)[-1]

    alone = [
        generate(asked.model, encoded.image_tokens[1:], asked.prompt(q), **rules)[0] for q in (0, 1)
    ]
    known = remember(asked.model, encoded.image_tokens, prompt.before).select(owner)
    drafts = [answer.ids[: 4 + 4 * i] for i, answer in enumerate(alone)]
    both = generate(
        asked.model,
        encoded.image_tokens[owner],
        prompt,
        prefix=known,
        drafts=drafts,
        **rules,
    )
    owners = owner.repeat_interleave(torch.tensor([len(a.seg_hidden) for a in alone]))
    assert [answer.ids for answer in both] == [answer.ids for answer in alone]
    assert len(owners) > 1
    torch.testing.assert_close(masks(both, owners), masks(alone, owners), atol=1e-4, rtol=0)


def test_an_immediate_end_is_an_empty_answer(kind: str) -> None:
    first = plain(kind, 3, 0, 0).ids[0]
    (answer,) = _ask(talker(kind, 3), images=[0], questions=[0], end=first)
    assert answer.ids == ()
    assert answer.finish == "stop"
    assert answer.seg_hidden.shape == (0, 32)
    assert answer.seg_probability.dtype == torch.float32


def test_no_questions_no_answers(model: SegEarth, codec: TextCodec) -> None:
    tokens = torch.zeros(0, 16, 32)
    prompt = codec.encode_prompt([])
    assert generate(model, tokens, prompt, seg=1, end=2, max_new_tokens=3) == ()


@pytest.mark.parametrize("prefixed", [False, True])
def test_bfloat16_speaks_too(kind: str, prefixed: bool) -> None:
    asked = talker(kind, 1)
    spoken = [plain(kind, 1, i, 0) for i in range(3)]
    half = copy.deepcopy(asked.model).bfloat16()
    images, prompt = asked.image_tokens.bfloat16(), asked.prompt(0, 0, 0)
    prefix = remember(half, images, prompt.before) if prefixed else None
    seg = spoken[1].ids[1]
    answers = generate(
        half,
        images,
        prompt,
        seg=seg,
        end=NEVER,
        max_new_tokens=6,
        prefix=prefix,
        drafts=[answer.ids[:4] for answer in spoken],
    )
    assert all(len(answer.ids) == 6 for answer in answers)
    assert sum(answer.drafted for answer in answers) > 0
    states = torch.cat([answer.seg_hidden for answer in answers])
    assert states.dtype == torch.bfloat16
    assert bool(torch.isfinite(states).all())


def test_known_trunk_states_are_used(kind: str) -> None:
    asked = talker(kind, 3)
    prompt = asked.model.understood(asked.prompt(0)).repeat(3)
    assert isinstance(prompt, PromptBatch)
    answers = generate(
        asked.model, asked.image_tokens, prompt, seg=NEVER, end=NEVER, max_new_tokens=5
    )
    assert [a.ids for a in answers] == [plain(kind, 3, i, 0).ids[:5] for i in range(3)]
