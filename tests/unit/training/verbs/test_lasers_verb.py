"""The verb: from real pictures to a data set that the loader reads, with review between."""

import json

import pytest

from training.__main__ import main
from training.data.loaders import LOADERS, kind_of, problems, single_files
from training.lasers.facts import Known, extent_of, leads, place_of
from training.lasers.rows import MaskRow, QuestionRow, read_rows

BOTH = {"coherence": True, "boundary": True}


def make(data_dir, out, pictures):
    """Real pictures, taken through all stages."""
    images, boxes = data_dir / "ucm" / "images", data_dir / "ucm" / "objects_coco.json"
    arguments = ["lasers", "run", str(images), "--coco", str(boxes), "--pictures", str(pictures)]
    assert main([*arguments, "--seed", "3", "--test", "0.1", "-o", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def made(data_dir, tmp_path_factory):
    """A few; the slow test takes twenty."""
    return make(data_dir, tmp_path_factory.mktemp("lasers") / "ucm", 8)


def samples(folder):
    return [one for split in ("train", "test") for one in LOADERS["lasers"](folder, split)]


@pytest.mark.slow
def test_twenty_real_pictures_end_in_a_data_set_that_the_loader_reads(data_dir, tmp_path):
    holds_a_data_set(make(data_dir, tmp_path / "ucm", 20), 20)


def test_real_pictures_end_in_a_data_set_that_the_loader_reads(made):
    holds_a_data_set(made, 8)


def holds_a_data_set(made, pictures):
    dataset = made / "dataset"
    assert kind_of(dataset) == "lasers"
    for split in single_files("lasers", dataset):
        assert list(problems("lasers", dataset, split)) == []
    found = samples(dataset)
    card = json.loads((dataset / "dataset.json").read_text())["stages"]
    assert len(found) == card["finish"]["questions"] == card["check"]["questions"] > pictures
    assert sum(len(one.masks) for one in found) == card["finish"]["masks"]
    assert card["propose"]["pictures"] == pictures
    assert card["finish"]["kept_unreviewed"] == len(found)
    for one in found:
        for mask, box in zip(one.decode(), one.boxes, strict=True):
            x0, y0, x1, y1 = map(int, box)
            assert mask[y0:y1, x0:x1].sum() == mask.sum() > 0
            assert mask[y0].any()
            assert mask[:, x1 - 1].any()
    assert {name for name in ("stats.json", "stats.png", "stats.svg") if (dataset / name).exists()}


def test_no_picture_is_in_both_splits(made):
    train, test = (LOADERS["lasers"](made / "dataset", split) for split in ("train", "test"))
    assert {one.group for one in train}.isdisjoint(one.group for one in test)
    assert len(test) > 0


def test_places_and_ranks_are_true_of_the_masks(made):
    rows = read_rows(made / "stage3.masks.jsonl", MaskRow)
    known = {row.id: Known(row, row.category, extent_of(row)) for row in rows}
    told = 0
    for row in read_rows(made / "stage4.jsonl", QuestionRow):
        for ids, category in zip(row.targets, row.categories, strict=True):
            one = known[ids[0]]
            rivals = [
                other.extent
                for other in known.values()
                if other.row.picture == row.picture
                and other.category == category
                and other.row.id not in ids
            ]
            ranks = [word for word in ("leftmost", "largest") if word in row.answer]
            if len(row.targets) == 1:
                assert all(leads(word, one.extent, rivals) for word in ranks)
            if len(row.targets) == 1 and "top left" in row.answer:
                told += 1
                assert place_of(one.extent) == "top left"
    assert told


def test_stages_review_audit_and_gold(made, tmp_path, capsys):
    place = str(made)
    for stage in ("filter", "ask", "check"):
        arguments = ["--seed", "3"] if stage == "ask" else []
        assert main(["lasers", stage, place, *arguments]) == 0
        assert "(as before)" in capsys.readouterr().out
    sheet = ["lasers", "review", "sheet", place, "-o", str(tmp_path), "--size", "400"]
    assert main(sheet) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'question-001.html'}\n"
    ids = [row.id for row in read_rows(made / "stage4.jsonl", QuestionRow)]
    points = {"object": True, "logic": True, "mask": True, "grammar": True}
    for audit, reviewer in ((False, "Ann"), (True, "Bob")):
        rows = [{"id": n, "points": points | {"mask": n not in ids[:3]}} for n in ids[:9]]
        saved = {"kind": "question", "reviewer": reviewer, "audit": audit, "decisions": rows}
        (tmp_path / f"{reviewer}.json").write_text(json.dumps(saved))
    assert main(["lasers", "review", "apply", place, str(tmp_path / "Ann.json")]) == 0
    assert "question: 9 judged, 6 of them good." in capsys.readouterr().out
    stale = {"kind": "mask", "reviewer": "Ann", "decisions": [{"id": "x", "points": BOTH}]}
    (tmp_path / "stale.json").write_text(json.dumps(stale))
    assert main(["lasers", "review", "apply", place, str(tmp_path / "stale.json")]) == 0
    assert "1 are about what is not, or no longer" in capsys.readouterr().out
    audit = ["lasers", "review", "audit", place, "-o", str(tmp_path)]
    assert main([*audit, "--n", "4"]) == 0
    assert "audit-question-001.html" in capsys.readouterr().out
    assert main(["lasers", "review", "apply", place, str(tmp_path / "Bob.json")]) == 0
    assert main(audit) == 0
    assert "mask       judged alike 100.0% of 9, Cohen's kappa 1.00" in capsys.readouterr().out
    assert main([*sheet[:-2], "--kind", "gold", "--category", "tennis court"]) == 0
    gold = ["lasers", "gold", place, "--category", "ship", "-o", str(tmp_path / "gold.json")]
    assert main(gold) == 3
    assert "nobody verified a mask of 'ship'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["run", "-o", "{}"], 2, "nothing to look at"),
        (["run", "{}", "-o", "{}/new"], 3, "holds no picture"),
        (["filter", "{}"], 3, "Do the stages before this one first"),
        (["ask", "{}", "--llm", "recorded"], 3, "has no stage2.jsonl"),
        (["review", "sheet", "{}"], 3, "has no stage4.jsonl"),
        (["review", "apply", "{}", "{}/none.json"], 3, "cannot be read"),
    ],
)
def test_mistakes_are_told(tmp_path, capsys, arguments, status, message):
    assert main(["lasers", *(one.replace("{}", str(tmp_path)) for one in arguments)]) == status
    assert message in capsys.readouterr().err
