"""Steps of training by accelerate: one process or several, CPU or GPU, stoppable and resumable.

A step draws its batches first and counts what is in all of them, over all processes; every term is
then a sum divided by these counts. So passes, processes and accumulation cut a step in parts
without changing it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch
from accelerate import Accelerator, DistributedType
from torch.nn import Parameter
from tqdm import tqdm

from geoseg.errors import GeosegError, InstructionError
from training.checkpoint import list_states, optimizer_moments, restore_moments
from training.clock import Clock, stopped_by_sigterm
from training.fit.batches import Batch, Counts, NumberedBatches, draw_seed, stream
from training.fit.lesson import Lesson, Terms, weigh
from training.fit.recipe import FitRecipe
from training.fit.sharing import settle_fsdp
from training.fit.states import Progress, State, load_state, put_back, save_state, save_step

_ABORT_AFTER = 20
_SHARDED = (DistributedType.FSDP, DistributedType.DEEPSPEED)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a run of the loop is given."""

    lesson: Lesson
    batches: NumberedBatches
    recipe: FitRecipe
    out: Path
    model: Mapping[str, object]
    """What states say of the model."""

    examine: Callable[[Lesson], Mapping[str, float]] | None = None
    """Scores of held-out examples, with ``giou`` among them; asked of the first process."""

    seed: int = 0
    max_minutes: float = math.inf
    resume: bool = False


def passes_of(recipe: FitRecipe, processes: int) -> tuple[int, int]:
    """Examples of a pass, and passes of a step over all processes."""
    batch, micro = recipe.course.batch, recipe.course.micro_batch
    size = micro or batch // processes
    if size == 0 or batch % (size * processes):
        raise InstructionError(
            f"A step of {batch} examples cannot be shared by {processes} processes in passes of "
            f"{max(size, 1)}. Choose a batch that is a multiple of both."
        )
    return size, batch // size


class _Loop:
    """The state of a run while it goes on."""

    def __init__(self, accelerator: Accelerator, course: Course) -> None:
        self.accelerator, self.course, self.recipe = accelerator, course, course.recipe
        settle_fsdp(accelerator)
        # Weights that are shared out cannot take the values of a state any more.
        state = self._state_to_go_on_from()
        schedule = course.recipe.course
        plain = torch.optim.AdamW(
            list(_learning(course.lesson).values()),
            lr=schedule.rate,
            weight_decay=schedule.weight_decay,
        )
        self.wrapped, self.optimizer = accelerator.prepare(course.lesson, plain)
        self.plain = plain
        # FSDP has put others in the place of the parameters.
        self.learning = _learning(course.lesson)
        self.sharded = accelerator.distributed_type in _SHARDED
        """Processes hold parts of the weights, and must gather them together."""

        self.saving = False
        """Whether a state is due after this step, for all processes alike."""

        self.progress = Progress()
        self.window: list[dict[str, float]] = []
        self.waited = 0.0
        if state is not None:
            restore_moments(plain, self.learning, state.moments)
            self.progress = state.progress
        self.ramp = schedule.ramp()
        running = course.recipe.running
        self.clock = Clock({"save": running.save_minutes}, course.max_minutes)
        _, self.passes = passes_of(course.recipe, accelerator.num_processes)
        first = self.progress.step * self.passes + accelerator.process_index
        self.stream = stream(course.batches, first, accelerator.num_processes, running.workers)

    def _state_to_go_on_from(self) -> State | None:
        """The newest one, whose values the model has then; None at a start."""
        states = list_states(self.course.out) if self.course.resume else []
        if not states:
            return None
        state = load_state(states[-1])
        put_back(self.course.lesson.model, state.learnt, states[-1])
        return state

    def step(self, stop: bool) -> bool:
        """One step of the optimizer; whether any process asked to stop after it."""
        progress, wanted = self.progress, self.recipe.losses
        rate = self.recipe.course.rate * self.ramp.factor(progress.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # All that is random in a step (dropout) follows from its number.
        torch.manual_seed(
            draw_seed(self.course.seed, progress.step) + self.accelerator.process_index
        )
        batches = self._drawn()
        counts, stopping = self._shared_counts(batches, stop)
        terms = torch.zeros(len(Terms._fields), device=self.accelerator.device)
        for i, batch in enumerate(batches):
            last = i == len(batches) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                # Under FSDP accelerate leaves autocast to the caller; elsewhere it is on already.
                with self.accelerator.autocast():
                    found: Terms = self.wrapped(batch, counts)
                # Processes average their gradients; the sum is what is wanted.
                share = found.total(wanted) * self.accelerator.num_processes
                self.accelerator.backward(share)
            terms += torch.stack(list(found)).detach()
        terms = self.accelerator.reduce(terms, "sum")
        norm = float(
            self.accelerator.clip_grad_norm_(self.learning.values(), self.recipe.course.clip)
        )
        self._apply(dict(zip(Terms._fields, terms.tolist(), strict=True)), norm, rate)
        return stopping

    def _drawn(self) -> list[Batch]:
        began = time.monotonic()
        batches = [next(self.stream) for _ in range(self.passes // self.accelerator.num_processes)]
        self.waited += time.monotonic() - began
        return [batch.to(self.accelerator.device) for batch in batches]

    def _shared_counts(self, batches: list[Batch], stop: bool) -> tuple[Counts, bool]:
        own = Counts.of(batches, self.recipe.losses.variant)
        device = self.accelerator.device
        due = self.accelerator.is_main_process and self.clock.due("save")
        mine = [own.tokens, own.masks, own.attended, float(stop), float(due)]
        shared = self.accelerator.reduce(torch.tensor(mine, device=device), "sum")
        tokens, masks, attended, stops, saves = shared.tolist()
        self.saving = saves > 0
        return Counts(max(1.0, tokens), max(1.0, masks), max(1.0, attended)), stops > 0

    def _apply(self, terms: dict[str, float], norm: float, rate: float) -> None:
        progress = self.progress
        loss = float(weigh([torch.tensor(term) for term in terms.values()], self.recipe.losses))
        progress.step += 1
        progress.samples += self.recipe.course.batch
        if math.isfinite(loss) and math.isfinite(norm):
            self.optimizer.step()
            self.window.append({"loss": loss, **terms, "lr": rate, "grad_norm": norm})
        else:
            progress.skipped += 1
        self.optimizer.zero_grad(set_to_none=True)
        if progress.skipped >= _ABORT_AFTER:
            raise GeosegError(
                f"Loss or gradient were not finite in {_ABORT_AFTER} steps, last {progress.step}.",
                hint="Lower the learning rate or look at the examples of that step.",
            )

    def line(self) -> dict[str, object]:
        """What the steps since the last line came to."""
        rows, self.window = self.window, []
        means = {
            key: sum(row[key] for row in rows) / len(rows) for key in (rows[0] if rows else ())
        }
        waited, self.waited = self.waited, 0.0
        elapsed = self.clock.lap()
        on_gpu = self.accelerator.device.type == "cuda"
        self.progress.last = {
            "step": self.progress.step,
            **{key: float(f"{value:.6g}") for key, value in means.items()},
            "samples": self.progress.samples,
            "samples_per_s": round(self.recipe.course.batch * len(rows) / elapsed, 3),
            "data_wait_percent": round(100 * waited / elapsed, 1),
            "peak_memory_bytes": torch.cuda.max_memory_allocated() if on_gpu else _resident(),
            "skipped": self.progress.skipped,
        }
        return self.progress.last

    def save(self) -> None:
        """Write the state of this step. To be called by all processes, of which one writes."""
        if self.sharded or self.accelerator.is_main_process:
            kept = self._kept()
        if self.accelerator.is_main_process:
            save_step(self.course.out, *kept, self.progress, keep=self.recipe.running.keep)

    def examined(self) -> dict[str, object]:
        """Scores of held-out examples; the best state so far is kept as ``best``."""
        assert self.course.examine is not None, "asked only where there is an examination"
        with self.accelerator.autocast():
            scores = self.course.examine(self.course.lesson)
        if scores["giou"] > self.progress.best:
            self.progress.best = scores["giou"]
            save_state(self.course.out / "best", *self._kept(), self.progress)
        return {"step": self.progress.step, "evaluation": dict(scores)}

    def _kept(self) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, object]]:
        if self.sharded:
            # Moments lie in parts, by another order: a continued run starts them anew.
            whole = self.accelerator.get_state_dict(self.wrapped)
            # All processes send their parts, the first one has them all.
            here = self.learning if self.accelerator.is_main_process else ()
            return {name: whole[f"model.{name}"] for name in here}, {}, self.course.model
        names: dict[torch.Tensor, str] = {p: name for name, p in self.learning.items()}
        return self.learning, optimizer_moments(self.plain, names), self.course.model


def teach(accelerator: Accelerator, course: Course) -> Progress:
    """Train until plan, clock or SIGTERM end it, all processes at one step; leaves a state."""
    loop = _Loop(accelerator, course)
    leads, running = accelerator.is_main_process, course.recipe.running
    due = running.examine_steps if course.examine is not None else 0
    if due and loop.sharded:
        raise InstructionError(
            "One process cannot examine a model whose weights are shared out (FSDP, DeepSpeed). "
            "Set running.examine_steps to 0, and use `eval` on the states."
        )
    with stopped_by_sigterm() as stopped, _metrics(course.out, leads) as log:
        ended = False
        for _ in _bar(loop, course, leads):
            if ended or loop.progress.step >= course.recipe.course.steps:
                break
            ended = loop.step(stopped() or loop.clock.over())
            if leads and loop.progress.step % running.log_steps == 0:
                _write(log, loop.line(), accelerator)
            if loop.saving:
                loop.save()
            if leads and due and loop.progress.step % due == 0:
                _write(log, loop.examined(), accelerator)
        loop.save()
    accelerator.wait_for_everyone()
    return loop.progress


def _learning(lesson: Lesson) -> dict[str, Parameter]:
    return {name: p for name, p in lesson.model.named_parameters() if p.requires_grad}


def _bar(loop: _Loop, course: Course, leads: bool) -> Iterator[int]:
    total = course.recipe.course.steps
    # One turn more than steps: the last one only finds that it is over.
    steps = range(loop.progress.step, total + 1)
    bar: Iterator[int] = iter(
        tqdm(steps, total=total, initial=loop.progress.step, disable=None if leads else True)
    )
    return bar


def _metrics(out: Path, leads: bool) -> Any:
    if not leads:
        return nullcontext()
    out.mkdir(parents=True, exist_ok=True)
    return (out / "metrics.jsonl").open("a", encoding="utf-8")


def _write(log: IO[str], line: Mapping[str, object], accelerator: Accelerator) -> None:
    log.write(json.dumps(line) + "\n")
    log.flush()
    numbers = {key: value for key, value in line.items() if isinstance(value, int | float)}
    if accelerator.trackers:
        accelerator.log(numbers, step=int(numbers["step"]))


def _resident() -> int:
    """Most memory that this process has held, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
