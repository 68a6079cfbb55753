"""Numbers with names that a drawing may get wrong: colours, spectrum, noise and edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_BANDS: Final = (4, 8, 16, 32, 64, 128)
"""Upper ends of the bands of the spectrum, in periods per 256 pixels."""

_COLORS: Final = ("red", "green", "blue")
_SHARES: Final = (50, 90, 99)
"""Percentiles of the gradient."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "colours": (
        *(f"mean of {color}" for color in _COLORS),
        *(f"deviation of {color}" for color in _COLORS),
        "darkest hundredth",
        "brightest hundredth",
        "saturation",
        "deviation of saturation",
        "likeness of red and blue",
        "distinct colours",
    ),
    "spectrum": (*(f"power up to {band} periods" for band in _BANDS), "slope", "level along axes"),
    "noise": (
        "noise in the calmest tenth",
        "noise in half",
        "noise in common between colours",
        "noise in shadows against light",
        "likeness of noise to its neighbour",
        "steps at blocks of 8",
    ),
    "edges": (
        *(f"gradient at {share} %" for share in _SHARES),
        "sharpness of strong edges",
        "one direction above others",
        "pixels on edges",
    ),
}
"""Group → the names of its numbers, all of which `telltales` gives."""


def telltales(rgb: NDArray[np.uint8]) -> dict[str, float]:
    """Every number of `GROUPS` for one picture, (256, 256, 3); grey values of 0–255."""
    values = rgb.astype(np.float64)
    gray = values.mean(2)
    return {**_colors(rgb, values), **_spectrum(gray), **_noise(values, gray), **_edges(gray)}


def _colors(rgb: NDArray[np.uint8], values: NDArray[np.float64]) -> dict[str, float]:
    flat = values.reshape(-1, 3)
    saturation = flat.max(1) - flat.min(1)
    packed = rgb.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    dark, bright = np.percentile(flat.mean(1), (1, 99))
    found = {f"mean of {color}": flat[:, i].mean() for i, color in enumerate(_COLORS)}
    found |= {f"deviation of {color}": flat[:, i].std() for i, color in enumerate(_COLORS)}
    found |= {
        "darkest hundredth": dark,
        "brightest hundredth": bright,
        "saturation": saturation.mean(),
        "deviation of saturation": saturation.std(),
        "likeness of red and blue": _likeness(flat[:, 0], flat[:, 2]),
        "distinct colours": len(np.unique(packed)) / len(packed),
    }
    return {name: float(value) for name, value in found.items()}


def _spectrum(gray: NDArray[np.float64]) -> dict[str, float]:
    """Log power by distance from zero, how steeply it falls, and what lies along the axes."""
    window = np.hanning(len(gray))
    power = np.square(np.abs(np.fft.fft2((gray - gray.mean()) * np.outer(window, window))))
    along = np.abs(np.fft.fftfreq(len(gray), 1 / len(gray)))
    away = np.hypot(along[:, None], along[None])
    logs, lower = [], 1.0
    for band in _BANDS:
        logs.append(np.log(power[(away >= lower) & (away < band)].mean() + 1))
        lower = band
    cross = (np.minimum(along[:, None], along[None]) < 1) & (away > 16)
    found = dict(zip((f"power up to {band} periods" for band in _BANDS), logs, strict=True))
    found["slope"] = np.polyfit(np.log(_BANDS), logs, 1)[0]
    found["level along axes"] = np.log(power[cross].mean() + 1) - np.log(
        power[~cross & (away > 16)].mean() + 1
    )
    return {name: float(value) for name, value in found.items()}


def _noise(values: NDArray[np.float64], gray: NDArray[np.float64]) -> dict[str, float]:
    """What is left above a smooth surface, where the picture is calm."""
    rest = values - ndimage.gaussian_filter(values, (1.5, 1.5, 0))
    # The filter's running sums may fall a little below zero on an even surface.
    level = np.sqrt(np.maximum(ndimage.uniform_filter(np.square(rest).mean(2), 9), 0))
    calm = level <= np.quantile(level, 0.1)
    light = calm & (gray >= np.median(gray[calm]))
    beside = (calm[:, 1:] & calm[:, :-1], rest.mean(2))
    steps = np.abs(np.diff(gray, axis=1)).mean(0)
    at_blocks = steps[7::8].mean() / (np.delete(steps, np.s_[7::8]).mean() + 1e-6)
    found = {
        "noise in the calmest tenth": level[calm].mean(),
        "noise in half": np.median(level),
        "noise in common between colours": _likeness(rest[calm][:, 0], rest[calm][:, 2]),
        "noise in shadows against light": level[calm & ~light].mean() - level[light].mean()
        if (calm & ~light).any()
        else 0.0,
        "likeness of noise to its neighbour": _likeness(
            beside[1][:, 1:][beside[0]], beside[1][:, :-1][beside[0]]
        ),
        "steps at blocks of 8": at_blocks,
    }
    return {name: float(value) for name, value in found.items()}


def _edges(gray: NDArray[np.float64]) -> dict[str, float]:
    down, right = (ndimage.sobel(gray, axis) / 8 for axis in (0, 1))
    slope = np.hypot(down, right)
    shares = np.percentile(slope, _SHARES)
    strong = slope >= shares[-1]
    # A sharp step changes within one pixel as much as within five; a soft one does not.
    height = ndimage.maximum_filter(gray, 5) - ndimage.minimum_filter(gray, 5)
    turned = np.arctan2(down, right)[slope >= shares[1]]
    heights, _ = np.histogram(turned % np.pi, bins=18, range=(0, np.pi))
    found = dict(zip((f"gradient at {share} %" for share in _SHARES), shares, strict=True))
    found |= {
        "sharpness of strong edges": (slope[strong] / (height[strong] + 1e-6)).mean(),
        "one direction above others": heights.max() / heights.mean(),
        "pixels on edges": (slope > 10).mean(),
    }
    return {name: float(value) for name, value in found.items()}


def _likeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation; 0 where one of them does not vary."""
    spread = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 0 else 0.0
