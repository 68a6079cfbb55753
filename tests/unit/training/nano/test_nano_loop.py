"""The loop on a line to be fitted: learns, stops, resumes bit by bit, survives bad batches."""

import json
import math
from dataclasses import replace

import pytest
import torch

from geoseg.errors import CheckpointError, GeosegError
from training.checkpoint import list_states, load_state
from training.nano.loop import LoopPlan, Loss, run
from training.schedule import Ramp


class Line:
    """Fits y = 3x - 1; batch s is drawn from s alone."""

    def __init__(self, bad_from=None):
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(1, 1)
        self.bad_from = bad_from
        self.seen = []

    def trained(self):
        return dict(self.layer.named_parameters())

    def rate(self, name):
        return 0.05 if name == "weight" else 0.1

    def batches(self, first, stride):
        yield from range(first, 10_000, stride)

    def loss(self, step):
        self.seen.append(step)
        x = torch.rand(16, 1, generator=torch.Generator().manual_seed(step))
        total = (self.layer(x) - (3 * x - 1)).square().mean()
        if self.bad_from is not None and step >= self.bad_from:
            total = total * math.nan
        return Loss(total, {"square": total.item()}, 16)

    def evaluate(self):
        return {"weight": self.layer.weight.item()}


def plan(steps, **options):
    return LoopPlan(ramps=[Ramp(100, warmup=5), Ramp(100, end=0.1)][: 1 + steps // 100], **options)


def test_learns_and_logs(tmp_path):
    task = Line()
    assert run(task, plan(200), tmp_path, resume=False, notes={"seed": 7}) == 200
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["step"] == 10
    assert lines[-1]["loss"] < lines[0]["loss"] / 10
    assert {"loss", "square", "grad_norm", "lr", "samples_per_s"} <= set(lines[0])
    assert json.loads((list_states(tmp_path)[-1] / "trainer.json").read_text())["seed"] == 7


def test_resumed_equals_straight(tmp_path):
    straight, cut = Line(), Line()
    run(straight, plan(0), tmp_path / "a", resume=False, notes={})
    run(cut, plan(0, max_minutes=0.0), tmp_path / "b", resume=False, notes={})
    assert cut.seen == []
    short = replace(plan(0), ramps=[Ramp(40, warmup=5)])
    half = Line()
    run(half, short, tmp_path / "b", resume=True, notes={})
    rest = Line()
    run(rest, plan(0), tmp_path / "b", resume=True, notes={})
    assert rest.seen == list(range(40, 100))
    one, other = (load_state(list_states(tmp_path / name)[-1]) for name in "ab")
    assert one.step == other.step == 100
    for part in ("weights", "average", "moments"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_bad_batches_are_skipped_and_too_many_stop_the_run(tmp_path):
    task = Line(bad_from=30)
    with pytest.raises(GeosegError, match="not finite"):
        run(task, plan(0), tmp_path, resume=False, notes={})
    assert all(p.isfinite().all() for p in task.trained().values())


def test_only_the_newest_states_stay_and_a_damaged_one_says_so(tmp_path):
    run(Line(), plan(0, save_minutes=0.0, keep=2), tmp_path, resume=False, notes={})
    states = list_states(tmp_path)
    assert [path.name for path in states] == ["ckpt-0000099", "ckpt-0000100"]
    (states[-1] / "weights.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_state(states[-1])
