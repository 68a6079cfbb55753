"""`geoseg model trace` writes stages of a forced answer."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoseg.cli.main import main
from geoseg.segearth.checkpoint import save
from tests.unit.segearth.tiny_r2 import tiny_r2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, a picture and ids."""
    place = tmp_path_factory.mktemp("trace")
    checkpoint = tiny_r2()
    codec = checkpoint.codec
    save(checkpoint.model, place / "r2", codec.tokenizer.to_str(), "card", store={"": "fp32"})
    levels = np.random.default_rng(0).integers(0, 256, (40, 90, 3), dtype=np.uint8)
    Image.fromarray(levels).save(place / "port.png")
    prompt = codec.encode_prompt(["find the runway"])
    ids = [*prompt.before.tolist(), "<image>", *prompt.after[0].tolist()]
    (place / "a.json").write_text(json.dumps(ids))
    (place / "b.json").write_text(json.dumps(codec.encode_answer("<p>runway</p>[SEG]")))
    return place


def traced(folder: Path, output: Path, *more: str, image: str = "port.png", a: str = "a.json"):
    ids = ["--prompt-ids", str(folder / a), "--answer-ids", str(folder / "b.json")]
    return main(
        ["model", "trace", str(folder / "r2"), str(folder / image), *ids, "-o", str(output), *more]
    )


def test_stages_are_written_and_told(folder, tmp_path, capsys):
    assert traced(folder, tmp_path / "t.npz") == 0
    with np.load(tmp_path / "t.npz") as stages:
        assert stages["aux_logits"].shape == (10, 1, 16, 16)
        assert stages["masks"].shape == (1, 40, 90)
    assert "image_tokens: 4 × 32" in capsys.readouterr().err
    assert traced(folder, tmp_path / "t.npz", "--compat") == 6
    assert traced(folder, tmp_path / "t.npz", "--compat", "--overwrite") == 0
    with np.load(tmp_path / "t.npz") as stages:
        assert stages["masks"].shape == (1, 64, 64)


@pytest.mark.parametrize("text", ["[", '{"ids": [1]}', "[1, 2]"])
def test_ids_that_cannot_be_used_are_refused(folder, tmp_path, capsys, text):
    (folder / "odd.json").write_text(text)
    assert traced(folder, tmp_path / "t.npz", a="odd.json") == 2
    assert "Error: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_missing_picture_is_named(folder, tmp_path, capsys):
    assert traced(folder, tmp_path / "t.npz", image="nowhere.png") == 2
    assert "nowhere.png" in capsys.readouterr().err
