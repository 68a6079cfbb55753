"""Batches grow while memory is free, halve where it is not, and never grow back above that."""

from __future__ import annotations

import pytest

from geoseg.engines.local.batching import MOST, BatchSize


class Drawn:
    """A device of so many bytes, on which a batch takes `fixed` and `each` per tile."""

    def __init__(self, free: int, each: int, fixed: int = 0) -> None:
        self.room, self.each, self.fixed = free, each, fixed
        self.tiles = 0

    def start(self) -> None:
        self.tiles = 0

    def taken(self) -> int:
        return self.fixed + self.each * self.tiles

    def free(self) -> int:
        return self.room


def run(size: BatchSize, gauge: Drawn | None, batches: int = 6) -> list[int]:
    """The sizes of some batches that all fit, and the one that would come next."""
    sizes = []
    for _ in range(batches):
        size.start()
        sizes.append(size.now)
        if gauge is not None:
            gauge.tiles = size.now
        size.fitted(size.now)
    return [*sizes, size.now]


@pytest.mark.parametrize(
    ("gauge", "sizes"),
    [
        (Drawn(free=10_000, each=1), [1, 8, MOST, MOST]),
        (Drawn(free=100, each=4), [1, 8, 16, 16]),  # 20 would fit into 80
        (Drawn(free=100, each=1, fixed=30), [1, 2, 4, 8, 16, MOST]),
        (Drawn(free=100, each=90), [1, 1]),
        (Drawn(free=100, each=0), [1, 8, MOST, MOST]),
    ],
)
def test_growth_follows_what_was_measured(gauge, sizes):
    told = run(BatchSize(1, gauge), gauge)
    assert told[: len(sizes)] == sizes
    assert set(told[len(sizes) :]) <= {sizes[-1]}


def test_a_short_batch_measures_nothing():
    gauge = Drawn(free=1000, each=1)
    size = BatchSize(8, gauge)
    size.start()
    size.fitted(3)
    assert size.now == 8


def test_a_size_that_was_given_stays():
    assert run(BatchSize(3), None) == [3] * 7


def test_what_did_not_fit_is_never_tried_again():
    gauge = Drawn(free=10_000, each=1)
    size = BatchSize(1, gauge)
    run(size, gauge)
    size.burst(MOST)
    assert size.now == MOST // 2
    assert max(run(size, gauge)) == MOST // 2
    size.burst(5)  # another program took memory, and may give it back
    assert size.now == 3
    assert run(size, gauge)[-1] == 4


def test_one_tile_is_always_tried():
    size = BatchSize(2)
    for _ in range(3):
        size.burst(size.now)
    assert size.now == 1
