"""The weightless engine finds drawn colours, and only those that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from geoseg.dialogue import Instruction
from geoseg.engines import EngineSpec, Question, open_engine
from geoseg.engines.color import ColorEngine
from geoseg.grid import Window
from geoseg.scene import Chip
from geoseg.tiling import Tile
from tests.unit.engines.contract import EngineContract, draw_chip


class TestContract(EngineContract):
    in_flight = 1

    @pytest.fixture
    def engine(self):
        with open_engine(EngineSpec("color")) as engine:
            yield engine


def ask(chip, text):
    ((_, answer),) = ColorEngine().answer([Question(chip, (Instruction(text),))])
    return answer


def phrases(answer):
    return [found.target.phrase for found in answer.targets]


def coloured(red=(255, 0, 0)):
    """16 × 24 px: left third as given, middle third blue, right third grey."""
    window = Window(40, 80, 24, 16)
    rgb = np.full((3, 16, 24), 100, np.uint8)
    rgb[:, :, :8] = np.array(red, np.uint8)[:, None, None]
    rgb[:, :, 8:16] = np.array([0, 0, 255], np.uint8)[:, None, None]
    return Chip(Tile(0, window, window), rgb, np.ones((16, 24), bool))


def test_logits_are_positive_exactly_on_the_colour():
    (found,) = ask(coloured(), "red roofs").targets
    assert found.logits.shape == (4, 6)
    assert (found.logits[:, :2] > 0).all()
    assert (found.logits[:, 2:] < 0).all()
    assert found.score > 0.99


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Red and BLUE things", ["red", "blue"]),
        ("blue or red, then blue again", ["blue", "red"]),
        ("everything green", []),
        ("safe open areas", []),
        ("a bored predator", []),
    ],
)
def test_targets_come_in_the_order_of_the_words(text, expected):
    answer = ask(coloured(), text)
    assert phrases(answer) == expected
    assert answer.finish == "stop"
    assert answer.text


def test_a_faint_colour_is_not_found():
    assert phrases(ask(coloured(red=(130, 100, 100)), "red")) == []


def test_a_cell_half_covered_lies_at_the_boundary():
    chip = coloured()
    chip.rgb[:, :, 6:8] = 100  # the second cell is now half red
    (found,) = ask(chip, "red").targets
    assert found.logits[0].tolist() == [8.0, 0.0, -8.0, -8.0, -8.0, -8.0]


def test_the_last_cell_is_averaged_over_the_pixels_it_has():
    window = Window(0, 0, 9, 5)
    chip = draw_chip(Tile(0, window, window))
    chip.rgb[:] = np.array([200, 30, 40], np.uint8)[:, None, None]
    (found,) = ask(chip, "red").targets
    assert found.logits.shape == (2, 3)
    assert (found.logits == 8).all()
