"""Training samples without end: a canvas of real pixels, and questions about it with their answers.

A sample depends on its number and the seed alone, so a run resumed at step n sees what an unbroken
run would have seen. Nothing is asked that the labels cannot answer: absence is claimed only where
every piece of the canvas is known to be free of a category, and one of which only a sliver is in
sight is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.nano.canvas import PAD_VALUE, STRIDE, Canvas
from training.nano.corpus import Corpus
from training.nano.language import NEVER_SEEN, answer, ask, ask_never_seen, ask_several
from training.nano.layouts import draw_canvas, weighted
from training.nano.photometry import photometric

SLIVER_CELLS: Final = 12.0
"""Cells of coverage below which a category is neither there nor absent."""

NEGATIVE_SHARE: Final = 0.3
NEVER_SEEN_SHARE: Final = 0.03
SEVERAL_SHARE: Final = 0.15

_WEIGHTS: Final = {"ground": 1.2, "open area": 1.8, "building": 5.0, "bare land": 3.0}
_WEIGHT: Final = 4.0
# Absence is common for things that a whole source lacks, and teaches most where it is rare.
_ABSENT_WEIGHTS: Final = {
    "building": 10.0, "road": 8.0, "water": 8.0, "vegetation": 8.0, "bare land": 6.0,
    "storage tank": 4.0, "tennis court": 4.0, "swimming pool": 3.0, "small vehicle": 4.0,
    "airplane": 2.0, "airport runway": 2.0, "baseball diamond": 2.0, "ship": 2.0, "tree": 3.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One request about a picture, and what is right to say and to draw."""

    instruction: str
    answer: str
    """Phrases in ``<p>..</p>[SEG]``, or a sentence without ``[SEG]`` if the thing is not there."""

    masks: NDArray[np.float16]
    """(N, S / 2, S / 2): share of each cell that the target covers, one per ``[SEG]`` in order."""

    known: NDArray[np.bool_]
    """(N, S / 2, S / 2): cells where the mask is to be believed; none if only presence is known."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSample:
    """A picture at the model's input scale and questions about it."""

    rgb: NDArray[np.uint8]
    """(3, S, S)."""

    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """What can be said about a canvas."""

    masks: Mapping[str, tuple[NDArray[np.float16], NDArray[np.bool_]]]
    """Categories in sight → coverage and where it is known."""

    absent: tuple[str, ...]


def training_sample(
    corpus: Corpus, index: int, *, seed: int, size: int, questions: int
) -> TrainingSample:
    """Sample number `index`: a picture of `size` input pixels with this many questions."""
    rng = np.random.default_rng([seed, index])
    while True:
        canvas, target = draw_canvas(corpus, size, rng)
        sight = _look(canvas)
        if sight.masks or sight.absent:
            break
    rgb = photometric(canvas.picture(), rng)
    rgb = np.where(canvas.padding()[..., None], np.uint8(PAD_VALUE), rgb)
    return TrainingSample(
        rgb=np.ascontiguousarray(rgb.transpose(2, 0, 1)),
        questions=_questions(sight, target, size // STRIDE, questions, rng),
    )


def _look(canvas: Canvas) -> _Sight:
    """Sort the categories that the labels speak of into those in sight and those absent."""
    masks, absent = {}, list(canvas.absent)
    for category in sorted(
        canvas.outlined | {name for p in canvas.pieces for name in p.image.shows}
    ):
        cover, known = canvas.truth(category)
        cells = float(cover.sum(dtype=np.float32))
        if cells >= SLIVER_CELLS or canvas.shows_unplaced(category):
            masks[category] = (cover, known)
        elif cells == 0 and canvas.surely(known):
            absent.append(category)
    return _Sight(masks, tuple(sorted(set(absent) - set(masks))))


def _questions(
    sight: _Sight, target: str, cells: int, count: int, rng: np.random.Generator
) -> tuple[Question, ...]:
    asked: list[Question] = []
    left = {name: _interest(name, known) for name, (_, known) in sight.masks.items()}
    if target in left:
        asked.append(_positive(target, sight, cells, rng))
        left[target] *= 0.3
    elif target in sight.absent:
        asked.append(_negative(target, sight, cells, rng))
    while len(asked) < count:
        draw = rng.random()
        if draw < NEVER_SEEN_SHARE:
            asked.append(_question(ask_never_seen(rng), NEVER_SEEN, [], sight, cells))
        elif (draw < NEVER_SEEN_SHARE + NEGATIVE_SHARE or not left) and sight.absent:
            asked.append(_negative(_absent_one(sight.absent, rng), sight, cells, rng))
        elif draw > 1 - SEVERAL_SHARE and len(sight.masks) + len(sight.absent) > 1:
            asked.append(_several(sight, cells, rng))
        elif left:
            name = weighted(left, rng)
            asked.append(_positive(name, sight, cells, rng))
            left[name] *= 0.4
    return tuple(asked)


def _interest(name: str, known: NDArray[np.bool_]) -> float:
    """How often to ask: seldom where little more than the thing itself is known."""
    weight = _WEIGHTS.get(name, _WEIGHT)
    return weight if known.mean() > 0.4 else 0.3 * weight


def _positive(name: str, sight: _Sight, cells: int, rng: np.random.Generator) -> Question:
    return _question(ask(name, rng), answer([name]), [name], sight, cells)


def _negative(name: str, sight: _Sight, cells: int, rng: np.random.Generator) -> Question:
    return _question(ask(name, rng), answer([], [name]), [], sight, cells)


def _several(sight: _Sight, cells: int, rng: np.random.Generator) -> Question:
    """Two or three categories in one request: mostly all in sight, at times only some, or none."""
    names = [*sight.masks]
    if len(names) < 2 or rng.random() < 0.3:
        names += sight.absent
    count = min(len(names), 3 if rng.random() < 0.25 else 2)
    asked = [names[at] for at in rng.permutation(len(names))[:count]]
    present = [name for name in asked if name in sight.masks]
    absent = [name for name in asked if name not in sight.masks]
    return _question(ask_several(asked, rng), answer(present, absent), present, sight, cells)


def _absent_one(absent: Sequence[str], rng: np.random.Generator) -> str:
    return weighted({name: _ABSENT_WEIGHTS.get(name, 1.0) for name in absent}, rng)


def _question(
    instruction: str, reply: str, present: Sequence[str], sight: _Sight, cells: int
) -> Question:
    masks = np.zeros((len(present), cells, cells), np.float16)
    known = np.zeros((len(present), cells, cells), bool)
    for number, name in enumerate(present):
        masks[number], known[number] = sight.masks[name]
    return Question(instruction=instruction, answer=reply, masks=masks, known=known)
