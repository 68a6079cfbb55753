import json

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of

load = LOADERS["earthreason"]


def test_first_questions(drawn, seen):
    root = drawn("earthreason")
    samples = load(root, "train")
    assert kind_of(root) == "earthreason"
    assert len(samples) == 6
    first = samples[0]
    assert first.instruction == "Where would freight arrive by sea?"
    assert first.answer == (
        "Sure, it is [SEG]. \nThey float on the water and have the long shape of a hull."
    )
    png = samples[1]
    assert np.array_equal(png.decode()[0], seen(png.image_path, "red"))
    assert {s.image_path.suffix for s in samples} == {".jpg", ".png"}


def test_no_answer_means_no_target(drawn):
    empty = load(drawn("earthreason"), "train")[3]
    assert empty.answer == "There is no target object in the image."
    assert empty.masks == ()


def test_all_questions_and_drawn_ones(drawn):
    root = drawn("earthreason")
    every = load(root, "train", questions="all")
    assert len(every) == 36
    assert len({s.id for s in every}) == 36
    assert every[5].instruction.startswith("What would a harbour pilot")
    assert every[4].answer.endswith("Freight comes by sea on them.")
    drawn_ones = [s.id for s in load(root, "train", questions="random", seed=5)]
    assert drawn_ones == [s.id for s in load(root, "train", questions="random", seed=5)]
    assert len(drawn_ones) == 6
    assert drawn_ones != [s.id for s in load(root, "train")]


def test_files_belong_together_by_stem(drawn):
    root = drawn("earthreason")
    before = {s.id: s.masks for s in load(root, "train")}
    (root / "train" / "labels" / "train_00001.png").unlink()
    (root / "train" / "images" / "train_00004.jpg").unlink()
    samples = load(root, "train")
    found = [str(e) for e in samples.problems()]
    assert found == [
        f"{root / 'train'}, train_00001: its file in labels is missing.",
        f"{root / 'train'}, train_00004: its file in images is missing.",
    ]
    for number in (0, 2, 3, 5):
        assert samples[number].masks == before[samples[number].id]


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "questions is None"),
        ({"questions": [], "answer": []}, "no text number 0"),
        ({"questions": ["where?"], "answer": [3]}, "answer has no text"),
        ({"questions": "where?", "answer": ["x"]}, "questions is 'where"),
    ],
)
def test_bad_talk_is_named(drawn, talk, reason):
    root = drawn("earthreason")
    path = root / "train" / "QAs" / "train_00000.json"
    path.write_text(talk if isinstance(talk, str) else json.dumps(talk))
    found = list(load(root, "train").problems())
    assert len(found) == 1
    assert "train_00000.json" in str(found[0])
    with pytest.raises(DataError, match=reason):
        raise found[0]
