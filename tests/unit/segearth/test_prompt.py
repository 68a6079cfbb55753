from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

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


# What the published code shows its model, as it writes it down.
WRAPPERS = {
    "w1": "A chat between a curious user and an artificial intelligence assistant. The assistant "
    "gives helpful, detailed, and polite answers to the user's questions. "
    "USER: {human} ASSISTANT: {answer}<|endoftext|>",
    "w2": "[INST] <<SYS>>\nYou are a helpful language and vision assistant. You are able to "
    "understand the visual content that the user provides, and assist the user with a variety of "
    "tasks using natural language.\n<</SYS>>\n\n{human} [/INST] {answer} <|endoftext|>",
}
HUMANS = {
    "ha": "This is an image <|vision_bos|> <image> <|vision_eos|> <|sep|> <|user|>, please doing "
    "Reasoning Segmentation according to the following instruction:\n{q}[SEG] <|assistant|>",
    "hb": "This is an image \n<image>\n, please doing Reasoning Segmentation according to the "
    "following instruction:\n{q}[SEG] <|assistant|>",
    "hc": "This is an image \n<image>\n. If the instruction is a question, provide segmentation "
    "result + explanation; if it's a declarative phrase, provide only the segmentation result\n. "
    "Please doing Referring or Reasoning Segmentation according to the following instruction:\n{q}",
}
QUESTION = "Where can a plane land?"
ANSWER = "Land on the <p>runway </p>[SEG] in the north."
PUBLISHED = [f"{wrapper}-{human}" for wrapper in WRAPPERS for human in HUMANS]


def published(name: str) -> str:
    wrapper, _, human = name.partition("-")
    asked = WRAPPERS[wrapper].replace("{human}", HUMANS[human]).replace("{q}", QUESTION)
    return asked.replace("{answer}", "\n" + ANSWER)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_templates_are_rendered_literally(name: str) -> None:
    t = TEMPLATES[name]
    before, between, rest = t.pieces()
    said = f"{t.answer_prefix}{ANSWER}{t.answer_suffix}{t.end}"
    assert f"{before}<image>{between}{QUESTION}{rest}{said}" == published(name)


@pytest.fixture(scope="module")
def byte_pairs() -> Tokenizer:
    """Byte-level pairs, as in Phi-2, learnt from the templates."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([published(name) for name in PUBLISHED] * 3, trainer)
    tokenizer.add_tokens(["[SEG]"])
    return tokenizer


@pytest.mark.parametrize("name", PUBLISHED)
def test_pieces_have_the_tokens_of_the_whole(name: str, byte_pairs: Tokenizer) -> None:
    codec = TextCodec(byte_pairs, TEMPLATES[name])
    prompt = codec.encode_prompt([QUESTION])
    behind = [*prompt.after[0].tolist(), *codec.encode_answer(ANSWER)]
    before, _, after = published(name).partition("<image>")
    assert prompt.before.tolist() == byte_pairs.encode(before).ids
    assert behind == byte_pairs.encode(after).ids
    assert codec.decode_answer(codec.encode_answer(ANSWER)) == ANSWER
