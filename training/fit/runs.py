"""A recipe, a folder and examples, made into a run; and its states, made into models again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState

from geoseg.errors import CheckpointError, InstructionError, OutputError
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.config import SegEarthConfig, to_json
from geoseg.segearth.sources import open_checkpoint
from training.checkpoint import list_states
from training.fit.adapting import adapt, fold, recompute, set_mode
from training.fit.batches import Collation, NumberedBatches
from training.fit.examining import examine, scores
from training.fit.examples import Example, Examples
from training.fit.lesson import Lesson
from training.fit.loop import Course, passes_of, teach
from training.fit.newborn import newborn, save_newborn, unspoken_tokens, with_words
from training.fit.queries import query_names
from training.fit.recipe import FitRecipe
from training.fit.shapes import lesson_for, marks_of, shaped
from training.fit.states import Progress, load_state, newest, put_back
from training.recipes import from_tables, to_tables, to_toml

_FRESH = "base"
"""Folder in a run's own that holds what a run with fresh weights started from."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What one run is given besides its recipe."""

    out: Path
    seed: int = 0
    max_minutes: float = math.inf
    resume: bool = False
    cpu: bool = False
    """Leave an accelerator alone."""

    tracker: str = ""
    """tensorboard or wandb, besides metrics.jsonl; empty: neither."""


def fit(
    recipe: FitRecipe,
    examples: Examples,
    options: FitOptions,
    held_out: Sequence[Example] = (),
) -> Progress:
    """Train by a recipe; states, metrics.jsonl and recipe.toml lie under ``options.out`` then."""
    if not len(examples):
        raise InstructionError("There are no examples to train on; choose another split or folder.")
    accelerator = _accelerator(recipe, options)
    if not options.resume and list_states(options.out):
        raise OutputError(
            f"{options.out} holds the states of another run.",
            code="bad_request",
            hint="Give --resume to go on with it, or another -o.",
        )
    base = _base(recipe, examples, options, accelerator)
    words = unspoken_tokens(base.codec, examples.answers())
    torch.manual_seed(options.seed)  # what is new starts from drawn numbers
    student, marks = _student(base, words, recipe)
    learns = sorted(name for name, p in student.model.named_parameters() if p.requires_grad)
    set_mode(student.model)
    if recipe.running.recompute:
        recompute(student.model)
    collation = collation_for(student, recipe)
    size, _ = passes_of(recipe, accelerator.num_processes)
    course = Course(
        lesson=lesson_for(student.model, marks, recipe),
        batches=NumberedBatches(examples, collation, size=size, seed=options.seed),
        recipe=recipe,
        out=options.out,
        model=_facts(recipe, student, words, learns, options.seed),
        examine=partial(_examined, collation=collation, held_out=held_out) if held_out else None,
        seed=options.seed,
        max_minutes=options.max_minutes,
        resume=options.resume,
    )
    if accelerator.is_main_process:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")
    if options.tracker:
        accelerator.init_trackers("geoseg", config={"seed": options.seed})
    progress = teach(accelerator, course)
    accelerator.end_training()
    return progress


def open_trained(path: Path, base: str = "", *, force: bool = False) -> Checkpoint:
    """The model of a state (or of the newest of a run), adapters folded in, as inference has it.

    `base` stands in for the checkpoint that the state names. CheckpointError if it has other
    weights than the one trained on, unless `force`.
    """
    return _opened(path, base, force)[0]


def open_lesson(path: Path, base: str = "") -> tuple[Lesson, Collation]:
    """A state as it can be asked, whatever its shape; and how examples become its batches."""
    student, marks, recipe = _opened(path, base, False)
    return lesson_for(student.model, marks, recipe), collation_for(student, recipe)


def _opened(path: Path, base: str, force: bool) -> tuple[Checkpoint, tuple[int, ...], FitRecipe]:
    folder = newest(path)
    state = load_state(folder)
    facts = state.model
    checkpoint = open_checkpoint(base or _where(facts["base"], folder))
    if checkpoint.hash != facts["base_hash"] and not force:
        raise CheckpointError(
            f"The training state {folder} belongs to a base with hash {facts['base_hash'][:12]}…, "
            f"but the one given has {checkpoint.hash[:12]}…. Give the base that was trained on."
        )
    recipe = from_tables(FitRecipe, facts["recipe"])
    student, marks = _student(checkpoint, facts["words"], recipe)
    put_back(student.model, state.learnt, folder)
    fold(student.model)
    return Checkpoint(student.model.eval(), student.codec, checkpoint.hash), marks, recipe


def _student(
    base: Checkpoint, words: Sequence[int], recipe: FitRecipe
) -> tuple[Checkpoint, tuple[int, ...]]:
    """A base with new words, in the shape of the recipe, ready to learn; and its marks."""
    worded = with_words(base, words)
    student, learning = shaped(worded, recipe)
    spoken = len(worded.codec.answer_token_ids)
    marks = marks_of(student.codec, recipe.shape.queries)
    rows = [*marks, *range(spoken - len(words), spoken)]
    adapt(student.model, learning, rows)
    return student, marks


def collation_for(checkpoint: Checkpoint, recipe: FitRecipe) -> Collation:
    """How examples become batches for a model."""
    config = checkpoint.model.config
    side = token_side(config, checkpoint.model.encoder.strides[-1])
    target = "".join(query_names(checkpoint.codec, recipe.shape.queries))
    return Collation(config, checkpoint.codec, side, recipe.losses.grid, target)


def token_side(config: SegEarthConfig, coarsest: int) -> int:
    """Image tokens along a side: patches of the SigLIP tower, or cells of the coarsest map."""
    if config.siglip is not None:
        return config.siglip.image_size // config.siglip.patch
    return -(-config.input_size // coarsest)


def _accelerator(recipe: FitRecipe, options: FitOptions) -> Accelerator:
    if options.tracker and find_spec(options.tracker) is None:
        raise InstructionError(
            f"The run is to be logged to {options.tracker}, which is not installed.",
            hint=f"pip install {options.tracker}, or leave --log out: metrics.jsonl is always "
            "written.",
        )
    # One process may do several runs, of different precision; accelerate remembers the first.
    AcceleratorState._reset_state()
    # Parts that a batch without masks leaves alone must not stall the other processes.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(
        mixed_precision=recipe.running.precision,
        cpu=options.cpu,
        kwargs_handlers=[unused],
        log_with=options.tracker or None,
        project_dir=str(options.out),
    )


def _base(
    recipe: FitRecipe, examples: Examples, options: FitOptions, accelerator: Accelerator
) -> Checkpoint:
    """What training starts from; a fresh model is written beside its states first."""
    dtype = torch.bfloat16 if recipe.base.half else torch.float32
    if recipe.base.checkpoint:
        return open_checkpoint(recipe.base.checkpoint, dtype=dtype)
    folder = options.out / _FRESH
    if accelerator.is_main_process and not (options.resume and folder.is_dir()):
        options.out.mkdir(parents=True, exist_ok=True)
        texts = [*examples.instructions(), *examples.answers()]
        save_newborn(*newborn(recipe.base, texts, options.seed), folder)
    accelerator.wait_for_everyone()
    return open_checkpoint(str(folder), dtype=dtype)


def _facts(
    recipe: FitRecipe, student: Checkpoint, words: Sequence[int], learns: Sequence[str], seed: int
) -> Mapping[str, object]:
    """What a state says of its model."""
    return {
        "base": recipe.base.checkpoint,
        "base_hash": student.hash,
        "seed": seed,
        "seg": student.codec.seg,
        "template": student.codec.template.name,
        "words": list(words),
        "learns": list(learns),
        "recipe": to_tables(recipe),
        "config": to_json(student.model.config),
    }


def _where(base: str, state: Path) -> str:
    return base or str(state.parent / _FRESH)


def _examined(
    lesson: Lesson, *, collation: Collation, held_out: Sequence[Example]
) -> dict[str, Any]:
    return scores(examine(lesson, collation, held_out).picked)
