"""Sums of intersections and unions over scenes, and the tables made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

TOLERATED_LOSS = 0.1
"""IoU that an unseen wording may lose to the plain sentence and still count as understood."""


@dataclass(slots=True, eq=False)
class Score:
    """Pixels of one category over scenes, where its truth is known."""

    cells: dict[str, list[float]] = field(default_factory=dict)
    """Kind of answer → intersection and union with the truth."""

    scenes: int = 0
    instances: int = 0

    def add(self, truth: Mask, known: Mask, *, answer: Mask, shuffled: Mask | None = None) -> None:
        """Count one scene."""
        self.scenes += 1
        self.instances += int(ndimage.label(truth)[1])
        answers = {"iou": answer, "all_foreground": np.ones_like(truth), "shuffled": shuffled}
        for kind, found in answers.items():
            if found is not None:
                both = self.cells.setdefault(kind, [0.0, 0.0])
                both[0] += float((found & truth & known).sum())
                both[1] += float(((found | truth) & known).sum())

    def iou(self, kind: str = "iou") -> float:
        """Intersection over union of all scenes together; 0 when there was nothing."""
        inside, union = self.cells.get(kind, [0.0, 0.0])
        return round(inside / union, 4) if union else 0.0


def table(scores: Mapping[tuple[str, str], Score]) -> list[dict[str, Any]]:
    """One row per source and category."""
    return [
        {
            "source": source,
            "category": name,
            "scenes": score.scenes,
            "instances": score.instances,
            "iou": score.iou(),
            "all_foreground": score.iou("all_foreground"),
            "shuffled": score.iou("shuffled"),
        }
        for (source, name), score in sorted(scores.items())
    ]


def paraphrase_rows(pairs: Mapping[tuple[str, str], tuple[Score, Score]]) -> dict[str, Any]:
    """Each unseen wording beside the plain one, and the share that is understood."""
    rows = [
        {"category": name, "sentence": text, "iou": unseen.iou(), "plain": plain.iou()}
        for (name, text), (unseen, plain) in sorted(pairs.items())
    ]
    understood = [row["iou"] >= row["plain"] - TOLERATED_LOSS for row in rows]
    return {
        "asked": len(rows),
        "understood": sum(understood),
        "share": round(sum(understood) / max(1, len(rows)), 3),
        "rows": rows,
    }


def presence(found: Sequence[Mapping[str, bool]]) -> dict[str, Any]:
    """How often something was found that is not there."""
    wrong = sum(sum(one.values()) for one in found)
    asked = sum(len(one) for one in found)
    return {"asked": asked, "found": wrong, "false_positive_rate": round(wrong / max(1, asked), 3)}
