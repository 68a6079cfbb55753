"""Data sets on disk as examples: a split to learn from, and held-out ones to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from geoseg.errors import InstructionError
from training.data.loaders import LOADERS, kind_of, splits_of
from training.data.pictures import read_picture
from training.data.records import Samples, split_by_group
from training.fit.examples import Example

_HELD_OUT = "val"


class Recorded:
    """Samples of a data set, decoded when they are asked for."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Example:
        sample = self.samples[index]
        name = sample.where or sample.id
        picture = torch.from_numpy(read_picture(sample.image_path, name).copy()).permute(2, 0, 1)
        return Example(picture, sample.instruction, sample.answer, sample.decode(), name)

    def instructions(self) -> Sequence[str]:
        """Those of all samples."""
        return [sample.instruction for sample in self.samples]

    def answers(self) -> Sequence[str]:
        """Those of all samples."""
        return [sample.answer for sample in self.samples]


def learn_and_look(
    root: Path, *, kind: str = "", split: str = "train", share: float, seed: int
) -> tuple[Recorded, Recorded]:
    """A split to learn from and one to examine: ``val`` where it has masks, or a share of groups.

    DataError for a folder of no known kind; InstructionError for a kind or split that is not there.
    """
    found = kind or kind_of(root)
    if found not in LOADERS:
        raise InstructionError(f"The kind {found!r} is none of {', '.join(LOADERS)}.")
    there = splits_of(found, root)
    if split not in there:
        raise InstructionError(
            f"The folder {root}, read as {found}, has no split {split!r}; it has "
            f"{', '.join(there) or 'none'}."
        )
    samples = LOADERS[found](root, split)
    if _HELD_OUT in there and split != _HELD_OUT:
        held = LOADERS[found](root, _HELD_OUT)
        if len(held) and not held[0].hidden:
            return Recorded(samples), Recorded(held)
    kept, held = split_by_group(samples, share, seed)
    return Recorded(kept), Recorded(held)


def some(examples: Recorded, count: int, seed: int) -> Sequence[Example]:
    """At most `count` examples, always the same ones, decoded once."""
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
    return [examples[int(i)] for i in order[:count]]
