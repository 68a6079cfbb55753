"""The training loop: resumable, stoppable, and silent about what it trains.

A `Task` turns a batch into a loss; the loop owns steps, rates, clipping, the moving average, states
and metrics. A run cut anywhere and resumed equals a straight one: batches depend on the step alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from geoseg.errors import GeosegError
from training.checkpoint import (
    TrainState,
    list_states,
    load_state,
    optimizer_moments,
    restore_moments,
    save_state,
)
from training.clock import Clock, stopped_by_sigterm
from training.nano.parallel import Group
from training.schedule import Ramp, locate, total_steps

_ABORT_AFTER = 20


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """What one batch gave."""

    total: Tensor
    """Scalar with a gradient."""

    parts: Mapping[str, float]
    """Its terms, for the log."""

    samples: int
    """Images in the batch."""


class Task(Protocol):
    """What is trained: parameters, a loss per batch, and now and then an examination."""

    def trained(self) -> Mapping[str, torch.nn.Parameter]:
        """Parameters with a gradient, by name; the same tensors at every call."""

    def rate(self, name: str) -> float:
        """Base learning rate of a parameter."""

    def batches(self, first: int, stride: int) -> Iterator[Any]:
        """Batches number first, first + stride, …; a batch depends on its number alone."""

    def loss(self, batch: Any) -> Loss:
        """Loss of one batch."""

    def evaluate(self) -> Mapping[str, object]:
        """Examine the averaged weights, which are in place when this is called."""


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """How long, how fast, how often."""

    ramps: Sequence[Ramp]
    """Stages of the learning rate; their steps add up to the length of the run."""

    batches_per_step: int = 1
    """Batches whose gradients make one step, whatever the number of processes."""

    clip: float = 1.0
    """Largest norm of the gradient."""

    average: float = 0.999
    """Decay of the moving average, reached after a short rise."""

    weight_decay: float = 0.01
    """Decoupled decay of weight matrices."""

    save_minutes: float = 5.0
    """Between states."""

    evaluate_minutes: float = 10.0
    """Between examinations."""

    log_steps: int = 10
    """Steps that one line of metrics sums up."""

    keep: int = 2
    """States kept."""

    max_minutes: float = math.inf
    """Stop with a state after this long."""


@dataclass(slots=True, eq=False)
class _Run:
    """The changing side of a run."""

    step: int = 0
    samples: int = 0
    skipped: int = 0
    average: dict[str, Tensor] = field(default_factory=dict)
    window: list[dict[str, float]] = field(default_factory=list)


def run(
    task: Task,
    plan: LoopPlan,
    out: Path,
    *,
    resume: bool,
    notes: Mapping[str, object],
    group: Group = Group(),  # noqa: B008  # frozen
) -> int:
    """Train until plan, clock or SIGTERM end it, all processes at one step; returns the steps."""
    out.mkdir(parents=True, exist_ok=True)
    trained = task.trained()
    optimizer = build_optimizer(task, plan.weight_decay)
    state = _Run(average={name: p.detach().clone() for name, p in trained.items()})
    if resume:
        _resume(out, trained, optimizer, state)
    leads = group.rank == 0
    clock = Clock({"save": plan.save_minutes, "evaluate": plan.evaluate_minutes}, plan.max_minutes)
    batches = task.batches(state.step * plan.batches_per_step + group.rank, group.size)
    with (
        stopped_by_sigterm() as stopped,
        (out / "metrics.jsonl").open("a", encoding="utf-8") as log,
    ):
        ended = stopped() or clock.over()
        while state.step < total_steps(plan.ramps) and not ended:
            asked = leads and (stopped() or clock.over())
            ended = _one_step(task, batches, optimizer, plan, state, group, asked)
            if leads and state.step % plan.log_steps == 0:
                _write(log, _summary(state, optimizer, clock))
            if leads and clock.due("save"):
                _save(out, trained, optimizer, state, plan, notes)
            if leads and clock.due("evaluate"):
                _write(log, _examine(task, trained, state))
        if leads:
            _save(out, trained, optimizer, state, plan, notes)
    return state.step


def build_optimizer(task: Task, weight_decay: float) -> torch.optim.AdamW:
    """AdamW with one group per rate and kind; vectors (biases, norms) are not decayed."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in task.trained().items():
        decay = weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((task.rate(name), decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": members, "lr": rate, "base_lr": rate, "weight_decay": decay}
            for (rate, decay), members in groups.items()
        ]
    )


def _one_step(
    task: Task,
    batches: Iterator[Any],
    optimizer: torch.optim.AdamW,
    plan: LoopPlan,
    state: _Run,
    group: Group,
    stop: bool,
) -> bool:
    """One optimizer step; returns whether any process asked to stop after it."""
    trained = list(task.trained().values())
    stage, within = locate(plan.ramps, state.step)
    factor = plan.ramps[stage].factor(within)
    for entry in optimizer.param_groups:
        entry["lr"] = entry["base_lr"] * factor
    optimizer.zero_grad(set_to_none=True)
    sums: dict[str, float] = {}
    images = 0
    for _ in range(plan.batches_per_step // group.size):
        loss = task.loss(next(batches))
        (loss.total / plan.batches_per_step).backward()  # type: ignore[no-untyped-call]
        images += loss.samples
        for key, value in {"loss": loss.total.item(), **loss.parts}.items():
            sums[key] = sums.get(key, 0.0) + value / plan.batches_per_step
    for parameter in trained:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    shared = torch.tensor([*sums.values(), float(images), float(stop)])
    group.add_up([*(p.grad for p in trained if p.grad is not None), shared])
    *means, seen, stops = shared.tolist()
    state.step += 1
    state.samples += int(seen)
    norm = torch.nn.utils.clip_grad_norm_(trained, plan.clip).item()
    if math.isfinite(means[0]) and math.isfinite(norm):
        optimizer.step()
        _follow(task, plan, state)
        state.window.append({**dict(zip(sums, means, strict=True)), "grad_norm": norm})
    else:
        _skip(state)
    return stops > 0


def _skip(state: _Run) -> None:
    state.skipped += 1
    if state.skipped >= _ABORT_AFTER:
        raise GeosegError(
            f"Loss or gradient were not finite in {_ABORT_AFTER} steps, last {state.step}.",
            hint="Lower the learning rate or look at the batch of that step.",
        )


def _follow(task: Task, plan: LoopPlan, state: _Run) -> None:
    """Move the average a little towards the weights; faster at first, when they move far."""
    decay = min(plan.average, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for name, parameter in task.trained().items():
            state.average[name].lerp_(parameter, 1 - decay)


def _summary(state: _Run, optimizer: torch.optim.AdamW, clock: Clock) -> dict[str, object]:
    sums: dict[str, list[float]] = {}
    for parts in state.window:
        for key, value in parts.items():
            sums.setdefault(key, []).append(value)
    state.window.clear()
    return {
        "step": state.step,
        **{key: round(sum(values) / len(values), 5) for key, values in sums.items()},
        "lr": max(group["lr"] for group in optimizer.param_groups),
        "skipped": state.skipped,
        "samples": state.samples,
        "samples_per_s": round(clock.rate(state.samples), 3),
    }


def _examine(task: Task, trained: Mapping[str, Tensor], state: _Run) -> dict[str, object]:
    with swapped(trained, state.average):
        return {"step": state.step, "evaluation": task.evaluate()}


@contextmanager
def swapped(parameters: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> Iterator[None]:
    """Parameters hold other values inside the block and their own again after it."""
    own = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    try:
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(values[name])
        yield
    finally:
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(own[name])


def _resume(
    out: Path,
    trained: Mapping[str, torch.nn.Parameter],
    optimizer: torch.optim.AdamW,
    state: _Run,
) -> None:
    states = list_states(out)
    if not states:
        return
    saved = load_state(states[-1])
    with torch.no_grad():
        for name, parameter in trained.items():
            if name in saved.weights:
                parameter.copy_(saved.weights[name])
                state.average[name] = saved.average[name].clone()
    restore_moments(optimizer, trained, saved.moments)
    state.step, state.samples = saved.step, saved.samples


def _save(
    out: Path,
    trained: Mapping[str, torch.nn.Parameter],
    optimizer: torch.optim.AdamW,
    state: _Run,
    plan: LoopPlan,
    notes: Mapping[str, object],
) -> None:
    names = {parameter: name for name, parameter in trained.items()}
    saved = TrainState(
        state.step, state.samples, trained, state.average, optimizer_moments(optimizer, names)
    )
    save_state(saved, out, notes=notes, keep=plan.keep)


def _write(log: Any, line: Mapping[str, object]) -> None:
    log.write(json.dumps(line) + "\n")
    log.flush()
