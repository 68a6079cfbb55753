"""`geoseg model convert` writes a checkpoint and says what became of every tensor."""

import json
from pathlib import Path

import pytest

from geoseg.cli.main import main
from geoseg.segearth.checkpoint import load
from tests.unit.segearth.convert.authors import write_safetensors, write_text
from tests.unit.segearth.convert.oracles import build_oracles, published_state


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authors") / "hfweights"
    write_safetensors(folder, published_state(build_oracles()))
    write_text(folder)
    return folder


def test_published_weights_become_a_checkpoint_with_a_report(published, tmp_path, capsys):
    out, report = tmp_path / "r2", tmp_path / "report.json"
    arguments = ["model", "convert", str(published), str(out), "--report", str(report)]
    assert main([*arguments, "--template", "w2-hc"]) == 0
    said = capsys.readouterr()
    assert "0 missing" in said.out
    assert "is a checkpoint now" in said.err
    assert load(out).codec.template.name == "w2-hc"
    assert json.loads(report.read_text())["used"]
    assert main(arguments) == 6
    report.unlink()
    assert main(arguments) == 6
    assert main([*arguments, "--overwrite"]) == 0
    assert load(out).codec.template.name == "w1-hb"


def test_what_is_no_checkpoint_is_refused_and_nothing_written(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "nowhere"):
        assert main(["model", "convert", str(source), str(tmp_path / "out")]) == 4
        assert str(source) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
