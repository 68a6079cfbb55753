"""The models that can be asked, behind one protocol."""

import json
import sys

import numpy as np
import pytest

from geoseg.errors import CheckpointError, EngineError, InstructionError
from training.data.categories import categories, find_category
from training.data.errors import DataError
from training.lasers.checks import flags_of, look
from training.lasers.english import count_words
from training.lasers.facts import Known, extent_of
from training.lasers.llm import ModelSettings, Request, open_model
from training.lasers.llm.recorded import RecordedModel, Remembering
from training.lasers.llm.template import TemplateModel, guessed
from training.lasers.planning import Plan, plan_questions
from training.lasers.replies import parse_category, parse_question
from training.lasers.rows import QuestionRow


def request(name="r", kind="question", facts=None, seed=1):
    def picture():
        return np.zeros((8, 9, 3), np.uint8)

    return Request(name, kind, "Write one question.", facts or {}, seed, picture)


def test_every_category_has_a_purpose_that_does_not_name_it(mask_row):
    model = TemplateModel()
    for category in categories():
        row = mask_row((2, 4, 12, 10), category.name)
        asks, _ = plan_questions([row], Plan(per_target=4, together=0), 0)
        assert {(ask.knobs.reasoning, ask.knobs.length) for ask in asks} == {
            *(("explicit", "short"), ("explicit", "long")),
            *(("implicit", "short"), ("implicit", "long")),
        }
        known = Known(row, category.name, extent_of(row))
        for ask in asks:
            reply = model.reply(request(facts=ask.facts()))
            question, answer = parse_question(reply, 1)
            written = QuestionRow(
                "q", row.picture, question, answer, ((row.id,),), (category.name,), ask.tags, "", ""
            )
            flags = [
                flag
                for flag in flags_of(look(written, {row.id: known}, [known]))
                if not flag.startswith("length")
            ]
            assert flags == []
            if ask.knobs.length == "long":
                assert 25 <= count_words(question) <= 80


def test_templates_are_the_same_for_the_same_seed(mask_row):
    rows = [mask_row((2, 4, 12, 10)), mask_row((50, 4, 60, 12), "bridge")]
    (ask, *_), _ = plan_questions(rows, Plan(together=1), 0)
    said = {
        TemplateModel().reply(request(facts=ask.facts(), seed=seed))
        for seed in (*range(9), *range(9))
    }
    assert 1 < len(said) <= 9


@pytest.mark.parametrize(
    ("facts", "category"),
    [
        ({"mean_rgb": [60, 90, 55], "texture": 5}, "grass"),
        ({"mean_rgb": [60, 90, 55], "texture": 25}, "tree"),
        ({"mean_rgb": [40, 70, 95], "texture": 4}, "water"),
        ({"mean_rgb": [120, 120, 122], "texture": 9, "eccentricity": 0.99}, "road"),
        ({"mean_rgb": [190, 185, 180], "texture": 9, "extent": 0.8}, "building"),
        ({"mean_rgb": [90, 88, 92], "texture": 9}, "other"),
        ({"mean_rgb": [60, 90, 55], "texture": 5, "within": "ship"}, "ship"),
        ({"mean_rgb": [60, 90, 55], "texture": 5, "within": "ship", "share_of_box": 0.1}, "other"),
    ],
)
def test_guesses_without_a_model(facts, category):
    usual = {"share": 0.1, "eccentricity": 0.3, "extent": 0.5, "within": None, "share_of_box": 0.5}
    reply = TemplateModel().reply(request(kind="category", facts=usual | facts))
    assert guessed(usual | facts) == category
    assert parse_category(reply) == (None if category == "other" else category)
    assert category == "other" or find_category(category)


def test_a_command_reads_and_writes_json(tmp_path):
    program = tmp_path / "model.py"
    program.write_text(
        "import json, sys\n"
        "told = json.load(sys.stdin)\n"
        "size = open(told['picture'], 'rb').read()[16:24].hex()\n"
        "json.dump({'text': f\"{told['id']} {told['temperature']} {told['thinking']} {size}\"},"
        " sys.stdout)\n"
    )
    model = open_model(ModelSettings("command", command=f"{sys.executable} {program}"))
    assert model.reply(request("abc")) == "abc 1.0 True 0000000900000008"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('hello')", "where JSON with a text is expected"),
        ("import sys; sys.exit('no credit left')", "ended with status 1: no credit left"),
        ("import time; time.sleep(9)", "did not reply within 0.5 s"),
    ],
)
def test_commands_that_fail(tmp_path, program, message):
    (tmp_path / "model.py").write_text(program)
    line = f"{sys.executable} {tmp_path / 'model.py'}"
    model = open_model(
        ModelSettings("command", command=line, timeout=0.5 if "9" in program else 60)
    )
    with pytest.raises(EngineError, match=message):
        model.reply(request())


def test_a_command_that_is_not_there():
    with pytest.raises(EngineError, match="cannot be started"):
        open_model(ModelSettings("command", command="/nowhere/model")).reply(request())
    with pytest.raises(InstructionError, match="needs --command"):
        open_model(ModelSettings("command"))


class Counting:
    name = "counting"
    remembered = True

    def __init__(self):
        self.asked = []

    def reply(self, request):
        self.asked.append(request.id)
        return f"reply to {request.id}\nin two lines"


def test_nobody_is_asked_twice(tmp_path):
    path = tmp_path / "replies.jsonl"
    counting = Counting()
    first = Remembering(counting, path)
    said = [first.reply(request(name)) for name in "aba"]
    path.write_text(path.read_text() + '\n{"id": "c", "model": "coun')  # cut off by a kill
    again = Remembering(counting, path)
    assert [again.reply(request(name)) for name in "aba"] == said
    assert again.reply(request("c")) == "reply to c\nin two lines"
    assert counting.asked == ["a", "b", "c"]
    recorded = RecordedModel(path)
    assert recorded.name == "recorded:counting"
    assert recorded.reply(request("c")) == "reply to c\nin two lines"
    with pytest.raises(EngineError, match=r"has no reply to the question d\. It was made from"):
        recorded.reply(request("d"))
    with pytest.raises(DataError, match="no file of replies"):
        RecordedModel(tmp_path / "other.jsonl")


LETTERS = {letter: n for n, letter in enumerate(["§", "<image>", *" abcdefghijklmnopqrstuvwxyz.:"])}


def reader(template):
    """A tokenizer whose tokens are letters."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    codec = Tokenizer(models.WordLevel(LETTERS, unk_token="§"))
    codec.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=codec,
        unk_token="§",
        eos_token="§",
        pad_token="§",
        additional_special_tokens=["<image>"],
    )
    fast.chat_template = template
    return fast


def language():
    """Of a few thousand random numbers."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=len(LETTERS),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        initializer_range=1.0,
        eos_token_id=None,
        bos_token_id=None,
        pad_token_id=0,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that reads."""
    from transformers import LlamaForCausalLM

    path = tmp_path_factory.mktemp("llm") / "tiny"
    LlamaForCausalLM(language()).save_pretrained(path)
    reader(
        "{% for message in messages %}{{ message.role }}: {{ message.content }} {% endfor %}"
        "{% if enable_thinking %}think. {% endif %}"
    ).save_pretrained(path)
    return path


@pytest.fixture
def seeing(tmp_path):
    """A model that sees pictures, too."""
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    config = LlavaConfig(vision_config=vision, text_config=language(), image_token_index=1)
    LlavaForConditionalGeneration(config).save_pretrained(tmp_path)
    side = {"height": 32, "width": 32}
    fast = reader(None)
    fast.image_token = "<image>"
    LlavaProcessor(
        image_processor=CLIPImageProcessor(size=side, crop_size=side),
        tokenizer=fast,
        patch_size=16,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=(
            "{% for message in messages %}{% for part in message.content %}"
            "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}"
            "{% endfor %}{% endfor %}"
        ),
    ).save_pretrained(tmp_path)
    return tmp_path


def test_a_local_model_samples_by_the_seed(folder):
    model = open_model(ModelSettings("local", folder=folder, device="cpu"))
    model.max_new_tokens = 24
    said = [model.reply(request(seed=seed)) for seed in (1, 2, 1)]
    assert said[0] == said[2] != said[1]
    assert model.name.startswith("local:tiny@")
    assert model.remembered


def test_a_local_model_that_sees_is_shown_the_picture(seeing):
    model = open_model(ModelSettings("local", folder=seeing, device="cpu"))
    model.max_new_tokens = 24
    noise = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    pictures = (noise, 255 - noise, noise)
    said = [
        model.reply(Request("r", "question", "write one.", {}, 1, lambda shown=picture: shown))
        for picture in pictures
    ]
    assert said[0] == said[2] != said[1]


def test_a_local_model_that_is_none(tmp_path):
    with pytest.raises(CheckpointError, match="no model of the transformers library"):
        open_model(ModelSettings("local", folder=tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(CheckpointError, match="cannot be opened"):
        open_model(ModelSettings("local", folder=tmp_path))
    with pytest.raises(InstructionError, match="needs --model"):
        open_model(ModelSettings("local"))
