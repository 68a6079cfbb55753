import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of

load = LOADERS["rrsisd"]


def instances(root):
    return root / "rrsisd" / "instances.json"


def test_phrases_boxes_and_masks(drawn, seen):
    root = drawn("rrsisd")
    samples = load(root, "train")
    assert kind_of(root) == "rrsisd"
    assert (len(samples), len(load(root, "val")), len(load(root, "test"))) == (6, 1, 1)
    court = samples[0]
    assert (court.id, court.group, court.answer) == ("1", "00001.jpg", "[SEG]")
    assert court.instruction == "the blue tennis court"
    assert court.phrases == ("tenniscourt",)
    # JPEG blurs the edges.
    assert (court.decode()[0] != seen(court.image_path, "blue")).mean() < 0.02
    x0, y0, x1, y1 = map(int, court.boxes[0])
    assert court.decode()[0, y0:y1, x0:x1].all()


def test_a_pickle_with_code_is_refused(drawn):
    root = drawn("rrsisd")
    path = root / "rrsisd" / "refs(unc).p"
    path.write_bytes(pickle.dumps([Path("run me")]))
    with pytest.raises(DataError, match=r"refs\(unc\)\.p: holds an object of class pathlib.*trust"):
        load(root, "train")
    path.write_bytes(b"\x80\x02]q")
    with pytest.raises(DataError, match=r"refs\(unc\)\.p: is no pickle"):
        load(root, "train")
    path.write_bytes(pickle.dumps({"refs": 1}))
    with pytest.raises(DataError, match="holds a dict"):
        load(root, "train")


def test_a_phrase_whose_mask_is_missing(drawn):
    root = drawn("rrsisd")
    tables = json.loads(instances(root).read_text())
    del tables["annotations"][2]
    instances(root).write_text(json.dumps(tables))
    assert [str(e) for e in load(root, "train").problems()] == [
        f"{root / 'rrsisd' / 'refs(unc).p'}, record 2 (ref_id 3): instances.json has no "
        "annotation 3, which it refers to."
    ]


def test_pieces_of_a_mask_are_united(drawn):
    root = drawn("rrsisd")
    before = load(root, "train")[0].decode()[0]
    tables = json.loads(instances(root).read_text())
    ship = tables["annotations"][2]["segmentation"][0]
    tables["annotations"][0]["segmentation"].append(ship)
    instances(root).write_text(json.dumps(tables))
    third = load(root, "train")[2].decode()[0]
    assert np.array_equal(load(root, "train")[0].decode()[0], before | third)
    tables["annotations"][0]["segmentation"].append({"size": [4, 4], "counts": [20]})
    instances(root).write_text(json.dumps(tables))
    assert len(list(load(root, "train").problems())) == 1


def test_several_sentences_are_several_samples(drawn):
    root = drawn("rrsisd")
    path = root / "rrsisd" / "refs(unc).p"
    refs = pickle.loads(path.read_bytes())
    refs[0]["sentences"].append(refs[0]["sentences"][0] | {"sent": "again"})
    refs[1]["sentences"] = []
    path.write_bytes(pickle.dumps(refs))
    samples = load(root, "train")
    assert [samples[0].id, samples[1].id, samples[1].instruction] == ["1", "1/1", "again"]
    with pytest.raises(DataError, match="has no sentence"):
        samples[2]
