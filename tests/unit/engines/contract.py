"""The promises of `geoseg.engines.Engine`, as tests that every engine passes.

A test module of an engine derives from `EngineContract` and says how to build the engine, what to
ask it, and how to draw a chip that it finds something in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.engines import Engine, Question
from geoseg.grid import Window
from geoseg.scene import Chip
from geoseg.tiling import STRIDE, Tile, plan_tiles


class EngineContract:
    """Derive, and give `engine`, `instruction` and `others`."""

    in_flight = 16
    """Most chips the engine may hold unanswered."""

    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        raise NotImplementedError

    @pytest.fixture
    def instruction(self) -> Instruction:
        return Instruction("the red things")

    @pytest.fixture
    def others(self) -> tuple[Instruction, ...]:
        """Two more, of which the first finds something else or nothing."""
        return Instruction("the blue things"), Instruction("red things and green things")

    def chips(self) -> list[Chip]:
        """Two rows of two full windows and two short ones, each half red."""
        return [draw_chip(tile) for tile in plan_tiles(250, 301, window=128, overlap=32)]

    def test_each_tile_is_answered_once(self, engine, instruction):
        chips = self.chips()
        answers = ask(engine, chips, instruction)
        assert sorted(a.tile.index for a in answers) == [c.tile.index for c in chips]
        assert all(answer.finish in ("stop", "length") for answer in answers)

    def test_logits_cover_the_window_at_the_mask_stride(self, engine, instruction):
        for answer in ask(engine, self.chips(), instruction):
            window = answer.tile.window
            for found in answer.targets:
                assert found.logits.shape == (
                    -(-window.height // STRIDE),
                    -(-window.width // STRIDE),
                )
                assert found.logits.dtype == np.float16
                assert np.isfinite(found.logits).all()
                assert 0 <= found.score <= 1

    def test_logits_are_negative_where_invalid(self, engine, instruction):
        chips = []
        for chip in self.chips():
            valid = chip.valid.copy()
            valid[: 8 * STRIDE] = False
            rgb = np.where(valid, chip.rgb, 128).astype(np.uint8)
            chips.append(Chip(chip.tile, rgb, valid))
        for answer in ask(engine, chips, instruction):
            assert all((found.logits[:8] < 0).all() for found in answer.targets)

    def test_the_same_question_has_the_same_answer(self, engine, instruction):
        chips = self.chips()[:2]
        first = {a.tile.index: a for a in ask(engine, chips, instruction)}
        for again in ask(engine, reversed(chips), instruction):
            assert_same(again, first[again.tile.index])

    def test_chips_are_pulled_only_as_fast_as_they_are_answered(self, engine, instruction):
        pulled = answered = 0

        def source() -> Iterator[Question]:
            nonlocal pulled
            for _ in range(3):
                for chip in self.chips():
                    pulled += 1
                    assert pulled - answered <= self.in_flight
                    yield Question(chip, (instruction,))

        for _ in engine.answer(source()):
            answered += 1
        assert answered == pulled

    def test_closing_midway_closes_the_source_and_leaves_the_engine_usable(
        self, engine, instruction
    ):
        answers = engine.answer(Question(chip, (instruction,)) for chip in self.chips())
        next(answers)
        answers.close()
        assert len(ask(engine, self.chips(), instruction)) == len(self.chips())

    def test_a_tile_that_fails_does_not_lose_its_neighbours(self, engine, instruction):
        chips = self.chips()
        chips[1] = broken_chip(chips[1].tile)
        answers = {a.tile.index: a for a in ask(engine, chips, instruction)}
        assert len(answers) == len(chips)
        assert [index for index, a in answers.items() if a.failed] == [chips[1].tile.index]
        assert answers[chips[1].tile.index].text
        assert not answers[chips[1].tile.index].targets

    def test_no_chips_no_answers(self, engine, instruction):
        assert ask(engine, [], instruction) == []

    def test_several_instructions_are_answered_as_each_one_alone(self, engine, instruction, others):
        chips = self.chips()[:3]
        asked = (instruction, *others)
        together = list(engine.answer(Question(chip, asked) for chip in chips))
        assert len(together) == len(chips) * len(asked)
        for one in asked:
            answers = {a.tile.index: a for i, a in together if i == one}
            for alone in ask(engine, chips, one):
                assert_same(answers[alone.tile.index], alone)

    def test_each_tile_has_its_own_instructions(self, engine, instruction, others):
        open_ = [(instruction,), others, others[:1], (others[1], instruction)]
        questions = [Question(c, o) for c, o in zip(self.chips(), open_, strict=False)]
        answers = [(a.tile.index, i) for i, a in engine.answer(iter(questions))]
        expected = [(q.chip.tile.index, i) for q in questions for i in q.instructions]
        assert len(answers) == len(expected)
        assert set(answers) == set(expected)

    def test_a_tile_that_fails_fails_for_all_its_instructions(self, engine, instruction, others):
        good, bad = self.chips()[0], broken_chip(self.chips()[1].tile)
        asked = (instruction, *others)
        answers = list(engine.answer([Question(bad, asked), Question(good, asked)]))
        assert [i for i, a in answers if a.failed and a.tile == bad.tile] == list(asked)
        assert [i for i, a in answers if not a.failed and a.tile == good.tile] == list(asked)

    def test_it_says_who_and_where_it_is(self, engine):
        assert engine.checkpoint_hash
        assert engine.device

    def test_closing_twice_is_allowed(self, engine):
        engine.close()
        engine.close()


def ask(engine: Engine, chips: Iterable[Chip], instruction: Instruction) -> list[TileAnswer]:
    """The answers to one instruction about each chip."""
    asked = [(i, a) for i, a in engine.answer(Question(chip, (instruction,)) for chip in chips)]
    assert all(i == instruction for i, _ in asked)
    return [answer for _, answer in asked]


def assert_same(one: TileAnswer, other: TileAnswer) -> None:
    """The same text and targets, and the same logits but for rounding."""
    assert (one.text, one.finish) == (other.text, other.finish)
    for found, again in zip(one.targets, other.targets, strict=True):
        assert found.target == again.target
        assert found.score == pytest.approx(again.score, abs=1e-3)
        np.testing.assert_allclose(found.logits, again.logits, atol=0.05)


def broken_chip(tile: Tile) -> Chip:
    """A chip that no engine can read."""
    chip = object.__new__(Chip)
    object.__setattr__(chip, "tile", tile)
    object.__setattr__(chip, "rgb", np.zeros((2, 3, 7), np.uint8))
    object.__setattr__(chip, "valid", np.ones((3, 5), bool))
    return chip


def draw_chip(tile: Tile | None = None, size: int = 128) -> Chip:
    """A grey chip whose left half is red."""
    if tile is None:
        window = Window(0, 0, size, size)
        tile = Tile(0, window, window)
    rgb = np.full((3, tile.window.height, tile.window.width), 90, np.uint8)
    rgb[:, :, : tile.window.width // 2] = np.array([200, 30, 40], np.uint8)[:, None, None]
    return Chip(tile, rgb, np.ones(rgb.shape[1:], bool))
