import json

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of, splits_of

load = LOADERS["lasers"]


def rewrite(path, change):
    rows = json.loads(path.read_text())
    change(rows)
    path.write_text(json.dumps(rows))


def test_questions_answers_and_masks(drawn, seen):
    root = drawn("lasers")
    samples = load(root, "train")
    assert kind_of(root) == "lasers"
    assert len(samples) == 30
    first = samples[0]
    assert first.instruction == "Segment all ships."
    assert first.answer == "The <p>ships </p>[SEG] lie on the water."
    assert first.phrases == ("ships",)
    assert np.array_equal(first.decode()[0], seen(first.image_path, "red"))
    assert first.extra == {"source": "drawn"}
    court, tank = samples[2].decode()
    assert np.array_equal(court, seen(samples[2].image_path, "blue"))
    assert (tank <= seen(samples[2].image_path, "white")).all()
    x0, y0, x1, y1 = map(int, samples[2].boxes[0])
    assert court[y0:y1, x0:x1].all()
    assert court.sum() == (y1 - y0) * (x1 - x0)


def test_pictures_need_not_be_square(drawn):
    sizes = {(s.height, s.width) for s in load(drawn("lasers"), "train")}
    assert sizes == {(128, 128), (96, 128)}


def test_a_question_in_several_test_files_counts_once(drawn):
    root = drawn("lasers", n=8)
    files = {name: load(root, name) for name in splits_of("lasers", root)[3:]}
    assert len(files) == 9
    whole = load(root, "test")
    assert len(whole) == 10 < sum(map(len, files.values()))
    assert len({s.id for s in whole}) == 10
    assert whole[0].tags == {"short", "explicit", "single", "semantic"}
    assert files["sematic_level"][0].tags == {"semantic"}
    assert files["multi_cate"][0].tags == {"multiple"}


def test_withheld_masks(drawn):
    sample = load(drawn("lasers"), "val")[0]
    assert sample.hidden
    assert sample.masks == ()
    assert sample.answer.count("[SEG]") == 1


def test_an_unknown_split_names_the_known_ones(drawn):
    with pytest.raises(DataError, match="has no split 'tset'; it has train, val, test, short_que"):
        load(drawn("lasers"), "tset")
    with pytest.raises(DataError, match="nothing of this kind"):
        load(drawn("refsegrs"), "train")


def overflow(rows):
    rows[1]["mask"][0] = {"size": rows[1]["mask"][0]["size"], "counts": "ooooo2"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows[1].update(image_name="no.png"), r"its picture .*no\.png does not exist"),
        (lambda rows: rows[1]["mask"][0].update(size=[5, 5]), r"mask 0 is of size \[5, 5\]"),
        (lambda rows: rows[1]["mask"].append(rows[1]["mask"][0]), r"1 \[SEG\] but there are 2"),
        (overflow, "mask 0: "),
        (lambda rows: rows[1].pop("description"), "description is None, where str"),
        (lambda rows: rows[1].update(description=" "), "description is blank"),
        (lambda rows: rows[1].update(mask=7), "mask is 7, where list"),
        (lambda rows: rows[1].update(mask=[{}]), "counts are None"),
        (lambda rows: rows[1].update(bbox=[[1, 2]]), "is no box"),
        (lambda rows: rows[1].update(tags=["big"]), r"tags \['big'\]"),
    ],
)
def test_bad_records_are_named(drawn, change, reason):
    root = drawn("lasers")
    path = root / "train" / "annotations" / "train_data.json"
    rewrite(path, change)
    found = list(load(root, "train").problems())
    assert len(found) == 1
    assert found[0].where.startswith(f"{path}, record 1 (id 1)")
    with pytest.raises(DataError, match=reason):
        raise found[0]


def test_one_record_that_is_none_spoils_no_other(drawn):
    root = drawn("lasers")
    rewrite(root / "train" / "annotations" / "train_data.json", lambda rows: rows.insert(3, "?"))
    rewrite(root / "test" / "annotations" / "test_explicit.json", lambda rows: rows.append(None))
    assert [len(list(load(root, s).problems())) for s in ("train", "test", "explicit")] == [1, 1, 1]


def test_uncompressed_masks_are_read(drawn):
    root = drawn("lasers")
    before = load(root, "train")[0].decode()
    flat = before[0].ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges, flat.size]).tolist()
    path = root / "train" / "annotations" / "train_data.json"
    rewrite(path, lambda rows: rows[0]["mask"][0].update(counts=counts))
    assert np.array_equal(load(root, "train")[0].decode(), before)


def test_files_that_cannot_be_read(drawn):
    root = drawn("lasers")
    path = root / "train" / "annotations" / "train_data.json"
    path.write_text("[")
    with pytest.raises(DataError, match=r"train_data\.json: is no JSON"):
        load(root, "train")
    path.write_text("{}")
    with pytest.raises(DataError, match="holds a dict where a list"):
        load(root, "train")
    path.rename(path.with_name("train_ann.json"))
    assert "train" in splits_of("lasers", root)
