"""Sample: one question about one picture, whichever data set it comes from.

Data sets are read lazily: a loader lists what there is, and a sample is made when it is asked for,
in whatever process asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from geoseg.dataset import Rle, decode_rle
from training.data.errors import DataError

SEG = "[SEG]"

Box = tuple[float, float, float, float]

DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "granularity": ("semantic", "instance", "part"),
    "concept": ("general", "fine"),
    "multiplicity": ("single", "multiple"),
    "reasoning": ("explicit", "implicit"),
    "length": ("short", "long"),
}
"""The paper's dimensions of an instruction, and the tags that a sample may have in each."""

_PHRASE = re.compile(r"(?:<p>(?P<phrase>[^<]*)</p>\s*)?\[SEG\]")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One question, its answer, and one mask for each ``[SEG]`` of the answer, in their order."""

    id: str
    """Unique in its split of its data set."""

    source: str
    """Kind of the data set."""

    split: str
    group: str
    """Picture or scene that it shares with other samples. A group is never split."""

    image_path: Path
    height: int
    """Of the picture, in pixels."""

    width: int
    instruction: str
    answer: str
    masks: tuple[Rle, ...]
    """Of the picture's size; empty where `hidden`."""

    boxes: tuple[Box, ...] = ()
    """x0, y0, x1, y1 in pixels, as the data set gives them; empty where it gives none."""

    phrases: tuple[str, ...] = ()
    """What each ``[SEG]`` is called; "" where it is not called anything."""

    tags: frozenset[str] = frozenset()
    """From `DIMENSIONS`."""

    hidden: bool = False
    """The data set keeps the masks to itself."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the record holds, as it is."""

    where: str = ""
    """File and record, for errors."""

    def __post_init__(self) -> None:
        named = self.answer.count(SEG)
        if not self.hidden and named != len(self.masks):
            raise DataError(
                self.where or self.id,
                f"its answer has {named} {SEG} but there are {len(self.masks)} masks; each {SEG} "
                "needs its own.",
            )
        for number, mask in enumerate(self.masks):
            if mask["size"] != [self.height, self.width]:
                raise DataError(
                    self.where or self.id,
                    f"mask {number} is of size {mask['size']}, its picture {self.image_path} of "
                    f"{[self.height, self.width]} (height, width).",
                )

    def decode(self) -> NDArray[np.bool_]:
        """The masks, (N, H, W). DataError where one is no mask."""
        planes = np.zeros((len(self.masks), self.height, self.width), bool)
        for number, mask in enumerate(self.masks):
            try:
                planes[number] = decode_rle(mask)
            except ValueError as error:
                raise DataError(self.where or self.id, f"mask {number}: {error}") from error
        return planes


def phrases_of(answer: str) -> tuple[str, ...]:
    """What each ``[SEG]`` of an answer is called: the ``<p>…</p>`` before it, or ""."""
    return tuple((found["phrase"] or "").strip() for found in _PHRASE.finditer(answer))


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample that is not made yet."""

    where: str
    """File and record, for errors."""

    group: str
    make: Callable[[], Sample]
    """Reads what it takes. DataError where the record cannot be used."""


class Samples(Sequence[Sample]):
    """Samples by number, made when they are asked for; can cross processes."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        if isinstance(index, slice):
            return Samples(self.entries[index])
        return self.entries[index].make()

    def __iter__(self) -> Iterator[Sample]:
        return (entry.make() for entry in self.entries)

    def problems(self) -> Iterator[DataError]:
        """Everything that is wrong with any sample, masks decoded; none stops the search."""
        for entry in self.entries:
            try:
                entry.make().decode()
            except DataError as error:
                yield error


def split_by_group(samples: Samples, share: float, seed: int) -> tuple[Samples, Samples]:
    """Samples without, and with, a `share` of the groups, drawn by `seed`; no group is in both.

    At least one group is held out, unless the share is 0. Raises ValueError for a share outside
    0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"The share to hold out is {share}; it must lie between 0 and 1.")
    groups = sorted({entry.group for entry in samples.entries})
    count = max(1, round(share * len(groups))) if share and groups else 0
    drawn = np.random.default_rng(seed).permutation(len(groups))[:count]
    held = {groups[number] for number in drawn}
    kept = [entry for entry in samples.entries if entry.group not in held]
    return Samples(kept), Samples([entry for entry in samples.entries if entry.group in held])
