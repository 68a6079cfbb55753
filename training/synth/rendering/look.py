"""From clean colours to what a camera in the air would have brought home."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from training.synth.rendering.noise import field

Fine = NDArray[np.float32]


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

    saturation: float
    contrast: float
    blur: float
    """Standard deviation in pixels."""

    sharpen: float
    noise: float
    """Standard deviation, of 255."""

    quality: int
    """Of the JPEG that it went through."""


def draw_look(random: np.random.Generator) -> Look:
    """The look of one scene."""
    warm, light = random.normal(0, 0.05), random.normal(1.0, 0.12)
    green = random.normal(0, 0.02)
    dark = random.uniform(0.28, 0.5)
    return Look(
        seed=int(random.integers(2**31)),
        gain=(light * (1 + warm), light * (1 + green), light * (1 - warm)),
        haze=float(random.uniform(0, 0.16)),
        shade=(dark * 0.9, dark * 0.98, dark * 1.14),
        saturation=float(random.uniform(0.7, 1.15)),
        contrast=float(random.uniform(0.9, 1.25)),
        blur=float(random.uniform(0.4, 1.0)),
        sharpen=float(random.uniform(0.0, 0.9)),
        noise=float(random.uniform(1.0, 4.0)),
        quality=int(random.integers(72, 96)),
    )


def finish(
    rgb: NDArray[np.uint8],
    texture: NDArray[np.uint8],
    shadow: NDArray[np.uint8],
    look: Look,
    origin: tuple[int, int],
) -> NDArray[np.uint8]:
    """The picture, (H, W, 3).

    rgb (H, W, 3): painted colours. texture (H, W, 3): strength of fine, middle and coarse
    variation, in units of 1/512. shadow (H, W): 255 where all light is lost.
    """
    values = rgb.astype(np.float32)
    values *= _texture(texture, look, origin)
    lost = shadow.astype(np.float32)[..., None] / 255
    values *= 1 - lost * (1 - np.array(look.shade, np.float32))
    values = _toned(values, look)
    if look.blur:
        for channel in range(3):
            values[..., channel] = ndimage.gaussian_filter(
                values[..., channel], look.blur, truncate=2.5
            )
    if look.sharpen:
        soft = ndimage.uniform_filter(values, (3, 3, 1))
        values += look.sharpen * (values - soft)
    values += look.noise * _grain(look, origin, rgb.shape[:2])
    return _compressed(np.clip(values + 0.5, 0, 255).astype(np.uint8), look.quality)


def _texture(texture: NDArray[np.uint8], look: Look, origin: tuple[int, int]) -> Fine:
    """Factors on each channel, (H, W, 3)."""
    shape = texture.shape[:2]

    def noise(octave: int, stream: int = 0) -> Fine:
        return field(look.seed + stream, octave, origin, (shape[0], shape[1]))

    strength = texture.astype(np.float32) / 512
    fine = 0.8 * noise(0) + 0.6 * noise(1)
    middle = 0.7 * noise(2) + 0.7 * noise(3)
    coarse = 0.6 * noise(5) + 0.6 * noise(6) + 0.5 * noise(7)
    factor = strength[..., 0] * fine + strength[..., 1] * middle + strength[..., 2] * coarse
    hue = strength[..., 2] * (0.5 * noise(6, 1) + 0.4 * noise(4, 1))
    return np.stack([1 + factor + hue, 1 + factor, 1 + factor - 0.7 * hue], axis=-1)


def _toned(values: Fine, look: Look) -> Fine:
    values *= np.array(look.gain, np.float32)
    grey = values.mean(axis=-1, keepdims=True)
    values = grey + (values - grey) * np.float32(look.saturation)
    values = 110 + (values - 110) * np.float32(look.contrast)
    air = np.array([205, 212, 222], np.float32)
    return values + (air - values) * np.float32(look.haze)


def _grain(look: Look, origin: tuple[int, int], shape: tuple[int, ...]) -> Fine:
    """Sensor noise: partly the same in all channels."""
    size = (shape[0], shape[1])
    light = field(look.seed + 2, 0, origin, size)
    color = [field(look.seed + 3 + channel, 0, origin, size) for channel in range(2)]
    return np.stack([light + 0.4 * color[0], light, light + 0.4 * color[1]], axis=-1)


def _compressed(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    memory = io.BytesIO()
    Image.fromarray(rgb).save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory).convert("RGB"))
