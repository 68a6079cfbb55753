"""stats and check on drawn data sets."""

import json

import pytest

from training.__main__ import main
from training.data.fixtures import write


@pytest.fixture
def root(tmp_path):
    write("lasers", tmp_path / "d", 4, 2)
    return tmp_path / "d"


def test_stats_writes_numbers_and_figures(root, tmp_path, capsys):
    assert main(["stats", str(root)]) == 0
    report = json.loads((root / "stats.json").read_text())
    assert report["kind"] == "lasers"
    assert report["splits"]["train"]["samples"] == 20
    assert report["all"]["samples"] == 30
    assert report["splits"]["train"]["masks"] == 4 * 8
    assert "train: 20 questions about 4 pictures, 32 masks, 0 unusable" in capsys.readouterr().out
    assert main(["stats", str(root), "--out", str(tmp_path / "again")]) == 0
    for name in ("stats.json", "stats.png", "stats.svg"):
        assert (root / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_check_finds_nothing_wrong(root, capsys):
    assert main(["check", str(root)]) == 0
    assert capsys.readouterr().out.startswith("0 problems in lasers, splits train, val, short_q")


def test_check_lists_everything(root, capsys):
    path = root / "train" / "annotations" / "train_data.json"
    rows = json.loads(path.read_text())
    rows[0]["image_name"] = "gone.png"
    rows[3]["mask"] = []
    rows[7]["mask"][0]["counts"] += "ooo"
    path.write_text(json.dumps(rows))
    (root / "test" / "annotations" / "test_explicit.json").write_text("[{}")
    explicit = root / "test" / "annotations" / "test_part_level.json"
    part = json.loads(explicit.read_text())
    part[0]["mask"][0]["size"] = [1, 1]
    explicit.write_text(json.dumps(part))
    assert main(["check", str(root)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    for line, text in zip(
        lines,
        (
            "record 0 (id 0)",
            "record 3 (id 3)",
            "record 7 (id 7)",
            "explicit.json: is no JSON",
            "part_level.json, record 0",
            "5 problems",
        ),
        strict=True,
    ):
        assert text in line
    assert main(["check", str(root), "--split", "val"]) == 0
    assert main(["check", str(root), "--split", "dev"]) == 3


def test_folders_of_no_kind(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 3
    assert "no data set of a known kind (lasers, rrsisd" in capsys.readouterr().err
    assert main(["stats", str(tmp_path), "--kind", "coco"]) == 2
