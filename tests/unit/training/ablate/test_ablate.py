import csv
import json

import numpy as np
import pytest

from tests.unit.training.fit.conftest import short_recipe
from training.__main__ import main
from training.ablate import sweep
from training.ablate.compare import difference
from training.recipes import to_toml


def test_differences_are_paired():
    rng = np.random.default_rng(0)
    first = rng.random((3, 60))
    found = difference(first, first + 0.1)
    assert found.mean == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1)
    noisy = difference(first, rng.random((3, 60)))
    assert noisy.low < noisy.mean < noisy.high


@pytest.mark.parametrize(
    ("name", "values"), [("lambda_s", "0,0.01"), ("queries", "1,2"), ("heads", "m2f,sam")]
)
def test_an_ablation_is_one_table(tmp_path, name, values, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(short_recipe(1)))
    arguments = ["--values", values, "--drawn", "8,16", "--side", "64", "--look", "3", "--cpu"]
    assert main(["ablate", name, str(recipe), "-o", str(tmp_path / "out"), *arguments]) == 0
    report = json.loads((tmp_path / "out" / "table.json").read_text())
    rows = list(csv.DictReader((tmp_path / "out" / "table.csv").open()))
    assert [row["value"] for row in rows] == values.split(",")
    assert [row["value"] for row in report["rows"]] == values.split(",")
    assert all(row["tflops"] > 0 and row["seconds"] > 0 for row in report["rows"])
    assert report["rows"][0]["difference"] == 0.0
    assert report["answers"] == "generated"
    assert "giou" in capsys.readouterr().out


def test_a_stopped_training_ends_the_sweep_and_the_same_command_goes_on(tmp_path, monkeypatch):
    class Stopped:
        step = 0

    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(short_recipe(1)))
    arguments = ["--values", "0", "--drawn", "8,16", "--side", "64", "--look", "1", "--cpu"]
    command = ["ablate", "lambda_s", str(recipe), "-o", str(tmp_path / "out"), *arguments]
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "fit", lambda *_: Stopped())
        assert main(command) == 130
    assert main(command) == 0


def test_what_is_to_be_compared_has_to_be_said(tmp_path, capsys):
    assert main(["ablate", "losses.points", "smoke", "-o", str(tmp_path)]) == 2
    assert "--values" in capsys.readouterr().err
    assert main(["ablate", "lambda_s", "smoke", "-o", str(tmp_path)]) == 2
    assert "--data" in capsys.readouterr().err
