"""`geoseg model calibrate` tells the best template, and writes it when asked to."""

import json
from pathlib import Path

import pytest
from PIL import Image

from geoseg.cli.main import main
from geoseg.segearth.checkpoint import load, save
from tests.unit.segearth.tiny_r2 import tiny_r2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint = tiny_r2("w1-hb")
    tokenizer = checkpoint.codec.tokenizer.to_str()
    save(checkpoint.model, tmp_path / "r2", tokenizer, "card", store={"": "fp32"})
    Image.new("RGB", (64, 64)).save(tmp_path / "field.png")
    entry = {"image_name": "field.png", "description": "grass", "answer": "<p>grass</p>[SEG]"}
    (tmp_path / "set.json").write_text(json.dumps([entry] * 3))
    return tmp_path


def calibrated(folder: Path, *more: str) -> int:
    return main(["model", "calibrate", str(folder / "r2"), str(folder / "set.json"), *more])


def test_the_best_template_is_told_then_written(folder, capsys):
    assert calibrated(folder, "--json", "--limit", "2") == 0
    facts = json.loads(capsys.readouterr().out)
    scores = {row["name"]: row["perplexity"] for row in facts["templates"]}
    assert facts["best"] == min(scores, key=scores.__getitem__)
    assert len(scores) == 6
    assert {row["samples"] for row in facts["templates"]} == {2}
    assert not facts["written"]
    assert load(folder / "r2").codec.template.name == "w1-hb"
    assert calibrated(folder, "--write") == 0
    assert load(folder / "r2").codec.template.name == facts["best"]
    capsys.readouterr()
    assert calibrated(folder, "--write") == 0
    assert "nothing to change" in capsys.readouterr().out


def test_write_refuses_what_is_not_ours_before_it_works(folder, capsys):
    published = folder / "published"
    published.mkdir()
    (published / "config.json").write_text('{"model_type": "phi"}')
    for name in ("nano", str(published)):
        assert main(["model", "calibrate", name, str(folder / "set.json"), "--write"]) == 4
        assert "--write changes" in capsys.readouterr().err


def test_data_that_cannot_be_read_is_refused(folder, capsys):
    assert main(["model", "calibrate", str(folder / "r2"), str(folder / "nowhere.json")]) == 2
    assert "nowhere.json" in capsys.readouterr().err
