"""Rendering: from any bands of any type to 8-bit RGB, the same for every window of a scene.

Letters: B bands, H rows, W columns, N samples.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geoseg.errors import InstructionError

INVALID_GREY = 128
"""What the model sees where the scene holds nothing."""

_FORMS = (
    "Use auto, none, MIN,MAX in pixel values (for example 0,3000), "
    "or pLO-HI in percent (for example p2-98)."
)


@dataclass(frozen=True, slots=True)
class StretchSpec:
    """How pixel values become 8 bits, as the user asked for it."""

    kind: Literal["auto", "none", "range", "percentile"]
    """auto: 8-bit scenes as they are, others by percentiles 2 to 98."""

    low: float = 2.0
    """Pixel value or percentile that becomes 0."""

    high: float = 98.0
    """Pixel value or percentile that becomes 255."""


def parse_stretch(text: str) -> StretchSpec:
    """Read `auto`, `none`, `MIN,MAX` or `pLO-HI`.

    Raises InstructionError for any other form and for limits in the wrong order.
    """
    plain = text.strip().lower()
    if plain == "auto":
        return StretchSpec("auto")
    if plain == "none":
        return StretchSpec("none")
    if match := re.fullmatch(r"p(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", plain):
        low, high = float(match[1]), float(match[2])
        if not 0 <= low < high <= 100:
            raise InstructionError(
                f"The stretch {text!r} must name two percentiles in rising order, 0 to 100.",
                hint=_FORMS,
            )
        return StretchSpec("percentile", low, high)
    try:
        low, high = (float(part) for part in plain.split(","))
    except ValueError:
        raise InstructionError(f"The stretch {text!r} is not understood.", hint=_FORMS) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InstructionError(
            f"The stretch {text!r} must name two finite pixel values in rising order.", hint=_FORMS
        )
    return StretchSpec("range", low, high)


@dataclass(frozen=True, slots=True)
class Rendering:
    """Bands, and one stretch for the whole scene: every window repeats the same RGB."""

    bands: tuple[int, ...]
    """Three band numbers for red, green, blue, or one for grey; counted from 1."""

    lows: tuple[float, ...] | None = None
    """Per band, the pixel value that becomes 0; None takes values as they are, cut to 0 to 255."""

    highs: tuple[float, ...] | None = None
    """Per band, the pixel value that becomes 255."""

    palette: tuple[tuple[int, int, int], ...] | None = None
    """RGB per pixel value of the one band of a palette scene."""

    def __post_init__(self) -> None:
        if len(self.bands) not in (1, 3):
            raise InstructionError(
                f"A rendering needs one band or three, got {len(self.bands)}: {self.bands}.",
                hint="Name them as -b RED,GREEN,BLUE or -b GREY.",
            )

    def render(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Bring pixels (B, H, W) of `bands` to RGB (3, H, W); grey 128 where not valid (H, W).

        Pixels that are RGB already and valid throughout are given back uncopied.
        """
        whole = bool(valid.all())
        as_is = self.palette is None and self.lows is None and len(self.bands) == 3
        if whole and as_is and pixels.dtype == np.uint8:
            return pixels
        rgb: NDArray[np.uint8] = np.empty((3, *pixels.shape[1:]), np.uint8)
        if self.palette is not None:
            colours = np.array(self.palette, np.uint8)
            rgb[:] = np.moveaxis(colours[np.clip(pixels[0], 0, len(colours) - 1)], -1, 0)
        else:
            for place in range(3):
                band = min(place, len(self.bands) - 1)
                if band < place:
                    rgb[place] = rgb[band]
                else:
                    rgb[place] = self._stretched(pixels[band], band)
        if not whole:
            rgb[:, ~valid] = INVALID_GREY
        return rgb

    def to_json(self) -> dict[str, Any]:
        """Plain values that tell this rendering from every other."""
        return {
            "bands": list(self.bands),
            "lows": None if self.lows is None else list(self.lows),
            "highs": None if self.highs is None else list(self.highs),
            "palette": None if self.palette is None else [list(colour) for colour in self.palette],
        }

    def _stretched(self, band: NDArray[Any], place: int) -> NDArray[np.uint8]:
        if self.lows is None or self.highs is None:
            low, high = 0.0, 255.0
            if band.dtype == np.uint8:
                return band
        else:
            low, high = self.lows[place], self.highs[place]
        if band.dtype in (np.uint8, np.uint16):
            table = _table(band.dtype.str, low, high)
            looked_up: NDArray[np.uint8] = table[band]
            return looked_up
        return _to_bytes(band, low, high)


def percentile_stretch(
    samples: NDArray[Any], valid: NDArray[np.bool_], low: float, high: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Find the (lows, highs) that two percentiles, 0 to 100, name in each band.

    Samples are (B, …) and valid is (…) or (B, …); values that are not finite do not count. Where
    both percentiles meet, the band's whole range is taken, and one step where it is constant.
    """
    lows: list[float] = []
    highs: list[float] = []
    masks = np.broadcast_to(valid, samples.shape)
    for band, mask in zip(samples, masks, strict=True):
        values = band[mask & np.isfinite(band)]
        if values.size == 0:
            values = np.zeros(1)
        bottom, top = (float(v) for v in np.percentile(values, (low, high)))
        if not bottom < top:
            bottom, top = float(values.min()), float(values.max())
        if not bottom < top:
            top = float(np.nextafter(bottom + 1, math.inf))
        lows.append(bottom)
        highs.append(top)
    return tuple(lows), tuple(highs)


@lru_cache(maxsize=16)
def _table(dtype: str, low: float, high: float) -> NDArray[np.uint8]:
    """Every value of an unsigned type, stretched: one look-up per pixel instead of arithmetic."""
    return _to_bytes(np.arange(np.iinfo(dtype).max + 1, dtype=np.float64), low, high)


def _to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    # float32 cannot hold the differences of 32-bit integers and doubles far from zero.
    wide = values.dtype.itemsize > 4 or values.dtype in (np.uint32, np.int32)
    floats: Any = values.astype(np.float64 if wide else np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (floats - low) * (255.0 / (high - low)) + 0.5
    # Infinities are cut by the clip and NaN becomes 0: both are invalid or a band's hole.
    cut = np.clip(np.nan_to_num(scaled, copy=False, nan=0.0), 0, 255)
    stretched: NDArray[np.uint8] = cut.astype(np.uint8)
    return stretched
