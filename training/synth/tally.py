"""What a data set of drawn scenes holds: dimensions, categories, sizes of targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.synth.writing.records import SceneRecord


@dataclass(slots=True)
class Tally:
    """Counts while scenes go by."""

    scenes: int = 0
    questions: int = 0
    negatives: int = 0
    refused: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    land_uses: Counter[str] = field(default_factory=Counter)
    shares: list[float] = field(default_factory=list)
    """Of the picture that each target covers."""

    def counted(self, records: Iterable[SceneRecord]) -> Iterator[SceneRecord]:
        """The same records, counted as they pass."""
        for record in records:
            self.scenes += 1
            self.refused += record.refused
            self.land_uses[record.land_use] += 1
            for asked in record.asked:
                self.questions += 1
                self.negatives += not asked.masks
                self.tags.update(asked.tags)
                self.categories.update(asked.categories if asked.masks else ())
                self.shares += [area / (record.height * record.width) for area in asked.areas]
            yield record

    def report(self) -> dict[str, Any]:
        """All of it, as JSON has it; deciles of the share of the picture that targets cover."""
        return {
            "scenes": self.scenes,
            "questions": self.questions,
            "masks": len(self.shares),
            "negatives": self.negatives,
            "refused": self.refused,
            "tags": dict(sorted(self.tags.items())),
            "categories": dict(sorted(self.categories.items())),
            "land_uses": dict(sorted(self.land_uses.items())),
            "area_deciles": deciles(self.shares),
        }


def deciles(shares: Sequence[float]) -> list[float]:
    """Least, tenths and most of some shares, to three digits; zeros where there are none."""
    tenths = np.quantile(shares or [0.0], np.linspace(0, 1, 11)).tolist()
    return [float(f"{share:.3g}") for share in tenths]
