"""What shape a mask has: five numbers by which odd masks are told from good ones. Paper: 7.3.

All are of the largest 8-connected component. Its outline runs through pixel centres, as OpenCV's
does; its length and area follow from counting neighbourhoods of 2 x 2 pixels, and are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

_EIGHT: Final = np.ones((3, 3), bool)

_ROUND: Final = 0.95
"""Smaller over larger variance from which on no axis is the main one."""

_ROUND_AXES: Final = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """Five numbers, each between 0 and 1, or a little more."""

    eccentricity: float
    """Of the ellipse with the same second moments; 0 for a disc."""

    circularity: float
    """4 pi A / P2: pixels over the length of the outline. A disc of pixels does not reach 1."""

    solidity: float
    """Area inside the outline over that of its convex hull."""

    symmetry: float
    """IoU of the shape and its mirror image, about the best axis."""

    extent: float
    """Pixels over those of the tight box."""


PROPERTIES: Final = ("eccentricity", "circularity", "solidity", "symmetry", "extent")


def components(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Numbers of 8-connected components (H, W), 0 for none, and how many pixels each has."""
    labels, count = ndimage.label(mask, _EIGHT)
    return labels, np.bincount(labels.ravel(), minlength=count + 1)[1:]


def primary_component(mask: Mask) -> Mask:
    """The largest component alone, cut to its tight box. ValueError for an empty mask."""
    labels, sizes = components(mask)
    if not len(sizes):
        raise ValueError("An empty mask has no shape.")
    number = int(np.argmax(sizes)) + 1
    return np.asarray(labels[ndimage.find_objects(labels)[number - 1]] == number)


def shape_of(mask: Mask) -> Shape:
    """The five numbers of a mask (H, W). ValueError for an empty one."""
    part = primary_component(mask)
    pixels = int(part.sum())
    length, inside = outline(part)
    hull = _hull_area(part)
    centre, variances, axes = _moments(part)
    ratio = variances[0] / variances[1] if variances[1] > 0 else 1.0
    return Shape(
        eccentricity=math.sqrt(max(0.0, 1.0 - ratio)),
        circularity=4 * math.pi * pixels / length**2 if length else 1.0,
        solidity=inside / hull if hull else 1.0,
        symmetry=_symmetry(part, centre, axes, many=ratio > _ROUND),
        extent=pixels / part.size,
    )


def outline(part: Mask) -> tuple[float, float]:
    """Length of the outer outline of one component, in pixels, and the area inside it.

    Lines one pixel wide are walked along both sides and have no area.
    """
    full = np.pad(ndimage.binary_fill_holes(part), 1)
    a, b, c, d = full[:-1, :-1], full[:-1, 1:], full[1:, :-1], full[1:, 1:]
    of_block = a.astype(np.int8) + b + c + d
    diagonal = (of_block == 2) & (a == d)
    # A side of a block is outline where the two pixels across from it are empty.
    straight = sum(int((pair & (of_block == 2)).sum()) for pair in (a & b, c & d, a & c, b & d))
    slanted = int((of_block == 3).sum()) + 2 * int(diagonal.sum())
    area = int((of_block == 4).sum()) + int((of_block == 3).sum()) / 2
    return straight + slanted * math.sqrt(2), area


def _hull_area(part: Mask) -> float:
    edge = part & ~ndimage.binary_erosion(part)
    rows, columns = np.nonzero(edge)
    return float(shapely.MultiPoint(np.column_stack([columns, rows])).convex_hull.area)


def _moments(part: Mask) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centre (row, column), variances, smaller first, and their directions as columns."""
    places = np.argwhere(part).astype(np.float64)
    centre = places.mean(axis=0)
    away = places - centre
    variances, axes = np.linalg.eigh(away.T @ away / len(places))
    return centre, np.maximum(variances, 0.0), axes


def _symmetry(
    part: Mask, centre: NDArray[np.float64], axes: NDArray[np.float64], *, many: bool
) -> float:
    """Of the two main axes, or of twelve where the shape is round, the best."""
    first = math.atan2(axes[1, 1], axes[0, 1])
    turns = _ROUND_AXES if many else 2
    return max(_mirrored(part, centre, first + math.pi * n / turns) for n in range(turns))


def _mirrored(part: Mask, centre: NDArray[np.float64], angle: float) -> float:
    """IoU of the shape and its mirror image about the axis at an angle from straight down."""
    reach = math.ceil(math.hypot(*part.shape)) + 1
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    start = centre - turn @ np.array([reach, reach])
    side = 2 * reach + 1
    turned = ndimage.affine_transform(
        part.astype(np.float32), turn, start, output_shape=(side, side), order=1
    )
    shape = turned >= 0.5
    mirror = shape[:, ::-1]
    union = int((shape | mirror).sum())
    return int((shape & mirror).sum()) / union if union else 1.0
