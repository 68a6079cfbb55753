"""`python -m training fit` from the outside: one process, two, and two that share the weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file

from tests.unit.training.fit.conftest import drawn, folder, short_recipe
from training.fit.merging import merge
from training.fit.recipe import changed
from training.fit.states import load_state, newest
from training.recipes import to_toml

__all__ = ["drawn", "folder"]

_ROOT = Path(__file__).parents[2]
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


_SHARED = (
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node=2",
    str(Path(__file__).with_name("sharded_fit.py")),
)


def _fit(module, *arguments):
    command = [sys.executable, "-m", *module, "fit", *map(str, arguments)]
    path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
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
def test_two_processes_that_share_the_weights_learn_what_one_does(tmp_path, folder):
    recipe, shorter = tmp_path / "recipe.toml", tmp_path / "shorter.toml"
    whole = changed(short_recipe(3), {"learning.lora_dropout": "0.0", "course.clip": "0.1"})
    recipe.write_text(to_toml(whole))
    shorter.write_text(to_toml(changed(whole, {"course.steps": "1"})))
    rest = ("--data", folder, "--cpu", "--seed", 3)
    for name, module in (("one", ("training",)), ("shared", _SHARED)):
        _fit(module, recipe, "-o", tmp_path / name, *rest)
    one, shared = (load_state(newest(tmp_path / name)) for name in ("one", "shared"))
    assert one.learnt.keys() == shared.learnt.keys()
    for name, value in one.learnt.items():
        assert (value - shared.learnt[name]).abs().max().item() < 1e-5, name
    _fit(_SHARED, shorter, "-o", tmp_path / "cut", *rest)
    first = load_state(newest(tmp_path / "cut")).learnt
    _fit(_SHARED, recipe, "-o", tmp_path / "cut", *rest, "--resume")
    state = load_state(newest(tmp_path / "cut"))
    assert state.progress.step == 3
    assert any(not value.equal(first[name]) for name, value in state.learnt.items())


@pytest.mark.slow
def test_two_processes_share_frozen_weights_in_bfloat16(tmp_path, folder):
    _fit(("training",), _written(tmp_path, {}), "-o", tmp_path / "a", "--data", folder, "--cpu")
    merge(tmp_path / "a", tmp_path / "known", store="fp32")
    changes = {
        "base.checkpoint": f'"{tmp_path / "known"}"',
        "base.half": "true",
        "learning.head": "rows",
        "learning.parts": '["pixel_decoder.", "mask_decoder.", "seg_projector."]',
        "running.precision": "bf16",
        "running.recompute": "true",
    }
    recipe = _written(tmp_path, changes)
    _fit(_SHARED, recipe, "-o", tmp_path / "b", "--data", folder, "--cpu")
    learnt = load_state(newest(tmp_path / "b")).learnt
    assert all(v.dtype == torch.float32 and v.isfinite().all() for v in learnt.values())


def _written(folder, changes):
    path = folder / f"recipe{len(changes)}.toml"
    path.write_text(to_toml(changed(short_recipe(2), changes)))
    return path


@pytest.mark.parametrize("name", ["fsdp", "deepspeed"])
def test_accelerate_reads_the_configurations_that_come_along(name, monkeypatch):
    """DeepSpeed itself is not run: its package is no dependency."""
    monkeypatch.chdir(_ROOT)
    config = load_config_from_file(f"training/configs/accelerate/{name}.yaml")
    assert config.distributed_type.value == name.upper()
    told = config.deepspeed_config.get("deepspeed_config_file")
    assert told is None or json.loads(Path(told).read_text())["zero_optimization"]["stage"] == 2


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
