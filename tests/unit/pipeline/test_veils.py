"""Veils: what a chip lacks is marked in every answer about it, and forgotten after the last."""

from __future__ import annotations

import numpy as np

from geoseg.dialogue import UNSEEN, Instance, Instruction, Target, TargetAnswer, TileAnswer
from geoseg.engines import Question
from geoseg.pipeline.veils import Veils
from geoseg.scene import Chip
from geoseg.tiling import plan_tiles

(TILE,) = plan_tiles(10, 14)
SHIPS, PIERS = Instruction("ships"), Instruction("piers")


def chip(valid: np.ndarray) -> Chip:
    return Chip(TILE, np.zeros((3, 10, 14), np.uint8), valid)


def answer() -> TileAnswer:
    drawn = np.full((3, 4), 2, np.float16)
    apart = (Instance(0.5, drawn), Instance(0.5, drawn))
    return TileAnswer(TILE, "a ship", "stop", (TargetAnswer(Target("ship"), 0.5, drawn, apart),))


def marked(valid: np.ndarray, *instructions: Instruction) -> list[TileAnswer]:
    veils = Veils()
    assert list(veils.noted([Question(chip(valid), instructions)]))
    answers = [(instruction, answer()) for instruction in instructions]
    found = [one for _, one in veils.marked(answers)]
    assert not veils._veils
    return found


def test_cells_without_a_valid_pixel_are_marked_in_every_answer() -> None:
    valid = np.ones((10, 14), np.bool_)
    valid[:5] = False  # the first row of cells, and a part of the second
    valid[8:, 12:] = False  # the last cell, which sticks out of the chip
    expected = np.full((3, 4), 2, np.float16)
    expected[0] = expected[2, 3] = UNSEEN
    for found in marked(valid, SHIPS, PIERS):
        (target,) = found.targets
        for drawn in (target, *target.instances):
            assert drawn.logits.dtype == np.float16
            assert (drawn.logits == expected).all()


def test_answers_about_whole_chips_stay_as_they_are() -> None:
    (found,) = marked(np.ones((10, 14), np.bool_), SHIPS)
    assert (found.targets[0].logits == 2).all()


def test_failures_and_absences_pass() -> None:
    veils = Veils()
    valid = np.zeros((10, 14), np.bool_)
    valid[9, 13] = True
    assert list(veils.noted([Question(chip(valid), (SHIPS, PIERS))]))
    answers = [
        (SHIPS, TileAnswer(TILE, "out of luck", "failed")),
        (PIERS, TileAnswer(TILE, "none", "stop")),
    ]
    assert [one.text for _, one in veils.marked(answers)] == ["out of luck", "none"]
