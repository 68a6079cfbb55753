"""Loops over pixels, compiled by numba: each is one pass where array operations would take many."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
Lines = tuple[Array, float, float, int, int]

SUBPIXELS = 2
"""Each way; the loops are written for four to a pixel."""


@njit(cache=True, nogil=True, error_model="numpy")
def gather(ids: Array, paint: Array, items: Array, ground: Array) -> tuple[Array, Array, Array]:
    """What every pixel shows, from the faces that its subpixels show.

    ids (2 H, 2 W) uint32; paint (F, 3) float32 by face; items (F, 3) uint32: numbers of the thing,
    part and site by face; ground (H, W, 3): what is seen where no face, number 0, is.

    Returns mean colours (H, W, 3) float32, the face in each pixel's middle (H, W) uint32, and the
    thing, part and site that at least half of the subpixels show, (3, H, W) uint32, or 0.
    """
    height, width = ids.shape[0] // 2, ids.shape[1] // 2
    rgb = np.empty((height, width, 3), np.float32)
    middle = np.empty((height, width), np.uint32)
    chosen = np.empty((3, height, width), np.uint32)
    for y in range(height):
        upper, lower = ids[2 * y], ids[2 * y + 1]
        for x in range(width):
            a, b, c, d = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
            middle[y, x] = d
            if a == d and b == d and c == d:
                for k in range(3):
                    chosen[k, y, x] = items[d, k]
                    rgb[y, x, k] = paint[d, k] if d else ground[y, x, k]
                continue
            bare = (a == 0) + (b == 0) + (c == 0) + (d == 0)
            for k in range(3):
                painted = paint[a, k] + paint[b, k] + paint[c, k] + paint[d, k]
                rgb[y, x, k] = (painted + bare * ground[y, x, k]) * np.float32(0.25)
                chosen[k, y, x] = _elected((a, b, c, d), items, k)
    return rgb, middle, chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _elected(four: tuple[int, int, int, int], items: Array, sort: int) -> int:
    """The item that at least two of four faces show; of two with two each that of the lower face.

    What is drawn has its edge drawn with it, half a subpixel more than there is: so the lower one.
    """
    best, most, lowest = items[0, 0], 1, four[0]
    for one in four:
        count = 0
        for other in four:
            count += items[one, sort] == items[other, sort]
        if count > most or (count == most and count > 1 and one < lowest):
            best, most, lowest = items[one, sort], count, one
    return int(best) if most > 1 else 0


@njit(cache=True, nogil=True, error_model="numpy")
def lose_light(cast: Array, height: Array, ids: Array) -> Array:
    """The share of each pixel that lies in shadow, (H, W) float32.

    cast (2 H, 2 W): how high what casts a shadow there is; height (F,): of each face; ids
    (2 H, 2 W): the faces. What stands higher than what casts the shadow stays in the light.
    """
    shape = ids.shape[0] // 2, ids.shape[1] // 2
    lost = np.empty(shape, np.float32)
    for y in range(shape[0]):
        for x in range(shape[1]):
            count = 0
            for row in (2 * y, 2 * y + 1):
                for column in (2 * x, 2 * x + 1):
                    code = cast[row, column]
                    count += code > 0 and code > height[ids[row, column]]
            lost[y, x] = count * np.float32(0.25)
    return lost


@njit(cache=True, nogil=True, error_model="numpy")
def weather(
    values: Array, texture: tuple[Array, Array, Array], fields: Array, lost: Array, lines: Lines
) -> None:
    """Texture, then shadow, on painted colours (H, W, 3), which change.

    texture: the face of each pixel (H, W), the strengths of its variations by face (F, 6), and the
    light that is left in the shadow and the colour of worn ground (2, 3). fields (4, H, W): noise
    of four scales, fine, middle, coarse, and of hue. lost (H, W): the share in shadow. lines:
    random numbers (N, N), N a power of two, one for each point of the lattice that streaks are
    drawn between; cosine and sine of their direction; row and column of the first pixel, so that
    each is the same in whatever window.
    """
    middle, strengths, colors = texture
    shade, earth = colors
    pool, cos, sin, top, left = lines
    height, width = lost.shape
    for y in range(height):
        for x in range(width):
            own = strengths[middle[y, x]]
            clumps = abs(fields[1, y, x]) - np.float32(0.8)
            factor = np.float32(1) + own[0] * fields[0, y, x] + own[1] * fields[1, y, x]
            factor += own[2] * fields[2, y, x] + own[4] * clumps
            if own[3] > 0:
                row, column = top + y, left + x
                streak = _streak(pool, column * cos + row * sin, row * cos - column * sin)
                factor += own[3] * np.float32(streak)
            # Patches with ragged edges, where the coarse noise is high.
            patch = fields[2, y, x] + np.float32(0.35) * fields[1, y, x] - np.float32(0.5)
            bare = own[5] * min(max(patch, np.float32(0)), np.float32(1))
            for k in range(3):
                values[y, x, k] += bare * (earth[k] - values[y, x, k])
            hue = own[2] * fields[3, y, x]
            dim = lost[y, x]
            values[y, x, 0] *= (factor + hue) * (1 - dim * (1 - shade[0]))
            values[y, x, 1] *= factor * (1 - dim * (1 - shade[1]))
            values[y, x, 2] *= (factor - hue) * (1 - dim * (1 - shade[2]))


@njit(cache=True, nogil=True, error_model="numpy")
def tone(values: Array, matrix: Array, air: Array, light: Array, warm: Array) -> None:
    """``matrix @ value + air`` with the sensor's noise, on colours (H, W, 3), which change.

    matrix (3, 3), air (3,). light and warm (H, W): noise of all channels, and of red against blue.
    """
    height, width = light.shape
    for y in range(height):
        for x in range(width):
            r, g, b = values[y, x, 0], values[y, x, 1], values[y, x, 2]
            for channel in range(3):
                row = matrix[channel]
                values[y, x, channel] = row[0] * r + row[1] * g + row[2] * b + air[channel]
            values[y, x, 0] += light[y, x] + warm[y, x]
            values[y, x, 1] += light[y, x]
            values[y, x, 2] += light[y, x] - warm[y, x]


@njit(cache=True, nogil=True, error_model="numpy")
def spread(values: Array, taps: Array) -> Array:
    """Convolution along both axes of (H, W, 3) with an odd number of taps; edges are repeated."""
    height, width, channels = values.shape
    reach, size = len(taps) // 2, width * channels
    rows = values.reshape(height, size)
    found = np.zeros((height, size), np.float32)
    edge = reach * channels
    upright = np.empty(size + 2 * edge, np.float32)
    for y in range(height):
        upright[:] = 0
        middle, target = upright[edge : edge + size], found[y]
        for tap in range(len(taps)):
            weight, source = taps[tap], rows[min(max(y + tap - reach, 0), height - 1)]
            for i in range(size):
                middle[i] += weight * source[i]
        for i in range(edge):
            upright[i] = middle[i % channels]
            upright[edge + size + i] = middle[size - channels + i % channels]
        for tap in range(len(taps)):
            weight, start = taps[tap], tap * channels
            for i in range(size):
                target[i] += weight * upright[start + i]
    return found.reshape(values.shape)


@njit(cache=True, nogil=True, error_model="numpy")
def _streak(pool: Array, along: float, across: float) -> float:
    """Noise that is long in one direction, of two widths."""
    fine = _lattice(pool, along / 48, across / 1.7)
    return fine + _lattice(pool, along / 150 + 300, across / 6 + 300)


@njit(cache=True, nogil=True, error_model="numpy")
def _lattice(pool: Array, u: float, v: float) -> float:
    """Between the four points around u, v."""
    last = pool.shape[0] - 1
    left, top = int(np.floor(u)), int(np.floor(v))
    du, dv = u - left, v - top
    left, top, right, below = left & last, top & last, (left + 1) & last, (top + 1) & last
    upper = pool[top, left] * (1 - du) + pool[top, right] * du
    lower = pool[below, left] * (1 - du) + pool[below, right] * du
    return float(upper * (1 - dv) + lower * dv)
