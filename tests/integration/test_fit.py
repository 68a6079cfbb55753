"""`python -m training fit` from the outside: one process and two."""

import json
import subprocess
import sys

import pytest

from tests.unit.training.fit.conftest import drawn, folder, short_recipe
from training.fit.recipe import changed
from training.fit.states import load_state, newest
from training.recipes import to_toml

__all__ = ["drawn", "folder"]

_LAUNCH = (
    "accelerate.commands.launch",
    "--cpu",
    "--num_processes=2",
    "--num_machines=1",
    "--mixed_precision=no",
    "--dynamo_backend=no",
    "--main_process_port=0",
    "-m",
    "training",
)


def _fit(module, *arguments):
    command = [sys.executable, "-m", *module, "fit", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path, folder):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(changed(short_recipe(3), {"learning.lora_dropout": "0.0"})))
    for name, module in (("one", ("training",)), ("two", _LAUNCH)):
        _fit(module, recipe, "-o", tmp_path / name, "--data", folder, "--cpu", "--seed", 3)
    one, two = (load_state(newest(tmp_path / name)) for name in ("one", "two"))
    assert one.progress.step == two.progress.step == 3
    for name, value in one.learnt.items():
        assert (value - two.learnt[name]).abs().max().item() < 1e-5, name
    lines = [
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").open()]
        for name in ("one", "two")
    ]
    for ours, theirs in zip(*lines, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)


@pytest.mark.slow
def test_the_smoke_recipe_halves_its_loss(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "training",
            "fixtures",
            "lasers",
            str(tmp_path / "data"),
            "--n",
            "48",
        ],
        check=True,
    )
    limit = ("--set", "course.steps=120", "--max-minutes", 4)
    _fit(
        ("training",), "smoke", "-o", tmp_path / "run", "--data", tmp_path / "data", "--cpu", *limit
    )
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run" / "metrics.jsonl").open()]
    assert sum(losses[-10:]) / 10 < losses[0] / 2
