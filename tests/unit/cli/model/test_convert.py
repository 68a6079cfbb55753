"""`geoseg model convert` writes a checkpoint and says what became of every tensor."""

import json
import os
import pickle
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


def test_an_empty_prefix_would_let_everything_pass(published, tmp_path, capsys):
    out = tmp_path / "r2"
    assert main(["model", "convert", str(published), str(out), "--allow-missing", ""]) == 2
    assert "empty prefix" in capsys.readouterr().err
    assert not out.exists()


def test_what_is_no_checkpoint_is_refused_and_nothing_written(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "nowhere"):
        assert main(["model", "convert", str(source), str(tmp_path / "out")]) == 4
        assert str(source) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


class _Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def test_a_program_in_place_of_weights_is_refused_and_not_executed(published, tmp_path, capsys):
    marker, pkl, out = tmp_path / "executed", tmp_path / "m2f.pkl", tmp_path / "out"
    pkl.write_bytes(pickle.dumps({"model": _Evil(marker)}))
    arguments = ["model", "convert", str(published), str(out), "--mask2former", str(pkl)]
    assert main(arguments) == 4
    assert f"class {os.system.__module__}.system" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [pkl]
