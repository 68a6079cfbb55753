"""The rule `instances`: things that several tiles told apart stay apart, even where they touch.

Two walks, as in the other rules. The first compares the tiles and settles which things are one, who
saw them and who found them; the second takes for each thing the bell-weighted mean of the tiles
that found it, and gives each cell to the thing with the largest mean. Things whose boxes overlap
lie in different planes, so that in none of them two things touch; between two neighbours both
planes cross the level at the same point. Of a thing a few dozen bytes are kept from the first walk
to the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

from geoseg.fuse.field import Field, Strip, quantized
from geoseg.fuse.looks import ABSENT, hann, unseen
from geoseg.fuse.things import Flags, Ints, Matcher, Matches, Thing, View, Views, cells_of
from geoseg.fuse.walk import Walk
from geoseg.grid import Window

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Things that are one, and what became of them. All but the first are one per group."""

    of_thing: Ints
    """(things,) the group of each thing, −1 where it is left out."""

    boxes: Ints
    """(groups, 4) top, bottom, left, right, with a rim of one cell."""

    n_seen: Ints
    n_found: Ints

    plane: Ints
    """Groups with the same plane do not touch."""

    @property
    def planes(self) -> int:
        """How many planes are needed."""
        return int(self.plane.max()) + 1 if len(self.plane) else 1

    def area(self, thing: int) -> Window | None:
        """The box of a thing's group."""
        group = self.of_thing[thing]
        if group < 0:
            return None
        top, bottom, left, right = self.boxes[group].tolist()
        return Window(left, top, right - left, bottom - top)


def apart(walk: Walk, min_agreement: float) -> Field:
    """A field whose strips keep the things of a target apart."""
    groups = _grouped(walk, min_agreement)

    def strips() -> Iterator[Strip]:
        views = Views(walk, groups.area)
        for begin, end in walk.spans():
            yield _strip(walk, groups, (begin, end), views.meeting(begin, end))

    return Field(
        walk.question[1], walk.scene, walk.stride, walk.level, strips, planes=groups.planes
    )


def told_apart(walk: Walk) -> bool:
    """Whether any tile drew several things of the target."""
    instruction, target = walk.question
    return any(
        walk.source.instances(instruction, target, tile)
        for tile in walk.tiles
        if walk.source.tile_state(instruction, tile) == "done"
    )


def _grouped(walk: Walk, min_agreement: float) -> Groups:
    matcher = Matcher()
    views, newest = Views(walk), -1
    for span in walk.spans():
        met = views.meeting(*span)
        for place, view in enumerate(met):
            if view.look.number > newest:
                matcher.add(view, met[:place])
                newest = view.look.number
    return _settled(matcher.matches(), walk.field, min_agreement)


def _settled(found: Matches, field: Window, min_agreement: float) -> Groups:
    count = len(found.looks)
    graph = csr_array((np.ones(len(found.same)), tuple(found.same.T)), shape=(count, count))
    groups, group_of = csgraph.connected_components(graph, directed=False)
    group_of = np.asarray(group_of, np.intp)
    n_found = _tiles_per(group_of, found.looks, groups)
    saw = group_of[found.seen[:, 0]], found.seen[:, 1]
    n_saw = _tiles_per(*saw, groups)
    n_seen = _tiles_per(
        np.concatenate([group_of, saw[0]]), np.concatenate([found.looks, saw[1]]), groups
    )
    own = found.looks[found.seen[:, 0]] == found.seen[:, 1]
    found_inside = np.zeros(groups, np.bool_)
    found_inside[saw[0][own]] = True
    owned = np.zeros(groups, np.bool_)
    owned[group_of[~found.disowned]] = True
    # As for regions: two tiles cannot outvote one, and a rim proves nothing against a good view.
    kept = owned & (found_inside | (n_saw == 0))
    kept &= (n_seen < 3) | (n_found >= min_agreement * n_seen)
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    boxes = _boxes(found.boxes, group_of, groups, field)[kept]
    return Groups(number[group_of], boxes, n_seen[kept], n_found[kept], _planes(boxes))


def _tiles_per(group: Ints, look: Ints, groups: int) -> Ints:
    """How many different tiles are named with each group."""
    pairs = np.unique(np.stack([group, look], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=groups)


def _boxes(things: Ints, group_of: Ints, groups: int, field: Window) -> Ints:
    """The boxes of groups, with a rim of one cell inside the field."""
    boxes = np.zeros((groups, 4), np.intp)
    boxes[:, [0, 2]] = field.height + field.width
    for side, widen in enumerate((np.minimum, np.maximum, np.minimum, np.maximum)):
        widen.at(boxes[:, side], group_of, things[:, side])
    ends = np.array([field.height, field.height, field.width, field.width])
    return np.asarray(np.clip(boxes + np.array([-1, 1, -1, 1]), 0, ends), np.intp)


def _planes(boxes: Ints) -> Ints:
    """The first plane for each box, from the top, in which it overlaps no other."""
    plane = np.zeros(len(boxes), np.intp)
    active = np.empty(0, np.intp)
    for group in np.argsort(boxes[:, 0], kind="stable"):
        top, _, left, right = boxes[group]
        active = active[boxes[active, 1] > top]
        beside = (boxes[active, 2] < right) & (boxes[active, 3] > left)
        taken = np.unique(plane[active[beside]])
        free = np.flatnonzero(taken != np.arange(len(taken)))
        plane[group] = free[0] if len(free) else len(taken)
        active = np.append(active, group)
    return plane


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """The means of the things of one plane over a strip; all are (h, W)."""

    logits: Floats
    """`ABSENT` where there is none."""

    group: Ints
    """−1 where there is none."""

    found: NDArray[np.uint16]
    score: Floats


def _strip(walk: Walk, groups: Groups, span: tuple[int, int], views: Sequence[View]) -> Strip:
    begin, end = span
    area = Window(0, begin, walk.field.width, end - begin)
    seen = np.zeros((area.height, area.width), np.uint16)
    hidden = np.zeros(seen.shape, np.bool_)
    for view in views:
        seen[_part(view.look.window, area)] += 1
        for thing in view.things:
            _hide(hidden, thing, area)
    things = [(view, thing) for view in views for thing in view.things]
    planes = [
        _averaged([pair for pair in things if _in_plane(groups, pair[1], plane)], groups, area)
        for plane in range(groups.planes)
    ]
    values = np.stack([plane.logits for plane in planes])
    best = values.argmax(0)[None]
    owner, found, score = (
        np.take_along_axis(np.stack(part), best, 0)[0]
        for part in zip(*((plane.group, plane.found, plane.score) for plane in planes), strict=True)
    )
    shown = _apart(values, best, walk.level)
    inside = (owner >= 0) & (values.max(0) > walk.cut)
    return Strip(
        row_off=begin,
        samples=quantized(values.max(0)),
        coverage=(seen > 0) & ~hidden,
        n_seen=_told(groups.n_seen, owner, inside),
        n_found=_told(groups.n_found, owner, inside),
        agreement=np.where(inside, found / np.maximum(seen, 1), 0).astype(np.float32),
        score=np.where(inside, score, 0),
        apart=tuple(shown),
    )


def _in_plane(groups: Groups, thing: Thing, plane: int) -> bool:
    group = groups.of_thing[thing.number]
    return bool(group >= 0 and groups.plane[group] == plane)


def _part(window: Window, area: Window) -> tuple[slice, slice]:
    """Where a window that meets an area lies in it."""
    shared = window.intersection(area)
    return (slice(0), slice(0)) if shared is None else cells_of(shared, area)


def _hide(hidden: Flags, thing: Thing, area: Window) -> None:
    """Note the cells around a thing that nobody saw."""
    shared = thing.area.intersection(area) if thing.logits.size else None
    if shared is not None:
        hidden[cells_of(shared, area)] |= unseen(thing.logits[cells_of(shared, thing.area)])


def _averaged(things: Sequence[tuple[View, Thing]], groups: Groups, area: Window) -> _Plane:
    """Bell-weighted means of things that do not touch."""
    shape = area.height, area.width
    sums, weights, score = np.zeros((3, *shape), np.float32)
    group, found = np.full(shape, -1, np.intp), np.zeros(shape, np.uint16)
    for view, thing in things:
        shared = thing.area.intersection(area)
        if shared is None:
            continue
        place, window = cells_of(shared, area), view.look.window
        rows, columns = cells_of(shared, window)
        bell = hann(window.height)[rows, None] * hann(window.width)[None, columns]
        sums[place] += bell * thing.logits[cells_of(shared, thing.area)]
        weights[place] += bell
        group[place] = groups.of_thing[thing.number]
        found[place] += 1
        score[place] += np.float32(thing.score)
    logits = np.full(shape, ABSENT)
    np.divide(sums, weights, out=logits, where=weights > 0)
    score /= np.maximum(found, 1)
    return _Plane(logits, group, found, score)


def _apart(values: Floats, best: Ints, level: int) -> NDArray[np.int16]:
    """(planes, h, W) samples: each plane's own, and no more than half its lead over the others.

    Neighbours have opposite leads, so their outlines meet in the middle and never overlap.
    """
    samples = np.empty(values.shape, np.int16)
    np.copyto(samples, quantized(values))
    if len(values) == 1:
        return samples
    second, first = np.partition(values, -2, axis=0)[-2:]
    lead = np.maximum(quantized((first - second) / 2), 1).astype(np.int16)
    winner = np.arange(len(values))[:, None, None] == best
    behind = np.maximum(quantized((first - values) / 2), 1)
    limit = np.where(winner, lead, -behind).astype(np.int32) + level
    return np.asarray(np.clip(np.minimum(samples, limit), -(2**15) + 1, 2**15 - 1), np.int16)


def _told(facts: Ints, owner: Ints, inside: Flags) -> NDArray[np.uint16]:
    """A group's number at its cells, 0 elsewhere."""
    most = np.iinfo(np.uint16).max
    known = np.append(np.minimum(facts, most), 0).astype(np.uint16)
    return known[np.where(inside, owner, -1)]
