"""Pieces of ground told by what lies near them, against distances worked out by hand."""

import numpy as np
import pytest

from training.synth.asking.checking import Checker
from training.synth.asking.facts import look_at
from training.synth.asking.programs import Program, Rule
from training.synth.asking.rules import describe_rule, propose_rule, region
from training.synth.asking.vocabulary import RULES
from training.synth.rendering import Picture
from training.synth.world import Item

GSD = 0.5


@pytest.fixture(scope="module")
def drawn():
    """Grass in the columns from 20 to 120, left of it a building, right of it a lake."""
    things = np.zeros((100, 140), np.uint32)
    things[:, :20], things[:, 20:120], things[:, 120:] = 1, 2, 3
    items = (Item(1, "building", "thing"), Item(2, "grass", "thing"), Item(3, "lake", "thing"))
    empty = np.zeros_like(things)
    picture = Picture(np.zeros((100, 140, 3), np.uint8), things, empty, empty.copy())
    return look_at(picture, items, GSD), Checker(picture, items, GSD)


@pytest.mark.parametrize(
    ("name", "columns"),
    # The first pixel beside something is one pixel, half a metre, away from it.
    [("refuge", (20 + 19, 120)), ("flood", (120 - 20, 120)), ("landing", (20, 120))],
)
def test_rules_measure_metres(drawn, name, columns):
    view, checker = drawn
    program = Program("grass", single=False, rule=Rule(name, 10))
    mask = region(program, view)
    inner = mask[10:-10]
    expected = np.zeros(140, bool)
    expected[slice(*columns)] = True
    assert (inner == expected).all()
    for held_out in (True, False):
        text = f"Find {describe_rule(program, np.random.default_rng(0), held_out=held_out)}."
        (read,) = checker.masks(text)
        assert (read == mask).all()


def test_a_circle_that_does_not_fit_is_nowhere(drawn):
    view, _ = drawn
    assert not region(Program("grass", single=False, rule=Rule("landing", 60)), view).any()


def test_a_landing_place_has_round_corners(drawn):
    view, _ = drawn
    mask = region(Program("grass", single=False, rule=Rule("landing", 20)), view)
    assert not mask[0, 20]
    assert mask[0, 70]


def test_nothing_is_proposed_without_a_scale_or_where_it_means_all_or_nothing(drawn):
    view, checker = drawn
    bare = look_at(checker.picture, checker.items)
    proposed = [propose_rule(view, np.random.default_rng(seed)) for seed in range(20)]
    made = [program for program in proposed if program is not None]
    assert made
    for program in made:
        share = region(program, view).sum() / (view.of(program.kinds)[0].area)
        assert 0.04 <= share <= 0.85
    assert not any(propose_rule(bare, np.random.default_rng(seed)) for seed in range(20))


def test_metres_mean_nothing_without_a_scale(drawn):
    _, checker = drawn
    program = Program("grass", single=False, rule=Rule("flood", 10))
    text = f"Find {describe_rule(program, np.random.default_rng(0), held_out=False)}."
    assert checker.masks(text)
    assert Checker(checker.picture, checker.items).masks(text) is None


def test_a_quarter_of_the_wordings_is_for_tests_alone(drawn):
    program = Program("grass", single=False, rule=Rule("flood", 10))
    random = np.random.default_rng(0)
    training = {describe_rule(program, random, held_out=False) for _ in range(60)}
    testing = {describe_rule(program, random, held_out=True) for _ in range(20)}
    assert len(training) == 3
    assert len(testing) == 1
    assert not training & testing
    assert all(len(words.wordings) == 4 for words in RULES.values())
