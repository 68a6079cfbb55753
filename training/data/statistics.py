"""What a data set is made of: the numbers of Figure 3 and Table 1. Paper: section 3.2."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from geoseg.dataset import rle_area
from training.data.categories import find_category
from training.data.records import Sample, Samples

PAPER_MASKS: Final[Mapping[str, int]] = {
    "lasers": 40_396,
    "refsegrs": 4_420,
    "rrsisd": 17_402,  # Table 1 prints 17,420
    "risbench": 52_472,
    "earthreason": 5_434,
}
"""Masks of the whole data sets in Table 1, to be read beside what is measured."""

LENGTHS: Final = (0, 5, 10, 20, 30, 40, 50, 60, 70, 80)
"""Words of an instruction: lower ends of the bins; the last is open."""

AREAS: Final = (0.0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Share of the picture that a mask covers: lower ends of the bins; the last is open."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MOST_WORDS = 500


@dataclass(slots=True)
class Tally:
    """Counts over samples; grows as they are added."""

    samples: int = 0
    pictures: set[str] = field(default_factory=set)
    targets: Counter[int] = field(default_factory=Counter)
    """Masks of a sample → samples."""

    categories: Counter[str] = field(default_factory=Counter)
    """Category of a target → targets."""

    unknown: Counter[str] = field(default_factory=Counter)
    """Phrases that name no category → targets."""

    words: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    """Words of each instruction."""

    areas: list[float] = field(default_factory=list)
    """Share of its picture that each mask covers."""

    unusable: int = 0

    def add(self, sample: Sample) -> None:
        """Count one. Raises ValueError for a mask that is none; nothing is counted then."""
        pixels = sample.height * sample.width
        areas = [rle_area(mask) / pixels for mask in sample.masks]
        words = [word.lower() for word in _WORD.findall(sample.instruction)]
        self.samples += 1
        self.pictures.add(str(sample.image_path))
        self.targets[len(sample.masks)] += 1
        self.areas += areas
        self.words.update(words)
        self.lengths.append(len(words))
        self.tags.update(sample.tags)
        for phrase in filter(None, sample.phrases):
            if category := find_category(phrase):
                self.categories[category.name] += 1
            else:
                self.unknown[phrase.lower()] += 1

    def merged(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.samples + other.samples,
            self.pictures | other.pictures,
            self.targets + other.targets,
            self.categories + other.categories,
            self.unknown + other.unknown,
            self.words + other.words,
            self.tags + other.tags,
            self.lengths + other.lengths,
            self.areas + other.areas,
            self.unusable + other.unusable,
        )

    def report(self) -> dict[str, Any]:
        """The numbers as plain JSON values."""
        return {
            "samples": self.samples,
            "unusable_samples": self.unusable,
            "pictures": len(self.pictures),
            "masks": len(self.areas),
            "empty_masks": sum(area == 0 for area in self.areas),
            "masks_per_sample": {str(n): self.targets[n] for n in sorted(self.targets)},
            "tags": dict(sorted(self.tags.items())),
            "categories": dict(self.categories.most_common()),
            "phrases_of_no_category": dict(self.unknown.most_common()),
            "instruction_words": _binned(self.lengths, LENGTHS) | _spread(self.lengths),
            "mask_area_share": _binned(self.areas, AREAS) | _spread(self.areas),
            "words": dict(self.words.most_common(_MOST_WORDS)),
        }


def tally(samples: Samples) -> Tally:
    """Counts over samples; those that cannot be used are counted as such."""
    counts = Tally()
    for entry in samples.entries:
        try:
            counts.add(entry.make())
        except ValueError:  # DataError is one
            counts.unusable += 1
    return counts


def _binned(values: Sequence[float], lower: Sequence[float]) -> dict[str, Any]:
    counts = np.histogram(values, [*lower, np.inf])[0]
    return {"from": list(lower), "counts": counts.tolist()}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"mean": None, "median": None}
    return {"mean": float(np.mean(values)), "median": float(np.median(values))}
