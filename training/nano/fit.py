"""Nano's training task: numbered batches, their loss, and a look at fresh samples.

One pass of the encoder serves all questions of an image. BatchNorm keeps its ancestor's
statistics; the instruction trunk learns only where the recipe says so. Losses and mask logits
are float32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, Dataset

from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import TextCodec
from training.losses import L_t
from training.nano.ancestors import newborn
from training.nano.corpus import Corpus, load_corpus
from training.nano.examine import examine
from training.nano.language import CATEGORIES, answer, answer_sentences
from training.nano.loop import LoopPlan, Loss, run
from training.nano.parallel import Group, joined, together
from training.nano.passes import Batch, encode, mask_losses, read
from training.nano.recipe import BatchKind, Recipe
from training.nano.samples import TrainingSample, training_sample
from training.schedule import locate

_INDEX_STRIDE = 64
_IF_IT_WERE_THERE = {answer([], [name]): answer([name]) for name in CATEGORIES}


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What one run of training is given."""

    data: Path
    out: Path
    seed: int
    resume: bool
    max_minutes: float
    processes: int
    threads: int
    """Of each process."""


def fit(recipe: Recipe, options: FitOptions) -> None:
    """Train nano by a recipe, in as many processes as asked."""
    with tempfile.TemporaryDirectory() as folder:
        together(partial(_member, recipe, options, Path(folder) / "meeting"), options.processes)


def _member(recipe: Recipe, options: FitOptions, meeting: Path, group: Group) -> None:
    torch.set_num_threads(options.threads)
    corpus = load_corpus(options.data)
    model, tokenizer = newborn(answer_sentences(), options.seed)
    task = NanoTask(model, tokenizer, recipe, seed=options.seed, corpus=corpus)
    plan = LoopPlan(
        ramps=[stage.ramp() for stage in recipe.stages],
        batches_per_step=recipe.batches_per_step,
        clip=recipe.clip,
        average=recipe.average,
        weight_decay=recipe.weight_decay,
        save_minutes=recipe.save_minutes,
        evaluate_minutes=recipe.evaluate_minutes,
        max_minutes=options.max_minutes,
    )
    notes = {"seed": options.seed}
    with joined(group, meeting):
        run(task, plan, options.out, resume=options.resume, notes=notes, group=group)


def collate(samples: Sequence[TrainingSample], *, doubts: bool) -> Batch:
    """Samples of one size as a batch.

    With `doubts`, every question about an absent thing is followed by the same question answered
    as if it were there: nothing is learnt from its words, but its mask has to be empty. Otherwise
    a query would only ever see pictures of its thing, and would find any thing in others.
    """
    asked, owner, masks, known, spoken = [], [], [], [], []
    instructions, answers = [], []
    for image, question in [(i, q) for i, sample in enumerate(samples) for q in sample.questions]:
        asked.append(image)
        spoken.append(True)
        instructions.append(question.instruction)
        answers.append(question.answer)
        owner += [image] * len(question.masks)
        masks.append(torch.as_tensor(np.asarray(question.masks, dtype=np.float32)))
        known.append(torch.as_tensor(np.asarray(question.known, dtype=bool)))
        if doubts and question.answer in _IF_IT_WERE_THERE:
            asked.append(image)
            spoken.append(False)
            instructions.append(question.instruction)
            answers.append(_IF_IT_WERE_THERE[question.answer])
            owner.append(image)
            masks.append(torch.zeros(1, *question.masks.shape[1:]))
            known.append(torch.ones(1, *question.masks.shape[1:], dtype=torch.bool))
    return Batch(
        rgb=torch.stack([torch.as_tensor(np.ascontiguousarray(s.rgb)) for s in samples]),
        instructions=tuple(instructions),
        answers=tuple(answers),
        spoken=torch.tensor(spoken),
        asked=torch.tensor(asked),
        owner=torch.tensor(owner, dtype=torch.long),
        masks=torch.cat(masks),
        known=torch.cat(known),
    )


def batch_kind(recipe: Recipe, seed: int, number: int) -> BatchKind:
    """Shape of a batch, drawn from its stage's mixture by seed and number alone."""
    step = number // recipe.batches_per_step
    stage = recipe.stages[locate([s.ramp() for s in recipe.stages], step)[0]]
    shares = np.array([kind.share for kind in stage.batches])
    drawn = np.random.default_rng([seed, number, 0]).choice(len(shares), p=shares / shares.sum())
    return stage.batches[int(drawn)]


def draw_batch(
    corpus: Corpus, kind: BatchKind, seed: int, first: int, *, doubts: bool = False
) -> Batch:
    """A batch of the samples from index `first` on."""
    return collate(
        [
            training_sample(corpus, i, seed=seed, size=kind.size, questions=kind.questions)
            for i in range(first, first + kind.images)
        ],
        doubts=doubts,
    )


class NumberedBatches(Dataset[Batch]):
    """Every batch of a run, by its number."""

    def __init__(self, recipe: Recipe, seed: int, corpus: Corpus) -> None:
        self._recipe, self._seed, self._corpus = recipe, seed, corpus

    def __getitem__(self, number: int) -> Batch:
        kind = batch_kind(self._recipe, self._seed, number)
        return draw_batch(self._corpus, kind, self._seed, number * _INDEX_STRIDE, doubts=True)


class NanoTask:
    """What the loop trains."""

    def __init__(
        self, model: SegEarth, tokenizer: Tokenizer, recipe: Recipe, *, seed: int, corpus: Corpus
    ) -> None:
        self.model = model
        self.codec = TextCodec(tokenizer, model.config.template, model.config.answer_token_ids)
        self._recipe, self._seed, self._corpus = recipe, seed, corpus
        self._learn_trunk = recipe.rates.trunk > 0
        self._trained = trained_parameters(model, recipe)
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for parameter in self._trained.values():
            parameter.requires_grad_(True)
        model.train()
        model.encoder.eval().to(memory_format=torch.channels_last)

    def trained(self) -> Mapping[str, torch.nn.Parameter]:
        """Parameters of the parts with a rate."""
        return self._trained

    def rate(self, name: str) -> float:
        """Rate of the part that a parameter is in."""
        return part_rate(name, self._recipe)

    def batches(self, first: int, stride: int) -> Iterator[Batch]:
        """Endless batches, made one process aside."""
        loader: DataLoader[Batch] = DataLoader(
            NumberedBatches(self._recipe, self._seed, self._corpus),
            batch_size=None,
            sampler=range(first, 1 << 40, stride),
            num_workers=1,
            prefetch_factor=6,
        )
        return iter(loader)

    def loss(self, batch: Batch) -> Loss:
        """Text loss over all questions, mask losses of every prediction over all masks."""
        encoded = encode(self.model, batch.rgb)
        reading, ids, real = read(self.model, self.codec, encoded, batch, learn=self._learn_trunk)
        text = L_t(reading.logits, ids, real & batch.spoken[:, None])
        states = reading.hidden[ids == self.codec.seg]
        bce, dice = mask_losses(self.model.masks(encoded.features, states, batch.owner), batch)
        weights = self._recipe.weights
        total = weights.text * text + weights.mask * bce + weights.dice * dice
        parts = {"text": text.item(), "mask": bce.item(), "dice": dice.item()}
        return Loss(total, parts, len(batch.rgb))

    def evaluate(self) -> Mapping[str, object]:
        """Fresh samples of the training images, which no step draws."""
        kind = BatchKind(size=256, images=4, questions=6)
        batches = (draw_batch(self._corpus, kind, self._seed + 1, 64 * i) for i in range(8))
        return examine(self.model, self.codec, batches)


def part_rate(name: str, recipe: Recipe) -> float:
    """Base rate of a parameter by its name in the model."""
    rates = recipe.rates
    if name.startswith("encoder."):
        return rates.encoder
    if name.startswith("trunk.bert."):
        return rates.trunk
    if name.startswith(("language.", "trunk.bridge.", "image_tokens.")):
        return rates.language
    return rates.decoder if name.startswith("mask_decoder.layers.") else rates.masks


def trained_parameters(model: SegEarth, recipe: Recipe) -> dict[str, torch.nn.Parameter]:
    """Parameters that a recipe trains: all with a rate, of the encoder the later blocks only, and
    of the trunk its last layers only.
    """
    assert model.config.trunk is not None, "nano has an instruction trunk"
    depth = model.config.trunk.layers
    late = [f"trunk.bert.encoder.layer.{i}." for i in range(depth - recipe.trunk_layers, depth)]
    early = [f"encoder.body.blocks.{i}." for i in range(recipe.encoder_frozen)]
    if early:
        early += ["encoder.body.conv_stem.", "encoder.body.bn1."]
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if part_rate(name, recipe) > 0
        and not name.startswith(tuple(early))
        and (not name.startswith("trunk.bert.") or name.startswith(tuple(late)))
    }
