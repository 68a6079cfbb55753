"""LabelledImage: real pixels and what is honestly known about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Split = Literal["train", "heldout"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImage:
    """One image, the categories outlined in it, and where those outlines can be trusted.

    A category that appears nowhere here was not looked for: nothing may be asked about it.
    """

    name: str
    """Path of the image inside the data folder, with its rows where only some were read."""

    source: str
    split: Split

    rgb: Rgb
    """(3, H, W)."""

    gsd: float
    """Metres per pixel on the ground; assumed where the source does not say."""

    masks: Mapping[str, Mask] = field(default_factory=dict)
    """Category → (H, W), true on the thing."""

    known: Mapping[str, Mask | Literal[True]] = field(default_factory=dict)
    """Category → where the mask, true or false, is to be believed. Same keys as `masks`."""

    absent: frozenset[str] = frozenset()
    """Categories known not to be in the image at all."""

    shows: frozenset[str] = frozenset()
    """Categories certainly in the image, not outlined."""

    scene_class: str | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.rgb.shape[1], self.rgb.shape[2]

    def knows(self, category: str) -> bool:
        """Whether every pixel is known to be, or not to be, of this category."""
        return category in self.absent or self.known.get(category) is True
