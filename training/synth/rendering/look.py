"""From clean colours to what a camera in the air would have brought home."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from math import cos, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synth.rendering.loops import spread, tone, weather
from training.synth.rendering.noise import pool, smooth, white

Fine = NDArray[np.float32]

_LEAST_SHARPENING: Final = 0.35
"""Below which it would not be seen."""

_SHARPENED: Final = 1.2
"""Standard deviation in pixels of what is sharpened."""


@dataclass(frozen=True, slots=True)
class Look:
    """Light, air, lens, sensor and compression of one flight."""

    seed: int
    gain: tuple[float, float, float]
    """Of red, green and blue: exposure and colour cast."""

    haze: float
    """Share of white air over everything."""

    shade: tuple[float, float, float]
    """Light that is left in the shadow."""

    earth: tuple[float, float, float]
    """Colour of the ground where it is worn."""

    saturation: float
    contrast: float
    blur: float
    """Standard deviation in pixels."""

    sharpen: float
    noise: float
    """Standard deviation, of 255, before the lens' blur."""

    quality: int
    """Of the JPEG that it went through."""


def draw_look(random: np.random.Generator) -> Look:
    """The look of one scene."""
    warm, light = random.normal(0, 0.08), random.normal(0.97, 0.13)
    green = random.normal(0, 0.025)
    dark = random.uniform(0.28, 0.5)
    red, faded = random.uniform(140, 190), random.uniform(0.75, 0.95)
    return Look(
        seed=int(random.integers(2**31)),
        gain=(light * (1 + warm), light * (1 + green), light * (1 - warm)),
        haze=float(0.15 * random.uniform() ** 2),
        shade=(dark * 0.9, dark * 0.98, dark * 1.14),
        earth=(red, red * (1 + faded) / 2, red * faded * 0.9),
        saturation=float(random.uniform(0.35, 0.75)),
        contrast=float(random.uniform(0.95, 1.35)),
        blur=float(random.uniform(0.4, 1.0)),
        sharpen=float(random.uniform(0.0, 0.9)),
        noise=float(random.uniform(0.2, 2.4)),
        quality=int(random.integers(72, 96)),
    )


def beside_real(look: Look) -> Look:
    """The same for things that stand in a real picture, which has its light and cast already.

    What noise, blur and paleness remain are put on things and ground alike, to join them.
    """
    return replace(
        look,
        gain=(1.0, 1.0, 1.0),
        haze=0.0,
        saturation=0.9,
        contrast=1.0,
        blur=0.45,
        sharpen=0.0,
        noise=0.35 * look.noise,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A picture before any light falls on it."""

    rgb: Fine
    """(H, W, 3), of 255."""

    faces: NDArray[np.uint32]
    """(H, W): which face each pixel shows."""

    texture: Fine
    """(F, 6): strengths of `materials.Material` by face."""

    lost: Fine
    """(H, W): share in the shadow."""

    direction: float
    """Of what runs along the layout, in radians from the columns' axis towards the rows'."""


def finish(painted: Painted, look: Look, origin: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture, (H, W, 3), whose first pixel has the row and column `origin` in the scene.

    The colours of `painted` change.
    """
    values, shape = painted.rgb, painted.lost.shape
    colors = np.array([look.shade, look.earth], np.float32)
    texture = painted.faces, painted.texture, colors
    lines = pool(), cos(painted.direction), sin(painted.direction), *origin
    weather(values, texture, _fields(look.seed, origin, shape), painted.lost, lines)
    matrix, air = _toning(look)
    light = np.float32(look.noise) * white(look.seed + 5, origin, shape)
    # Coarser than a pixel, or compression would take it all away.
    warm = np.float32(look.noise) * smooth(look.seed + 6, {1: 0.8, 2: 0.5}, origin, shape)
    tone(values, matrix, air, light, warm)
    if look.blur:
        values = spread(values, _bell(look.blur))
    if look.sharpen > _LEAST_SHARPENING:
        soft = spread(values, _bell(_SHARPENED))
        values += np.float32(look.sharpen) * (values - soft)
    return _compressed(Image.fromarray(to_bytes(values)), look.quality)


def to_bytes(values: Fine) -> NDArray[np.uint8]:
    """Rounded to 0 to 255. Changes `values`."""
    values += np.float32(0.5)
    np.maximum(values, 0, out=values)
    np.minimum(values, 255, out=values)
    return values.astype(np.uint8)


def _fields(seed: int, origin: tuple[int, int], shape: tuple[int, ...]) -> Fine:
    """Noise of four scales, (4, H, W): fine, middle, coarse, and what changes the hue."""
    size = (shape[0], shape[1])
    found = np.empty((4, *size), np.float32)
    found[0] = 0.8 * white(seed, origin, size) + smooth(seed + 1, {1: 0.6}, origin, size)
    found[1] = smooth(seed + 2, {2: 0.7, 3: 0.7}, origin, size)
    found[2] = smooth(seed + 3, {4: 0.5, 5: 0.5, 6: 0.4, 7: 0.3}, origin, size)
    found[3] = smooth(seed + 4, {4: 0.1, 5: 0.15, 6: 0.2}, origin, size)
    return found


def _toning(look: Look) -> tuple[Fine, Fine]:
    """Cast, saturation, contrast and haze at once, all of which are linear: (3, 3) and (3,)."""
    clear = (1 - look.haze) * look.contrast
    air = look.haze * np.array([205, 212, 222]) + (1 - look.haze) * 110 * (1 - look.contrast)
    gain = np.array(look.gain)
    mixed = np.eye(3) * look.saturation + (1 - look.saturation) / 3
    return (mixed * gain * clear).astype(np.float32), air.astype(np.float32)


def _bell(deviation: float) -> Fine:
    """Weights of a Gaussian blur; their sum is 1."""
    reach = max(1, round(3 * deviation))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.asarray(taps / taps.sum(), np.float32)


def _compressed(picture: Image.Image, quality: int) -> NDArray[np.uint8]:
    memory = io.BytesIO()
    picture.save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory).convert("RGB"))
