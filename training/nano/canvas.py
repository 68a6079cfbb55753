"""Canvas: a square of model input put together from pieces of labelled images.

The picture is rendered at the input scale of the model, masks at half of it: an answer has one
logit per 2 x 2 input pixels. Masks are area coverages, so that a thing smaller than a cell is still
there.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.labelled import LabelledImage

STRIDE: Final = 2
"""Input pixels per mask cell."""

PAD_VALUE: Final = 128
_ALMOST: Final = 0.97
"""Absence may be stated if this share of every piece is known."""

_ALL: Final = 0.99
"""Coverage above which a cell is wholly known; 8-bit rendering falls short of 1."""

Box = tuple[float, float, float, float]
P = TypeVar("P", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Placement:
    """Which square of an image goes where on the canvas, and how it is turned."""

    centre: tuple[float, float]
    """x, y of the square's centre in image pixels."""

    side: float
    """Of the square, in image pixels."""

    corner: tuple[int, int]
    """x, y on the canvas, even."""

    size: int
    """Side on the canvas in input pixels, even."""

    degrees: float = 0.0
    """Turned by this much about the centre; the square must stay inside the image."""

    quarters: int = 0
    mirrored: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A square of one image on the canvas."""

    image: LabelledImage
    placement: Placement

    def picture(self) -> NDArray[np.uint8]:
        """(size, size, 3)."""
        return _picture(self.image.rgb, self.placement)

    def cover(self, category: str) -> NDArray[np.float32]:
        """Share of each cell that the category covers. (size / 2, size / 2)."""
        cells = self.placement.size // STRIDE
        mask = self.image.masks.get(category)
        if mask is None:
            return np.zeros((cells, cells), np.float32)
        return _coverage(mask, self.placement)

    def known(self, category: str) -> NDArray[np.bool_]:
        """Cells where `cover` is to be believed. (size / 2, size / 2)."""
        cells = self.placement.size // STRIDE
        if self.image.knows(category):
            return np.ones((cells, cells), bool)
        known = self.image.known.get(category)
        if known is None or known is True:
            return np.zeros((cells, cells), bool)
        return _coverage(known, self.placement) > _ALL

    def shows_unplaced(self, category: str) -> bool:
        """Whether the category is certainly inside this piece although nobody outlined it."""
        height, width = self.image.shape
        return category in self.image.shows and self.placement.side > 0.95 * min(height, width)


@dataclass(frozen=True, eq=False)
class Canvas:
    """Pieces on a square of grey."""

    size: int
    pieces: tuple[Piece, ...]

    @cached_property
    def outlined(self) -> frozenset[str]:
        """Categories that some piece has a mask for."""
        return frozenset(name for piece in self.pieces for name in piece.image.masks)

    @cached_property
    def absent(self) -> frozenset[str]:
        """Categories that every piece is known to be free of."""
        return frozenset.intersection(*(piece.image.absent for piece in self.pieces))

    def picture(self) -> NDArray[np.uint8]:
        """(size, size, 3); grey where no piece lies."""
        rgb = np.full((self.size, self.size, 3), PAD_VALUE, np.uint8)
        for piece in self.pieces:
            rgb[self._place(piece, 1)] = piece.picture()
        return rgb

    def padding(self) -> NDArray[np.bool_]:
        """(size, size), true where no piece lies."""
        empty = np.ones((self.size, self.size), bool)
        for piece in self.pieces:
            empty[self._place(piece, 1)] = False
        return empty

    def truth(self, category: str) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        """Coverage and where it is known, (size / 2, size / 2); padding holds nothing."""
        cells = self.size // STRIDE
        cover = np.zeros((cells, cells), np.float16)
        known = np.ones((cells, cells), bool)
        for piece in self.pieces:
            place = self._place(piece, STRIDE)
            cover[place] = piece.cover(category)
            known[place] = piece.known(category)
        return cover, known

    def surely(self, known: NDArray[np.bool_]) -> bool:
        """Whether so much of every piece is known that "there is none" can be said."""
        return all(known[self._place(piece, STRIDE)].mean() >= _ALMOST for piece in self.pieces)

    def shows_unplaced(self, category: str) -> bool:
        """Whether some piece certainly contains the category without an outline."""
        return any(piece.shows_unplaced(category) for piece in self.pieces)

    @staticmethod
    def _place(piece: Piece, stride: int) -> tuple[slice, slice]:
        x, y = (value // stride for value in piece.placement.corner)
        size = piece.placement.size // stride
        return slice(y, y + size), slice(x, x + size)


def reach(degrees: float) -> float:
    """Side of the upright square around a unit square turned by this angle."""
    angle = math.radians(degrees)
    return abs(math.cos(angle)) + abs(math.sin(angle))


def _picture(rgb: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
    """The placed square of a (3, H, W) image as (size, size, 3)."""
    patch, box = _patch(rgb, placement)
    image = Image.fromarray(np.ascontiguousarray(patch.transpose(1, 2, 0)))
    size, bilinear = placement.size, Image.Resampling.BILINEAR
    if placement.degrees:
        image = _turned(image.resize(_around(placement, size), bilinear, box), placement, size)
    else:
        image = image.resize((size, size), bilinear, box)
    return _oriented(np.asarray(image), placement)


def _coverage(mask: NDArray[np.bool_], placement: Placement) -> NDArray[np.float32]:
    """The placed square of an (H, W) mask as shares of area, (size / 2, size / 2)."""
    patch, box = _patch(mask[None], placement)
    image = Image.fromarray(patch[0].view(np.uint8) * np.uint8(255))
    size, area = placement.size // STRIDE, Image.Resampling.BOX
    if placement.degrees:
        # Turned at the finer input scale, so that area coverage survives the bilinear step.
        fine = placement.size
        image = _turned(image.resize(_around(placement, fine), area, box), placement, fine)
        image = image.reduce(STRIDE)
    else:
        image = image.resize((size, size), area, box)
    return _oriented(np.asarray(image), placement).astype(np.float32) / np.float32(255)


def _patch(pixels: NDArray[P], placement: Placement) -> tuple[NDArray[P], Box]:
    """(C, h, w) pixels around the square, and the square's box within them.

    A square that sticks out of the image is moved into it.
    """
    side = placement.side * reach(placement.degrees)
    height, width = pixels.shape[1:]
    left, right = _span(placement.centre[0], side, width)
    top, bottom = _span(placement.centre[1], side, height)
    x, y = int(left), int(top)
    patch = pixels[:, y : math.ceil(bottom), x : math.ceil(right)]
    return patch, (left - x, top - y, right - x, bottom - y)


def _span(middle: float, side: float, length: int) -> tuple[float, float]:
    low = min(max(middle - side / 2, 0.0), max(length - side, 0.0))
    return low, min(low + side, float(length))


def _around(placement: Placement, size: int) -> tuple[int, int]:
    """Size of the upright picture that contains the turned one of this size."""
    side = round(size * reach(placement.degrees))
    return side, side


def _turned(image: Image.Image, placement: Placement, size: int) -> Image.Image:
    turned = image.rotate(placement.degrees, Image.Resampling.BILINEAR)
    edge = (image.width - size) // 2
    return turned.crop((edge, edge, edge + size, edge + size))


def _oriented(pixels: NDArray[P], placement: Placement) -> NDArray[P]:
    turned = np.rot90(pixels, placement.quarters)
    return turned[:, ::-1] if placement.mirrored else turned
