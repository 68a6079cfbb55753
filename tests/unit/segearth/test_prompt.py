from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer

from geoseg.errors import CheckpointError, InstructionError
from geoseg.segearth.prompt import TEMPLATES, TextCodec, parse_reply


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("", ()),
        ("There is nothing here.", ()),
        ("[SEG]", (None,)),
        ("<p>building</p>[SEG]", ("building",)),
        ("the <p> buildings </p> [SEG] here", ("buildings",)),
        ("a <p>building </p>[SEG] and <p>track field </p>[SEG].", ("building", "track field")),
        ("<p>road</p> [SEG] and [SEG]", ("road", None)),
        ("<p>road</p> runs to [SEG]", (None,)),
        ("<p>lost <p>tree</p>[SEG]", ("tree",)),
        ("<p> </p>[SEG]", (None,)),
        ("<p>two\nlines</p>\n[SEG]", ("two\nlines",)),
        ("<p>never closed[SEG]", (None,)),
        ("<p>a</p>[SEG][SEG]", ("a", None)),
    ],
)  # fmt: skip
def test_reply_gives_one_phrase_per_seg(text: str, phrases: tuple[str | None, ...]) -> None:
    assert parse_reply(text) == phrases


def test_answers_round_trip_through_rows(codec: TextCodec) -> None:
    answer = "the <p>buildings</p>[SEG] and the <p>road</p>[SEG]."
    rows = codec.encode_answer(answer)
    assert rows[-1] == codec.end
    assert rows.count(codec.seg) == 2
    assert all(0 <= row < len(codec.answer_token_ids) for row in rows)
    text = codec.decode_answer(rows)
    assert parse_reply(text) == ("buildings", "road")
    assert codec.encode_answer(text) == rows


def test_markers_typed_by_a_user_are_dropped(codec: TextCodec) -> None:
    typed = codec.encode_prompt(["the [SEG] buildings [EOS] <p>"])
    plain = codec.encode_prompt(["the buildings"])
    assert torch.equal(typed.after, plain.after)


def test_question_is_read_between_the_trunks_markers(
    codec: TextCodec, tokenizer: Tokenizer
) -> None:
    prompt = codec.encode_prompt(["find the road", "roads"])
    tokens = [tokenizer.id_to_token(i) for i in prompt.after[0].tolist()]
    assert tokens == ["[CLS]", "find", "the", "road", "[SEP]"]
    assert prompt.before.numel() == 0
    assert prompt.after_mask.sum(dim=1).tolist() == [5, 3]


def test_questions_without_words_or_without_end_are_refused(codec: TextCodec) -> None:
    with pytest.raises(InstructionError, match="holds no words"):
        codec.encode_prompt(["[SEG]"])
    with pytest.raises(InstructionError, match=r"200 tokens long.*at most 128"):
        codec.encode_prompt(["road " * 200])


def test_answer_words_outside_the_vocabulary_are_named(codec: TextCodec) -> None:
    small = TextCodec(codec.tokenizer, codec.template, codec.answer_token_ids[-4:])
    with pytest.raises(CheckpointError, match="'road'"):
        small.encode_answer("road")


def test_tokenizer_without_the_markers_is_refused(codec: TextCodec) -> None:
    with pytest.raises(CheckpointError, match="endoftext"):
        TextCodec(codec.tokenizer, TEMPLATES["w1-hb"])


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_templates_hold_image_before_question(name: str) -> None:
    template = TEMPLATES[name]
    assert template.wrapper.count("{human}") == 1
    before, between, rest = template.pieces()
    assert "{q}" not in before + between + rest
    assert template.name == name
    if name.endswith(("ha", "hb")):
        assert rest.startswith("[SEG]")


def test_published_wrapper_is_rendered_literally() -> None:
    before, between, rest = TEMPLATES["w1-hc"].pieces()
    assert before.endswith("USER: This is an image \n")
    assert between.startswith("\n. If the instruction is a question")
    assert rest == " ASSISTANT:"
