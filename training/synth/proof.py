"""Many questions put to the proof: each text, read again, must select exactly its masks.

The same is asked of every scene seen in a mirror: its mirrored text must select the mirrored masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geoseg.errors import InstructionError
from training.synth import knowledge
from training.synth.asking.checking import Checker
from training.synth.asking.facts import look_at
from training.synth.asking.programs import Program
from training.synth.asking.questions import Question, ask
from training.synth.asking.vocabulary import mirrored
from training.synth.layouts import LAYOUTS
from training.synth.rendering import Picture
from training.synth.scenes import SceneRequest, draw_scene
from training.synth.tally import deciles
from training.synth.writing.records import is_exact

SHARES: Final = (0.0001, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Upper ends of the classes of a mask's share of the picture."""

_EXAMPLES: Final = 20
_BATCH: Final = 16
"""Scenes that are drawn before it is seen whether there are questions enough."""


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """How many questions, about which scenes."""

    questions: int
    seed: int
    side: int = 256
    each: int = 8
    """Questions about one scene."""

    processes: int = 1


@dataclass(slots=True)
class Proof:
    """What came of it."""

    scenes: int = 0
    asked: int = 0
    exact: int = 0
    mirrored: int = 0
    """Exact in the mirror as well."""

    negatives: int = 0
    held_out: int = 0
    """With wording, or a pair of relation and category, that is kept for tests."""

    failed: list[str] = field(default_factory=list)
    """Texts that did not select their masks, or not in the mirror."""

    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {
            name: Counter() for name in ("tags", "categories", "relations", "land_uses")
        }
    )
    shares: list[float] = field(default_factory=list)
    """Of the picture that each mask covers."""

    def add(self, other: Proof) -> None:
        """Take in what came of other scenes."""
        for name in ("scenes", "asked", "exact", "mirrored", "negatives", "held_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failed += other.failed[: _EXAMPLES - len(self.failed)]
        self.shares += other.shares
        for name, counter in other.counts.items():
            self.counts[name].update(counter)

    def report(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        classes, _ = np.histogram(self.shares, bins=(0.0, *SHARES))
        return {
            "scenes": self.scenes,
            "questions": self.asked,
            "exact": self.exact,
            "exact_mirrored": self.mirrored,
            "failed": self.failed,
            "negatives": self.negatives,
            "held_out": self.held_out,
            "masks": len(self.shares),
            "area_deciles": deciles(self.shares),
            "masks_by_share_up_to": {
                f"{share:g}": int(n) for share, n in zip(SHARES, classes, strict=True)
            },
            **{name: dict(sorted(counter.items())) for name, counter in self.counts.items()},
            "never_a_target": self._never(),
        }

    def _never(self) -> Mapping[str, list[str]]:
        """Categories by tier that no target named, and no target of a kind of theirs."""
        named = self.counts["categories"]
        never: dict[str, list[str]] = {"A": [], "B": [], "C": [], "part": []}
        for category in knowledge.load().values():
            if not any(named[kind] for kind in knowledge.kinds_of(category.name)):
                never[category.tier].append(category.name)
        return never


def prove(request: ProofRequest) -> Proof:
    """Draw scenes of all land uses, in turn, until enough was asked about them.

    InstructionError for fewer than 1 question, or pictures below 64 pixels.
    """
    if request.questions < 1 or request.side < 64:
        raise InstructionError(
            f"Cannot prove {request.questions} questions about pictures of {request.side} pixels. "
            "Ask for 1 question or more, about 64 pixels or more."
        )
    proof = Proof()
    for one in _proofs(request):
        proof.add(one)
        if proof.asked >= request.questions and proof.scenes % _BATCH == 0:
            break
    return proof


def _proofs(request: ProofRequest) -> Iterator[Proof]:
    if request.processes <= 1:
        for number in count():
            yield prove_scene(request, number)
    with ProcessPoolExecutor(request.processes) as pool:
        for start in count(0, _BATCH):
            batch = range(start, start + _BATCH)
            yield from pool.map(prove_scene, [request] * _BATCH, batch)


def prove_scene(request: ProofRequest, number: int) -> Proof:
    """Ask about one scene, every other one as tests ask, and read each question again."""
    uses = list(LAYOUTS)
    test = number // len(uses) % 2 == 1
    wanted = SceneRequest(
        request.seed,
        number,
        request.side,
        request.side,
        land_use=uses[number % len(uses)],
        plain=True,
    )
    scene = draw_scene(wanted)
    view = look_at(scene.picture, scene.world.items, scene.gsd)
    questions = ask(view, wanted.random("questions"), request.each, test=test)
    checker = Checker(scene.picture, scene.world.items, scene.gsd)
    mirror = Checker(_mirrored(scene.picture), scene.world.items, scene.gsd)
    proof = Proof(scenes=1)
    proof.counts["land_uses"][scene.world.land_use] += len(questions)
    for question in questions:
        _count(proof, question, test=test)
        exact = is_exact(question, checker)
        in_mirror = is_exact(_question_mirrored(question), mirror)
        proof.exact += exact
        proof.mirrored += in_mirror
        if not (exact and in_mirror):
            proof.failed.append(question.as_meant)
    return proof


def _count(proof: Proof, question: Question, *, test: bool) -> None:
    proof.asked += 1
    proof.negatives += not question.masks
    proof.held_out += test or question.held_out
    proof.counts["tags"].update(question.tags)
    proof.shares += [float(mask.mean()) for mask in question.masks]
    if question.masks:
        proof.counts["categories"].update(program.category for program in question.programs)
        proof.counts["relations"].update(_relation(program) for program in question.programs)


def _relation(program: Program) -> str:
    """By what its items are told from others."""
    told = [type(program.filter).__name__.lower()] if program.filter else []
    told += ["color"] if program.color else []
    told += ["whole"] if program.whole else []
    told += [program.rule.name] if program.rule else []
    return " and ".join(told) or ("the only one" if program.single else "all")


def _mirrored(picture: Picture) -> Picture:
    planes = (picture.rgb, picture.things, picture.parts, picture.sites)
    return Picture(*(_flipped(plane) for plane in planes))


def _flipped(plane: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(plane[:, ::-1])


def _question_mirrored(question: Question) -> Question:
    masks = tuple(_flipped(mask) for mask in question.masks)
    return replace(question, as_meant=mirrored(question.as_meant), masks=masks)
