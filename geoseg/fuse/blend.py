"""The second walk: answers become one field, each tile weighted by the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geoseg.fuse.field import Strip, quantized
from geoseg.fuse.looks import ABSENT, Look, hann, unseen
from geoseg.fuse.regions import Labeller, Labels, Numbers, Register

Weights = NDArray[np.float32]
Plane = NDArray[np.int32]
Missed = NDArray[np.bool_]

Rule = Literal["found", "blend", "core", "instances"]
"""`found`: bell-weighted mean of the tiles that found the region; `blend`: of all that saw it;
`core`: the tile that owns the place decides; `instances`: like `found`, thing by thing, where tiles
told several things of a target apart."""

FAINT = np.float32(1e-6)
"""Weight of an answer that does not count where another one does; alone, it still decides."""

_LEAST = np.finfo(np.float32).tiny
"""Less than any weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A strip before blending."""

    row_off: int

    looks: list[Look]
    """Finished tiles that meet the strip."""

    union: NDArray[np.bool_]
    """(h, W): some tile marks the cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A strip whose regions are known for good."""

    band: Band

    regions: Plane
    """(h, W) final number of each cell's region, 0 outside."""

    most: NDArray[np.int16]
    """(h, w) the largest sample a cell may have: none is foreground but in regions that enough
    tiles agree on."""

    n_seen: NDArray[np.uint16]
    n_found: NDArray[np.uint16]


def blended(
    bands: Iterable[Band], register: Register, rule: Rule, level: int, min_agreement: float
) -> Iterator[Strip]:
    """Blend each band; the rows before and after it tell which regions reach its rim."""
    above: Plane | None = None
    waiting: Ground | None = None
    for ground in _grounds(bands, register, level, min_agreement):
        if waiting is not None:
            yield _blend(waiting, _haloed(above, waiting, ground), register, rule)
            above = waiting.regions[-1]
        waiting = ground
    if waiting is not None:
        yield _blend(waiting, _haloed(above, waiting, None), register, rule)


def _grounds(
    bands: Iterable[Band], register: Register, level: int, min_agreement: float
) -> Iterator[Ground]:
    labeller = Labeller()
    known = np.zeros((1, 5), np.int64)  # as in Register.facts; the first is the background
    for band in bands:
        labels = labeller.push(band.row_off, band.union)
        last = int(labels.numbers.max()) + 1
        known = np.concatenate([known, register.facts(labels.newest, last)])
        facts = known[np.searchsorted(known[:, 0], labels.numbers)]
        yield _ground(band, labels, facts, (level, min_agreement))
        open_numbers = np.append(labels.numbers[labels.plane[-1]], 0)
        known = known[np.isin(known[:, 0], open_numbers)]


def _ground(band: Band, labels: Labels, facts: Numbers, least: tuple[int, float]) -> Ground:
    level, min_agreement = least
    _, final, n_seen, n_found, shown = facts.T
    # To ask two votes where two tiles looked would lose what one of them overlooked; three can
    # outvote one.
    kept = (shown > 0) & ((n_seen < 3) | (n_found >= min_agreement * n_seen))
    places = labels.plane.astype(np.intp)

    def told(values: Numbers, dtype: type[Any]) -> NDArray[Any]:
        known = np.minimum(values, np.iinfo(dtype).max).astype(dtype)
        return known.take(places, mode="clip")  # no place is outside: faster than to check

    return Ground(
        band=band,
        regions=told(final, np.int32),
        most=told(np.where(kept, np.iinfo(np.int16).max, level - 1), np.int16),
        n_seen=told(n_seen, np.uint16),
        n_found=told(n_found, np.uint16),
    )


def _haloed(above: Plane | None, ground: Ground, below: Ground | None) -> Plane:
    """(h + 2, W + 2) regions with a rim of one cell."""
    haloed = np.pad(ground.regions, 1)
    if above is not None:
        haloed[0, 1:-1] = above
    if below is not None:
        haloed[-1, 1:-1] = below.regions[0]
    return haloed


class _Sums:
    """What the looks of a strip add up to, cell by cell."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.logits, self.weights, self.scores, self.scored = np.zeros((4, *shape), np.float32)
        self.seen, self.found = np.zeros((2, *shape), np.uint16)
        self.hidden = np.zeros(shape, np.bool_)

    def add(
        self, look: Look, rows: tuple[slice, slice], weight: Weights, missed: Missed | None
    ) -> None:
        """Add one look with its weights, where it missed the region; all are (h, w)."""
        place, answer = (rows[0], look.columns), look.answer
        self.weights[place] += weight
        self.seen[place] += 1
        self.found[place] += np.uint16(1) if missed is None else ~missed
        if answer is None:
            self.logits[place] += weight * ABSENT
            return
        steps = answer.steps[rows[1]]
        if look.veiled:
            # What no pixel shows is the scene's matter, not the tile's: one look tells.
            self.hidden[place] |= unseen(steps)
        trust = np.float32(1) if missed is None else np.where(missed, FAINT, np.float32(1))
        self.logits[place] += weight * np.float32(answer.step) * steps
        self.scores[place] += trust * np.float32(answer.score)
        self.scored[place] += trust


def _blend(ground: Ground, haloed: Plane, register: Register, rule: Rule) -> Strip:
    band = ground.band
    shape = band.union.shape
    if all(look.answer is None for look in band.looks):
        return _absent(band)
    sums = _Sums(shape)
    for look in band.looks:
        rows = look.rows(band.row_off, band.row_off + shape[0])
        missed = _missed(look, rows[0], haloed, register)
        sums.add(look, rows, _weights(look, rows[1], rule, missed), missed)
    coverage = (sums.weights > 0) & ~sums.hidden
    samples = quantized(np.where(coverage, _share(sums.logits, sums.weights), ABSENT))
    # No mean of answers is foreground where none of them is; rounding must not make it so.
    np.minimum(samples, ground.most, out=samples)
    inside = ground.regions > 0
    return Strip(
        row_off=band.row_off,
        samples=samples,
        coverage=coverage,
        n_seen=ground.n_seen,
        n_found=ground.n_found,
        agreement=_share(sums.found, sums.seen) * inside,
        score=_share(sums.scores, sums.scored) * inside,
    )


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Weights:
    """(h, W) a part of a whole, 0 where both are."""
    # A whole of 0 has a part of 0; to divide everywhere is faster than to choose where.
    floor = np.maximum(whole, _LEAST, dtype=np.float32)
    return np.asarray(np.divide(part, floor, dtype=np.float32))


def _absent(band: Band) -> Strip:
    """A strip where no tile shows the target."""
    shape = band.union.shape
    coverage = np.zeros(shape, np.bool_)
    for look in band.looks:
        coverage[look.rows(band.row_off, band.row_off + shape[0])[0], look.columns] = True
    counts, means = np.zeros(shape, np.uint16), np.zeros(shape, np.float32)
    samples = np.full(shape, quantized(np.asarray(ABSENT)), np.int16)
    return Strip(band.row_off, samples, coverage, counts, counts, means, means)


def _missed(look: Look, rows: slice, haloed: Plane, register: Register) -> Missed | None:
    """(h, w): cells in or next to regions that the look saw and did not find; None for no cell.

    Next to counts, since the outline runs between a region's cells and their neighbours.
    """
    columns = look.columns
    near = haloed[rows.start : rows.stop + 2, columns.start : columns.stop + 2]
    regions = None if look.answer is None else register.missed(look)
    if regions is not None and not len(regions):
        return None
    missed = near > 0 if regions is None else np.isin(near, regions)
    if not missed.any():
        return None
    tall = missed[:-2] | missed[1:-1] | missed[2:]
    return tall[:, :-2] | tall[:, 1:-1] | tall[:, 2:]


def _weights(look: Look, own: slice, rule: Rule, missed: Missed | None) -> Weights:
    """(h, w) weights of a look's rows `own`."""
    bell = hann(look.window.height)[own, None] * hann(look.window.width)[None, :]
    if rule != "core":
        if rule == "blend" or missed is None:
            return bell
        return np.where(missed, bell * FAINT, bell)
    weights = bell * FAINT
    core, window = look.core, look.window
    top, end = core.row_off - window.row_off, core.row_end - window.row_off
    left, right = core.col_off - window.col_off, core.col_end - window.col_off
    weights[max(top - own.start, 0) : max(end - own.start, 0), left:right] = 1
    return weights
