"""`geoseg model info` says what a checkpoint is made of."""

import json

from geoseg.cli.main import main


def test_json_sums_up(capsys):
    assert main(["model", "info", "tiny", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["name"] == "tiny"
    assert sum(facts["parts"].values()) == facts["parameters"]


def test_text_names_the_parts(capsys):
    assert main(["model", "info", "tiny"]) == 0
    said = capsys.readouterr().out
    assert "mask_decoder" in said
    assert "mask stride: 4" in said


def test_an_unknown_name_is_a_checkpoint_error(capsys, tmp_path):
    assert main(["model", "info", str(tmp_path / "nowhere")]) == 4
    assert "nowhere" in capsys.readouterr().err


def test_a_checkpoint_tells_its_hash_and_a_size_none(capsys):
    assert main(["model", "info", "nano", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["hash"]) == 64
    assert main(["model", "info", "r2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts.get("hash") is None
    assert facts["vram_bytes"] > 6.5e9
