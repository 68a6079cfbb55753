"""Things: what several tiles told apart, and which of them are one.

Two tiles are compared inside the rectangle that both saw. A thing of one and a thing of the other
are the same when their parts in there agree (intersection over union of one half, or of a quarter
where neither agrees better with another); sameness is
handed on from tile to tile, so a thing may be longer than any number of windows. A fragment that
ends at its window's edge, lies wholly where another tile saw properly, and agrees with nothing
there, belongs to no thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoseg.dialogue import UNSEEN
from geoseg.fuse.looks import Look, Looks, TileLogits, unseen
from geoseg.fuse.walk import Walk
from geoseg.grid import Window

SAME = 0.5
"""Intersection over union, inside the shared rectangle, from which two parts are one thing."""

ALIKE = 0.25
"""The same for parts that agree with no others better: what is near a rim is drawn raggedly, and
neighbours do not overlap."""

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

_NO_LOGITS = np.empty((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One thing as one tile drew it."""

    number: int
    """Counted over all tiles in reading order."""

    box: Window
    """The cells of its foreground, in the field."""

    mask: Flags
    """(h, w) over the box."""

    score: float

    area: Window
    """Cells whose logits are kept."""

    logits: NDArray[np.float32]
    """(h, w) over the area."""

    def within(self, area: Window) -> Flags:
        """Its foreground inside an area of the field, the area's shape."""
        part = np.zeros((area.height, area.width), np.bool_)
        shared = self.box.intersection(area)
        if shared is not None:
            part[cells_of(shared, area)] = self.mask[cells_of(shared, self.box)]
        return part


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A finished tile and the things that it told apart."""

    look: Look
    things: tuple[Thing, ...]

    @property
    def inner(self) -> Window | None:
        """The cells that the tile saw properly."""
        window, (rows, columns) = self.look.window, self.look.inner
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return None
        return Window(
            window.col_off + columns.start,
            window.row_off + rows.start,
            columns.stop - columns.start,
            rows.stop - rows.start,
        )


class Views:
    """Hands out the views that meet a band of rows; bands are asked for from top to bottom.

    `areas` names by a thing's number the cells of the field whose logits are needed, all of its
    window at most; without it no logits are kept.
    """

    def __init__(self, walk: Walk, areas: Callable[[int], Window | None] = lambda _: None) -> None:
        self._walk, self._areas = walk, areas
        self._looks = Looks(
            walk.source, walk.question, walk.tiles, walk.field, walk.stride, with_logits=False
        )
        self._views: dict[int, View] = {}
        self._things = 0

    def meeting(self, begin: int, end: int) -> list[View]:
        """Views whose windows meet the rows [begin, end) of cells, in reading order."""
        looks = self._looks.meeting(begin, end)
        self._views = {
            look.number: self._views.get(look.number) or self._view(look) for look in looks
        }
        return list(self._views.values())

    def _view(self, look: Look) -> View:
        instruction, target = self._walk.question
        told = self._walk.source.instances(instruction, target, look.tile)
        if not told:
            alone = self._walk.source.logits(instruction, target, look.tile)
            told = () if alone is None else (alone,)
        things = tuple(self._drawn(look, told))
        self._things += len(things)
        return View(look, things)

    def _drawn(self, look: Look, told: Sequence[TileLogits]) -> Iterator[Thing]:
        number = self._things
        for one in told:
            mask = self._walk.marked(one)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            if not len(rows):
                continue
            top, left = int(rows[0]), int(columns[0])
            height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
            box = Window(look.window.col_off + left, look.window.row_off + top, width, height)
            kept = mask[top : top + height, left : left + width].copy()
            yield self._kept(Thing(number, box, kept, one.score, box, _NO_LOGITS), look, one)
            number += 1

    def _kept(self, thing: Thing, look: Look, one: TileLogits) -> Thing:
        """The thing with the logits that are needed."""
        wanted = self._areas(thing.number)
        area = None if wanted is None else wanted.intersection(look.window)
        if area is None:
            return thing
        steps = one.steps[cells_of(area, look.window)]
        logits = steps.astype(np.float32) * np.float32(one.step)
        logits[unseen(steps)] = UNSEEN
        return replace(thing, area=area, logits=logits)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What the comparison of all tiles showed, per thing and in pairs."""

    boxes: Ints
    """(things, 4) top, bottom, left, right of each thing's foreground."""

    looks: Ints
    """(things,) the tile that drew it."""

    disowned: Flags
    """(things,) whether it is a fragment of nothing."""

    same: Ints
    """(pairs, 2) things that are one."""

    seen: Ints
    """(pairs, 2) a thing, and a tile that saw part of it properly."""


class Matcher:
    """Compares each view with those that came before it."""

    def __init__(self) -> None:
        self._boxes: list[tuple[int, int, int, int]] = []
        self._looks: list[int] = []
        self._disowned: set[int] = set()
        self._same: list[tuple[int, int]] = []
        self._seen: list[tuple[int, int]] = []

    def add(self, view: View, others: Sequence[View]) -> None:
        """Note a new view's things, and what they are to the others'."""
        for thing in view.things:
            box = thing.box
            self._boxes.append((box.row_off, box.row_end, box.col_off, box.col_end))
            self._looks.append(view.look.number)
            inner = view.inner
            if inner is not None and thing.within(inner).any():
                self._seen.append((thing.number, view.look.number))
        for other in others:
            shared = view.look.window.intersection(other.look.window)
            if shared is not None and (view.things or other.things):
                self._compare(view, other, shared)

    def _compare(self, one: View, other: View, shared: Window) -> None:
        first, second = (_parts(view, shared) for view in (one, other))
        common = first @ second.T
        union = first.sum(1)[:, None] + second.sum(1)[None, :] - common
        same = _same(common / np.maximum(union, 1))
        for i, k in np.argwhere(same):
            self._same.append((one.things[i].number, other.things[k].number))
        self._judge(one, other, (first, np.asarray(~same.any(1))), shared)
        self._judge(other, one, (second, np.asarray(~same.any(0))), shared)

    def _judge(
        self, view: View, judge: View, parts: tuple[NDArray[np.float32], Flags], shared: Window
    ) -> None:
        """What a tile that saw properly makes of another one's things."""
        inner = judge.inner
        proper = None if inner is None else inner.intersection(shared)
        if proper is None:
            return
        away = np.zeros((shared.height, shared.width), np.float32)
        away[cells_of(proper, shared)] = 1
        seen = parts[0] @ away.ravel()
        for thing, cells, alone in zip(view.things, seen.tolist(), parts[1].tolist(), strict=True):
            if cells:
                self._seen.append((thing.number, judge.look.number))
            if alone and cells == thing.mask.sum() and _ends_at_edge(thing, view.look):
                self._disowned.add(thing.number)

    def matches(self) -> Matches:
        """Everything noted."""
        disowned = np.zeros(len(self._looks), np.bool_)
        disowned[list(self._disowned)] = True
        return Matches(
            boxes=np.array(self._boxes, np.intp).reshape(-1, 4),
            looks=np.array(self._looks, np.intp),
            disowned=disowned,
            same=np.array(self._same, np.intp).reshape(-1, 2),
            seen=np.array(self._seen, np.intp).reshape(-1, 2),
        )


def _same(agreement: NDArray[np.float32]) -> Flags:
    """Which things of two tiles are one, from the intersections over unions of their parts."""
    if not agreement.size:
        return np.zeros(agreement.shape, np.bool_)
    best = np.minimum(agreement.max(1)[:, None], agreement.max(0)[None, :])
    alike = (agreement >= ALIKE) & (agreement >= best)
    return np.asarray((agreement >= SAME) | alike)


def _parts(view: View, area: Window) -> NDArray[np.float32]:
    """(things, cells) 1 where a thing is foreground inside an area."""
    parts = np.zeros((len(view.things), area.height * area.width), np.float32)
    for part, thing in zip(parts, view.things, strict=True):
        part[:] = thing.within(area).ravel()
    return parts


def _ends_at_edge(thing: Thing, look: Look) -> bool:
    """Whether a thing reaches an edge of its window that is not the field's."""
    box, window = thing.box, look.window
    rows, columns = look.inner
    return (
        (rows.start > 0 and box.row_off == window.row_off)
        or (columns.start > 0 and box.col_off == window.col_off)
        or (rows.stop < window.height and box.row_end == window.row_end)
        or (columns.stop < window.width and box.col_end == window.col_end)
    )


def cells_of(part: Window, whole: Window) -> tuple[slice, slice]:
    """A part of a window, as rows and columns of it."""
    top, left = part.row_off - whole.row_off, part.col_off - whole.col_off
    return slice(top, top + part.height), slice(left, left + part.width)
