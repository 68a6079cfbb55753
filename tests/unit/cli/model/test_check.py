"""`geoseg model check` finds out whether a checkpoint is whole."""

import json
from pathlib import Path

import pytest

from geoseg.cli.main import main
from geoseg.segearth.checkpoint import checkpoint_hash, save
from tests.unit.segearth.tiny_r2 import tiny_r2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint = tiny_r2("w2-ha")
    tokenizer = checkpoint.codec.tokenizer.to_str()
    save(checkpoint.model, tmp_path / "r2", tokenizer, "card", store={"": "fp16"})
    return tmp_path / "r2"


def test_a_whole_checkpoint_is_described(folder, capsys):
    assert main(["model", "check", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["problems"] == []
    assert facts["hash"] == checkpoint_hash(folder)
    assert facts["template"] == "w2-ha"
    assert facts["dtype"].startswith("float16")
    assert facts["vram_bytes"] > 2 * facts["parameters"]
    assert main(["model", "check", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{folder} is whole: 0.")
    assert "GPU memory in bfloat16: " in said
    assert f"hash: {facts['hash']}" in said
    assert "problems" not in said


def test_a_damaged_checkpoint_ends_with_the_problem(folder, capsys):
    (weights,) = folder.glob("*.safetensors")
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    assert main(["model", "check", str(folder)]) == 4
    said = capsys.readouterr()
    assert weights.name in said.err
    assert not said.out
    assert main(["model", "check", str(folder), "--json"]) == 4
    assert weights.name in json.loads(capsys.readouterr().out)["problems"][0]


def test_what_is_not_there_is_an_error(tmp_path, capsys):
    assert main(["model", "check", str(tmp_path / "nowhere")]) == 4
    assert "nowhere" in capsys.readouterr().err
