"""Laws of fusion on windows cut from one field."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from geoseg.dialogue import Instruction, Target
from geoseg.fuse import Rule, Strip, fuse
from geoseg.fuse.field import quantized
from geoseg.tiling import Tile, plan_tiles
from tests.property.fields import ASKED, SQUARES, Answers, Heard, grid_of

RULES: st.SearchStrategy[Rule] = st.sampled_from(["found", "blend", "core"])


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    height: int
    width: int
    tiles: tuple[Tile, ...]
    logits: NDArray[np.float32]
    """The whole scene at the mask stride, in steps that float sums keep exact."""

    def cut(self, tile: Tile) -> NDArray[np.float32]:
        window = tile.window
        rows = slice(window.row_off // 4, -(-window.row_end // 4))
        return self.logits[rows, window.col_off // 4 : -(-window.col_end // 4)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    height, width = draw(st.integers(1, 260)), draw(st.integers(1, 260))
    window = 4 * draw(st.integers(8, 24))
    overlap = draw(st.integers(0, window - 4))
    tiles = plan_tiles(height, width, window=window, overlap=min(overlap, window // 2))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = random.standard_normal((-(-height // 4), -(-width // 4)))
    logits = ndimage.gaussian_filter(logits, draw(st.sampled_from([0.0, 1.0, 3.0])))
    logits = logits / max(float(logits.std()), 0.1)
    # Odd multiples of half a step: 0, which is on neither side, does not occur.
    steps = np.floor(logits * 16) + 0.5
    return Case(height, width, tiles, np.asarray(steps / 16, np.float32))


def strips(case: Case, answers: Answers, tiles: tuple[Tile, ...], **options: object) -> list[Strip]:
    grid = grid_of(case.height, case.width)
    (field,) = fuse(answers, ASKED, tiles, grid, **options)  # type: ignore[arg-type]
    return list(field.strips())


def joined(parts: list[Strip], name: str) -> NDArray[np.generic]:
    return np.concatenate([getattr(strip, name) for strip in parts])


@settings(deadline=None)
@given(cases(), RULES, st.integers(1, 80))
def test_cut_then_fuse_is_the_whole_field(case: Case, rule: Rule, rows: int) -> None:
    answers = Answers({tile: Heard(case.cut(tile)) for tile in case.tiles})
    parts = strips(case, answers, case.tiles, rule=rule, strip_rows=rows)
    assert joined(parts, "coverage").all()
    assert (joined(parts, "samples") == quantized(case.logits)).all()
    inside = case.logits > 0
    assert (joined(parts, "agreement")[inside] == 1).all()  # type: ignore[operator]


@settings(deadline=None)
@given(cases(), RULES, st.randoms(use_true_random=False), st.data())
def test_neither_the_order_of_tiles_nor_strips_matter(
    case: Case, rule: Rule, random: object, data: st.DataObject
) -> None:
    noise = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    heard: dict[Tile, Heard | None] = {}
    for tile in case.tiles:
        cut = case.cut(tile)
        own = np.asarray(cut + noise.normal(0, 0.5, cut.shape), np.float32)
        heard[tile] = None if noise.random() < 0.2 else Heard(own, float(noise.random()))
    failed = frozenset(tile for tile in case.tiles if noise.random() < 0.1)
    shuffled = list(case.tiles)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = strips(case, Answers(heard, failed), case.tiles, rule=rule)
    second = strips(
        case,
        Answers(dict(reversed(heard.items())), failed),
        tuple(shuffled),
        rule=rule,
        strip_rows=data.draw(st.integers(1, 70)),
    )
    for name in ("samples", "coverage", "n_seen", "n_found", "agreement", "score"):
        assert (joined(first, name) == joined(second, name)).all(), name


@settings(deadline=None)
@given(cases(), RULES, st.integers(0, 2**32))
def test_no_mean_is_foreground_where_no_answer_is(case: Case, rule: Rule, seed: int) -> None:
    noise = np.random.default_rng(seed)
    heard: dict[Tile, Heard | None] = {}
    union = np.zeros(case.logits.shape, np.bool_)
    for tile in case.tiles:
        cut = case.cut(tile)
        own = np.asarray(cut + noise.normal(0, 1.0, cut.shape), np.float32)
        heard[tile] = Heard(own)
        top, left = tile.window.row_off // 4, tile.window.col_off // 4
        union[top : top + own.shape[0], left : left + own.shape[1]] |= own > 0
    parts = strips(case, Answers(heard), case.tiles, rule=rule)
    assert not (~union & (joined(parts, "samples") > 0)).any()  # type: ignore[operator]


class Endless:
    """Every tile shows the same blobs; logits are made when asked for."""

    def __init__(self) -> None:
        noise = np.random.default_rng(5).standard_normal((64, 64))
        self._heard = Heard(np.asarray(8 * ndimage.gaussian_filter(noise, 2), np.float32))

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:
        return (SQUARES,)

    def tile_state(self, instruction: Instruction, tile: Tile) -> str | None:
        return "done"

    def logits(self, instruction: Instruction, target: Target, tile: Tile) -> Heard | None:
        return Heard(self._heard.logits[:, : -(-tile.window.width // 4)].copy())

    def instances(self, instruction: Instruction, target: Target, tile: Tile) -> tuple[Heard, ...]:
        return ()


def test_memory_does_not_grow_with_height() -> None:
    peaks = []
    for height in (256 * 4, 256 * 30):
        tiles = plan_tiles(height, 400, window=256, overlap=64)
        for _ in range(2):  # the first time, imports and caches are warmed
            tracemalloc.start()
            (field,) = fuse(Endless(), ASKED, tiles, grid_of(height, 400), strip_rows=32)
            found = sum(int((strip.samples > 0).sum()) for strip in field.strips())
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert found > height
        peaks.append(peak)
    assert peaks[1] < 1.25 * peaks[0]  # of 7.5 times the height
