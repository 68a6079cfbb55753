"""`geoseg info` tells what a bug report needs."""

import json

from geoseg.cli.main import main


def test_json(capsys):
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["packages"]["torch"]
    assert facts["devices"][-1]["name"] == "cpu"
    assert "color" in [checkpoint["name"] for checkpoint in facts["checkpoints"]]


def test_text(capsys):
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    assert "Python 3." in said
    assert "cpu" in said


def test_a_report_does_not_tell_whose_machine_it_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    monkeypatch.setenv("GDAL_DATA", f"{tmp_path}/gdal")
    assert main(["info", "--report"]) == 0
    said = capsys.readouterr().out
    assert str(tmp_path) not in said
    assert "GDAL_DATA=~/gdal" in said
    assert "PROJ" in said
    assert main(["info", "--report", "--json"]) == 2
