"""Looks: what finished tiles saw of one target, row of tiles by row of tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import UNSEEN, Instruction, Target
from geoseg.grid import Window
from geoseg.tiling import Tile

MARGIN = 32
"""Pixels: a tile saw a thing properly when part of it lies this far inside the window."""

ABSENT = np.float32(-8.0)
"""Logit of a tile that was looked at and does not show the target."""


class TileLogits(Protocol):
    """One target in one tile, as kept."""

    @property
    def steps(self) -> NDArray[Any]:
        """(h, w) at the mask stride over the tile's window, logits in units of `step`; more is
        foreground. Whole numbers are int8, of which −128 is `UNSEEN`."""
        ...

    @property
    def step(self) -> float:
        """Logit per step, a power of 2."""
        ...

    @property
    def score(self) -> float:
        """Mean foreground probability × [SEG] probability, 0 to 1."""
        ...


class AnswerSource(Protocol):
    """Where answers are kept; a `Ledger` is one."""

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:
        """What the answers name, in order of first appearance."""
        ...

    def tile_state(self, instruction: Instruction, tile: Tile) -> str | None:
        """`done` if the tile was looked at."""
        ...

    def logits(self, instruction: Instruction, target: Target, tile: Tile) -> TileLogits | None:
        """The target's logits, or None where the tile does not show it."""
        ...

    def instances(
        self, instruction: Instruction, target: Target, tile: Tile
    ) -> Sequence[TileLogits]:
        """The things of a target that the tile told apart; none where it drew them as one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A finished tile and what it saw of the target."""

    number: int
    """Place in reading order."""

    tile: Tile

    window: Window
    """What the tile saw, in cells."""

    core: Window
    """What the tile owns, in cells."""

    inner: tuple[slice, slice]
    """Rows and columns of the window at least `MARGIN` from where the tile, not the scene, ends."""

    answer: TileLogits | None
    """None where the target is absent, or nobody asked for logits."""

    veiled: bool
    """Whether some of the logits are `UNSEEN`."""

    def rows(self, begin: int, end: int) -> tuple[slice, slice]:
        """Rows shared with [begin, end): counted from `begin`, and from the window's top."""
        top, bottom = max(begin, self.window.row_off), min(end, self.window.row_end)
        return (
            slice(top - begin, bottom - begin),
            slice(top - self.window.row_off, bottom - self.window.row_off),
        )

    @property
    def columns(self) -> slice:
        """The window's columns in the field."""
        return slice(self.window.col_off, self.window.col_end)


class Looks:
    """Hands out the looks that meet a band of rows; bands are asked for from top to bottom.

    `with_logits=False` leaves the logits where they are.
    """

    def __init__(
        self,
        source: AnswerSource,
        question: tuple[Instruction, Target],
        tiles: Sequence[Tile],
        field: Window,
        stride: int,
        *,
        with_logits: bool = True,
    ) -> None:
        self._source, self._question = source, question
        self._with_logits = with_logits
        self._field, self._stride = field, stride
        self._waiting = sorted(tiles, key=lambda tile: (tile.window.row_off, tile.window.col_off))
        self._next = 0
        self._active: list[Look] = []

    def meeting(self, begin: int, end: int) -> list[Look]:
        """Looks whose windows meet the rows [begin, end) of cells, in reading order."""
        self._active = [look for look in self._active if look.window.row_end > begin]
        while self._next < len(self._waiting):
            tile = self._waiting[self._next]
            if tile.window.row_off >= end * self._stride:
                break
            look = self._look(tile)
            if look is not None and look.window.row_end > begin:
                self._active.append(look)
            self._next += 1
        return self._active

    def _look(self, tile: Tile) -> Look | None:
        instruction, target = self._question
        if self._source.tile_state(instruction, tile) != "done":
            return None
        answer = None
        if self._with_logits:
            answer = self._source.logits(instruction, target, tile)
        window = in_cells(tile.window, self._stride)
        margin = -(-MARGIN // self._stride)
        return Look(
            number=self._next,
            tile=tile,
            window=window,
            core=in_cells(tile.core, self._stride),
            inner=(
                _inner(window.row_off, window.row_end, self._field.height, margin),
                _inner(window.col_off, window.col_end, self._field.width, margin),
            ),
            answer=answer,
            veiled=answer is not None and bool(unseen(answer.steps).any()),
        )


def unseen(steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Cells that nobody saw."""
    if steps.dtype == np.int8:
        return np.asarray(steps == np.int8(-128))
    return np.asarray(steps <= np.float32(UNSEEN / 2))


def above(steps: NDArray[Any], cut: float) -> NDArray[np.bool_]:
    """Steps of more than a cut in their unit."""
    if steps.dtype == np.int8:
        # Small whole numbers are compared many at a time.
        return np.asarray(steps > np.int8(min(max(math.floor(cut), -128), 127)))
    return np.asarray(steps > np.float32(cut))


def in_cells(window: Window, stride: int) -> Window:
    """The cells that a window of pixels covers."""
    col, row = window.col_off // stride, window.row_off // stride
    col_end, row_end = -(-window.col_end // stride), -(-window.row_end // stride)
    return Window(col, row, col_end - col, row_end - row)


def _inner(begin: int, end: int, length: int, margin: int) -> slice:
    """Cells of [begin, end), counted from its begin, away from ends that are not the field's."""
    first = margin if begin > 0 else 0
    last = end - begin - (margin if end < length else 0)
    return slice(first, max(first, last))


@lru_cache(maxsize=64)
def hann(length: int) -> NDArray[np.float32]:
    """Bell-shaped weights at cell centres: 1 in the middle, small but never 0 on the rim."""
    phase = np.pi * (np.arange(length) + 0.5) / length
    return np.asarray(np.sin(phase) ** 2, np.float32)
