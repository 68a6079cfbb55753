"""Pieces of ground told by what lies near them: refuges, floods, fires, places to land on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.synth import knowledge
from training.synth.asking.facts import View
from training.synth.asking.programs import Program, Rule
from training.synth.asking.vocabulary import RULES

_METRES: Final = (8, 10, 12, 15, 20, 25, 30, 40, 50)
_TRIES: Final = 8
_LEAST: Final = 100
"""Pixels of a piece of ground."""

_SHARES: Final = (0.04, 0.85)
"""Of its ground that a piece has, so that the rule matters."""


def propose_rule(view: View, random: np.random.Generator) -> Program | None:
    """A rule that picks out some of a ground but not all of it; None where there is none."""
    names = sorted(RULES)
    for _ in range(_TRIES if view.gsd else 0):
        name = names[int(random.integers(len(names)))]
        ground = str(random.choice(RULES[name].grounds))
        rule = Rule(name, int(random.choice(_METRES)))
        program = Program(ground, single=False, rule=rule)
        whole = view.mask(view.of(program.kinds))
        if whole.sum() >= _LEAST and (not RULES[name].source or view.of(_sources(name))):
            share = region(program, view).sum() / whole.sum()
            if _SHARES[0] <= share <= _SHARES[1] and share * whole.sum() >= _LEAST:
                return program
    return None


def region(program: Program, view: View) -> NDArray[np.bool_]:
    """(H, W): the piece of its ground that a program with a rule means.

    Distances are those between the centres of pixels.
    """
    assert program.rule is not None
    name, reach = program.rule.name, program.rule.metres / view.gsd
    ground = view.mask(view.of(program.kinds))
    if name == "landing":
        return _opened(ground, reach / 2)
    away = np.asarray(ndimage.distance_transform_edt(~view.mask(view.of(_sources(name)))))
    return ground & (away >= reach if name == "refuge" else away <= reach)


def describe_rule(program: Program, random: np.random.Generator, *, held_out: bool) -> str:
    """ "the grass that would go under first in a flood, up to 15 m from the water"."""
    assert program.rule is not None
    wordings: Sequence[str] = RULES[program.rule.name].wordings
    # The last of them is for tests alone.
    chosen = wordings[-1] if held_out else str(random.choice(wordings[:-1]))
    noun = knowledge.load()[program.category].words(count=2)[0]
    return f"the {noun} {chosen.replace('{m}', str(program.rule.metres))}"


def _sources(name: str) -> frozenset[str]:
    return knowledge.kinds_of(RULES[name].source)


def _opened(ground: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Every pixel of the discs of a radius, in pixels, that lie within the ground and picture."""
    framed = np.pad(ground, 1)
    middles = np.asarray(ndimage.distance_transform_edt(framed))[1:-1, 1:-1] > radius
    if not middles.any():
        return middles
    return np.asarray(ndimage.distance_transform_edt(~middles)) <= radius
