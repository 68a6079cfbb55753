"""What is judged. All points of a thing must be good for it to stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["mask", "gold", "question"]

_MASK: Final = (
    ("coherence", "One meaningful thing", "It is a thing or a part of one, whole and alone."),
    ("boundary", "Boundary", "The outline follows the edge that one sees."),
)

POINTS: Final[Mapping[Kind, tuple[tuple[str, str, str], ...]]] = {
    "mask": _MASK,
    "gold": _MASK,
    "question": (
        ("object", "Object", "Each phrase says what its mask covers."),
        (
            "logic",
            "Place and logic",
            "Places and relations are true, and lead to these masks only.",
        ),
        ("mask", "Mask", "Each mask is whole and precise."),
        ("grammar", "Grammar", "Question and answer are correct English."),
    ),
}
"""Kind → its points: name, title, what is asked. Of masks and gold sets the paper's two criteria
(3.1), of questions its four (7.5)."""


def names(kind: Kind) -> tuple[str, ...]:
    """Of the points of a kind."""
    return tuple(name for name, _, _ in POINTS[kind])
