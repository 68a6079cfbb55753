"""Stage 3: who is asked what, what is asked again, and what is given up."""

import json
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from geoseg.errors import EngineError, InstructionError
from training.lasers.asking import AskSettings, ask
from training.lasers.llm import ModelSettings
from training.lasers.llm.template import TemplateModel
from training.lasers.planning import Plan
from training.lasers.rows import MaskRow, QuestionRow, read_lines, read_rows, write_rows
from training.lasers.stages import Workplace


@pytest.fixture
def place(tmp_path, mask_row):
    """Three things in a picture, one of them without a category."""
    (tmp_path / "pictures").mkdir()
    Image.fromarray(np.full((64, 64, 3), (40, 90, 40), np.uint8)).save(tmp_path / "pictures/a.png")
    rows = [
        mask_row((2, 4, 12, 10)),
        mask_row((50, 4, 60, 12), "bridge"),
        mask_row((20, 40, 44, 60), None, source="global", exhaustive=False),
    ]
    write_rows(tmp_path / "stage2.jsonl", rows)
    return Workplace(tmp_path)


class Scripted:
    """Says what it is told to, and then what a template would."""

    name = "scripted"
    remembered = True

    def __init__(self, *replies, kind="question"):
        self.replies, self.kind, self.asked, self.shown = list(replies), kind, [], []
        self.lock = threading.Lock()

    def reply(self, request):
        with self.lock:
            self.asked.append(request.id)
            self.shown.append(request.picture())
            if request.kind == self.kind and self.replies:
                return self.replies.pop(0)
        return TemplateModel().reply(request)


SINGLE = AskSettings(plan=Plan(together=0))


def test_masks_get_categories_and_questions(place):
    counts = ask(place, SINGLE).counts
    named = read_rows(place.folder / "stage3.masks.jsonl", MaskRow)
    assert [row.category for row in named] == ["ship", "bridge", "grass"]
    questions = read_rows(place.folder / "stage3.jsonl", QuestionRow)
    assert {row.categories for row in questions} == {("ship",), ("bridge",), ("grass",)}
    assert {row.prompt for row in questions} == {"single/1"}
    assert {row.model for row in questions} == {"template:1"}
    assert (counts["named_by_model"], counts["questions"], counts["quarantined"]) == (1, 3, 0)


def test_a_mask_that_is_no_category_goes(place):
    counts = ask(place, SINGLE, Scripted('{"category": "other"}', kind="category")).counts
    assert (counts["masks"], counts["other"], counts["questions"]) == (2, 1, 2)


def test_bad_replies_are_asked_for_again(place):
    model = Scripted("Sure!", '{"question": "Where?"}')
    counts = ask(place, SINGLE, model).counts
    assert (counts["questions"], counts["quarantined"], counts["asked_again"]) == (3, 0, 2)
    assert len(model.asked) == len(set(model.asked)) == 6


def test_three_bad_replies_are_the_end_of_it(place):
    counts = ask(place, SINGLE, Scripted("no", "no", "{}")).counts
    assert (counts["questions"], counts["quarantined"], counts["asked_again"]) == (2, 1, 3)
    (lost,) = read_lines(place.folder / "stage3.quarantine.jsonl")
    assert lost["replies"] == ["no", "no", "{}"]
    assert "no JSON" in lost["reasons"][0]
    assert "no object of answer and question" in lost["reasons"][2]
    assert (lost["kind"], lost["picture"], len(lost["masks"])) == ("question", "a.png", 1)


def test_models_are_shown_the_picture_with_its_targets_outlined(place):
    model = Scripted()
    ask(place, SINGLE, model)
    ground = np.array((40, 90, 40))
    for picture in model.shown:
        drawn = (picture != ground).any(axis=2)
        assert drawn.any()
        assert {tuple(color) for color in picture[drawn]} == {(230, 30, 30)}
        assert not drawn[6, 7] or not drawn[50, 32]


class Failing(Scripted):
    """Fails at its third request."""

    def reply(self, request):
        if len(self.asked) == 2:
            raise EngineError("The line is down.")
        return super().reply(request)


def test_what_a_model_said_before_it_failed_is_kept(place):
    failing = Failing()
    with pytest.raises(EngineError, match="line is down"):
        ask(place, SINGLE, failing)
    model = Scripted()
    done = ask(place, SINGLE, model)
    assert len(model.asked) == 2
    assert not set(model.asked) & set(failing.asked)
    recorded = ModelSettings("recorded", recording=place.folder / "replies.jsonl")
    before = (place.folder / "stage3.jsonl").read_text().replace("scripted", "recorded:scripted")
    again = ask(place, AskSettings(recorded, Plan(together=0)))
    assert again.counts == done.counts
    assert (place.folder / "stage3.jsonl").read_text() == before


def test_several_requests_at_once_come_to_the_same(place):
    program = place.folder / "model.py"
    program.write_text(
        "import json, sys\n"
        "told = json.load(sys.stdin)\n"
        "text = {'category': 'grass'} if told['kind'] == 'category' else\\\n"
        "    {'question': told['id'], 'answer': 'The <p>ship</p>[SEG].'}\n"
        "print(json.dumps({'text': json.dumps(text)}))\n"
    )
    model = ModelSettings("command", command=f"{sys.executable} {program}")
    one = ask(place, AskSettings(model, Plan(together=0)))
    (place.folder / "replies.jsonl").unlink()
    (place.folder / "stages.json").unlink()
    three = ask(place, AskSettings(model, Plan(together=0), jobs=3))
    assert three.again
    assert three.hash == one.hash
    replies = [row for row in (place.folder / "replies.jsonl").read_text().splitlines() if row]
    assert len({json.loads(row)["id"] for row in replies}) == len(replies) == 4
    empty = place.folder / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(EngineError, match="has no reply"):
        ask(place, AskSettings(ModelSettings("recorded", recording=empty), jobs=3))


@pytest.mark.parametrize(("jobs", "name"), [(0, "template"), (2, "local")])
def test_requests_at_once_that_cannot_be(jobs, name):
    with pytest.raises(InstructionError, match="requests at once cannot be"):
        AskSettings(ModelSettings(name), jobs=jobs)
