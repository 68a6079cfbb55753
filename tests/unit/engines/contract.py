"""The promises of `geoseg.engines.Engine`, as tests that every engine passes.

A test module of an engine derives from `EngineContract` and says how to build the engine, what to
ask it, and how to draw a chip that it finds something in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from geoseg.dialogue import Instruction
from geoseg.engines import Engine
from geoseg.grid import Window
from geoseg.scene import Chip
from geoseg.tiling import STRIDE, Tile, plan_tiles


class EngineContract:
    """Derive, and give `engine` and `instruction`."""

    in_flight = 16
    """Most chips the engine may hold unanswered."""

    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        raise NotImplementedError

    @pytest.fixture
    def instruction(self) -> Instruction:
        return Instruction("the red things")

    def chips(self) -> list[Chip]:
        """Two rows of two full windows and two short ones, each half red."""
        return [draw_chip(tile) for tile in plan_tiles(250, 301, window=128, overlap=32)]

    def test_each_tile_is_answered_once(self, engine, instruction):
        chips = self.chips()
        answers = list(engine.answer(iter(chips), instruction))
        assert sorted(a.tile.index for a in answers) == [c.tile.index for c in chips]
        assert all(answer.finish in ("stop", "length") for answer in answers)

    def test_logits_cover_the_window_at_the_mask_stride(self, engine, instruction):
        for answer in engine.answer(iter(self.chips()), instruction):
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
        for answer in engine.answer(iter(chips), instruction):
            assert all((found.logits[:8] < 0).all() for found in answer.targets)

    def test_the_same_question_has_the_same_answer(self, engine, instruction):
        chips = self.chips()[:2]
        first = {a.tile.index: a for a in engine.answer(iter(chips), instruction)}
        for again in engine.answer(reversed(chips), instruction):
            before = first[again.tile.index]
            assert again.text == before.text
            for one, other in zip(before.targets, again.targets, strict=True):
                assert one.target == other.target
                np.testing.assert_allclose(one.logits, other.logits, atol=0.05)

    def test_chips_are_pulled_only_as_fast_as_they_are_answered(self, engine, instruction):
        pulled = answered = 0

        def source() -> Iterator[Chip]:
            nonlocal pulled
            for _ in range(3):
                for chip in self.chips():
                    pulled += 1
                    assert pulled - answered <= self.in_flight
                    yield chip

        for _ in engine.answer(source(), instruction):
            answered += 1
        assert answered == pulled

    def test_closing_midway_closes_the_source_and_leaves_the_engine_usable(
        self, engine, instruction
    ):
        answers = engine.answer(iter(self.chips()), instruction)
        next(answers)
        answers.close()
        assert len(list(engine.answer(iter(self.chips()), instruction))) == len(self.chips())

    def test_a_tile_that_fails_does_not_lose_its_neighbours(self, engine, instruction):
        chips = self.chips()
        broken = object.__new__(Chip)
        object.__setattr__(broken, "tile", chips[1].tile)
        object.__setattr__(broken, "rgb", np.zeros((2, 3, 7), np.uint8))
        object.__setattr__(broken, "valid", np.ones((3, 5), bool))
        answers = {
            a.tile.index: a for a in engine.answer([chips[0], broken, *chips[2:]], instruction)
        }
        assert len(answers) == len(chips)
        assert [index for index, a in answers.items() if a.failed] == [chips[1].tile.index]
        assert answers[chips[1].tile.index].text
        assert not answers[chips[1].tile.index].targets

    def test_no_chips_no_answers(self, engine, instruction):
        assert list(engine.answer(iter([]), instruction)) == []

    def test_it_says_who_and_where_it_is(self, engine):
        assert engine.checkpoint_hash
        assert engine.device

    def test_closing_twice_is_allowed(self, engine):
        engine.close()
        engine.close()


def draw_chip(tile: Tile | None = None, size: int = 128) -> Chip:
    """A grey chip whose left half is red."""
    if tile is None:
        window = Window(0, 0, size, size)
        tile = Tile(0, window, window)
    rgb = np.full((3, tile.window.height, tile.window.width), 90, np.uint8)
    rgb[:, :, : tile.window.width // 2] = np.array([200, 30, 40], np.uint8)[:, None, None]
    return Chip(tile, rgb, np.ones(rgb.shape[1:], bool))
