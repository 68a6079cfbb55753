"""Whole runs of a few steps: resumed, cut, poisoned, examined, folded."""

import json
import math
import os
import signal

import pytest
import torch
from accelerate import DistributedType

from geoseg.errors import CheckpointError, GeosegError, InstructionError, OutputError
from geoseg.segearth.checkpoint import load
from geoseg.segearth.sources import open_checkpoint
from tests.unit.training.fit.conftest import short_recipe
from training.checkpoint import list_states
from training.clock import Clock
from training.fit import lesson as lessons
from training.fit import loop
from training.fit.merging import hand_on, merge
from training.fit.recipe import changed
from training.fit.runs import FitOptions, fit, open_trained
from training.fit.states import load_state, newest


def _lines(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


class _Halfway(Clock):
    """A clock by which the time is over in the eighth step."""

    asked = 0

    def over(self) -> bool:
        self.asked += 1
        return self.asked == 8


@pytest.fixture(scope="module")
def straight(tmp_path_factory, drawn):
    """Sixteen steps in one go."""
    out = tmp_path_factory.mktemp("straight")
    fit(short_recipe(steps=16), drawn, FitOptions(out, cpu=True))
    return load_state(newest(out))


@pytest.mark.parametrize("workers", [pytest.param(0, marks=pytest.mark.slow), 2])
def test_eight_steps_and_eight_resumed_ones_equal_sixteen_to_the_last_bit(
    tmp_path, drawn, straight, monkeypatch, workers
):
    recipe = changed(short_recipe(steps=16), {"running.workers": str(workers)})
    with monkeypatch.context() as patched:
        patched.setattr(loop, "Clock", _Halfway)
        fit(recipe, drawn, FitOptions(tmp_path, cpu=True))
    assert load_state(newest(tmp_path)).progress.step == 8
    fit(recipe, drawn, FitOptions(tmp_path, cpu=True, resume=True))
    resumed = load_state(newest(tmp_path))
    assert straight.progress.step == resumed.progress.step == 16
    for part in ("learnt", "moments"):
        ours, theirs = getattr(straight, part), getattr(resumed, part)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_run_writes_metrics_its_recipe_and_what_learnt(tmp_path, drawn):
    out = tmp_path / "run"
    recipe = changed(short_recipe(), {"running.examine_steps": "2"})
    fit(recipe, drawn, FitOptions(out, cpu=True), [drawn[0], drawn[1]])
    lines = _lines(out)
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4]
    wanted = {"text", "mask", "dice", "attention", "lr", "grad_norm", "samples_per_s"}
    assert wanted | {"data_wait_percent", "peak_memory_bytes"} <= steps[0].keys()
    assert {"giou", "ciou"} <= next(line for line in lines if "evaluation" in line)[
        "evaluation"
    ].keys()
    assert (out / "best" / "heads.safetensors").is_file()
    assert (out / "recipe.toml").is_file()
    state = load_state(newest(out))
    assert sorted(state.learnt) == state.model["learns"]
    with pytest.raises(OutputError, match="another run"):
        fit(recipe, drawn, FitOptions(out, cpu=True))


def test_folded_states_are_what_inference_reads_and_unfolded_ones_are_refused(tmp_path, drawn):
    out = tmp_path / "run"
    fit(short_recipe(steps=2), drawn, FitOptions(out, cpu=True))
    trained = open_trained(out)
    digest = merge(out, tmp_path / "whole", store="fp32")
    checkpoint = load(tmp_path / "whole")
    assert checkpoint.hash == digest
    for name, value in checkpoint.model.state_dict().items():
        assert torch.equal(value, trained.model.state_dict()[name]), name
    hand_on(out, tmp_path / "small")
    for folder in (out, newest(out), tmp_path / "small"):
        with pytest.raises(CheckpointError, match="export --merge"):
            open_checkpoint(str(folder))
    other = tmp_path / "other"
    fit(short_recipe(steps=1), drawn, FitOptions(other, cpu=True, seed=5))
    with pytest.raises(CheckpointError, match="hash"):
        open_trained(out, str(other / "base"))
    open_trained(out, str(other / "base"), force=True)


def test_sigterm_stops_with_a_state(tmp_path, drawn, monkeypatch):
    asked = []

    def terms(*arguments):
        if not asked:
            asked.append(True)
            os.kill(os.getpid(), signal.SIGTERM)
        return original(*arguments)

    original = lessons.mask_terms
    monkeypatch.setattr(lessons, "mask_terms", terms)
    progress = fit(short_recipe(steps=50), drawn, FitOptions(tmp_path / "run", cpu=True))
    assert progress.step == 2
    assert [path.name for path in list_states(tmp_path / "run")] == ["ckpt-0000002"]


def test_steps_that_are_not_finite_change_nothing_and_too_many_end_the_run(
    tmp_path, drawn, monkeypatch
):
    def poisoned(*arguments):
        mask, dice = original(*arguments)
        return mask * math.nan, dice

    original = lessons.mask_terms
    monkeypatch.setattr(lessons, "mask_terms", poisoned)
    recipe = changed(short_recipe(steps=50), {"running.save_minutes": "0.0"})
    with pytest.raises(GeosegError, match="not finite in 20 steps, last 20"):
        fit(recipe, drawn, FitOptions(tmp_path / "run", cpu=True))
    state = load_state(newest(tmp_path / "run"))
    assert not state.moments
    assert _lines(tmp_path / "run")[-1]["skipped"] == 19


def test_accumulated_passes_are_one_step(tmp_path, drawn):
    recipe = changed(short_recipe(steps=2), {"learning.lora_dropout": "0.0"})
    parts = changed(recipe, {"course.micro_batch": "1"})
    for name, given in (("whole", recipe), ("parts", parts)):
        fit(given, drawn, FitOptions(tmp_path / name, cpu=True))
    whole, cut = (_lines(tmp_path / name) for name in ("whole", "parts"))
    for one, other in zip(whole, cut, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_frozen_parts_in_bfloat16_learn_and_are_examined(tmp_path, drawn):
    fit(short_recipe(steps=1), drawn, FitOptions(tmp_path / "first", cpu=True))
    merge(tmp_path / "first", tmp_path / "known", store="fp32")
    recipe = changed(
        short_recipe(steps=2),
        {
            "base.checkpoint": str(tmp_path / "known"),
            "base.half": "true",
            "learning.head": "rows",
            "learning.parts": '["pixel_decoder.", "mask_decoder.", "seg_projector."]',
            "running.precision": "bf16",
            "running.recompute": "true",
            "running.examine_steps": "2",
        },
    )
    fit(recipe, drawn, FitOptions(tmp_path / "second", cpu=True), [drawn[0]])
    assert all(math.isfinite(line["loss"]) for line in _lines(tmp_path / "second")[:2])
    assert all(
        v.dtype == torch.float32 for v in load_state(newest(tmp_path / "second")).learnt.values()
    )


def test_a_known_checkpoint_learns_new_words_as_rows_of_their_own(tmp_path, drawn):
    fit(short_recipe(steps=1), drawn, FitOptions(tmp_path / "first", cpu=True))
    merge(tmp_path / "first", tmp_path / "known", store="fp32")
    recipe = changed(
        short_recipe(steps=2),
        {
            "base.checkpoint": str(tmp_path / "known"),
            "learning.head": "rows",
            "learning.parts": "[]",
        },
    )
    fit(recipe, drawn, FitOptions(tmp_path / "second", cpu=True))
    state = load_state(newest(tmp_path / "second"))
    assert all("lora_" in name or "token_adapter" in name for name in state.learnt)
    assert open_trained(tmp_path / "second").model.config == load(tmp_path / "known").model.config


def test_shared_out_weights_are_gathered_and_not_examined(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(loop, "_SHARDED", (DistributedType.NO,))
    recipe = short_recipe(steps=2)
    fit(recipe, drawn, FitOptions(tmp_path / "parts", cpu=True))
    monkeypatch.undo()
    fit(recipe, drawn, FitOptions(tmp_path / "whole", cpu=True))
    parts, whole = (load_state(newest(tmp_path / name)) for name in ("parts", "whole"))
    assert all(torch.equal(parts.learnt[name], value) for name, value in whole.learnt.items())
    assert not parts.moments
    monkeypatch.setattr(loop, "_SHARDED", (DistributedType.NO,))
    examined = changed(recipe, {"running.examine_steps": "1"})
    with pytest.raises(InstructionError, match="examine_steps"):
        fit(examined, drawn, FitOptions(tmp_path / "no", cpu=True), [drawn[0]])


def test_what_cannot_be_run_is_said(tmp_path, drawn):
    with pytest.raises(InstructionError, match="not one of"):
        fit(changed(short_recipe(), {"base.preset": "r2"}), drawn, FitOptions(tmp_path / "a"))
    with pytest.raises(InstructionError, match="not installed"):
        fit(short_recipe(), drawn, FitOptions(tmp_path / "a", tracker="wandb"))
