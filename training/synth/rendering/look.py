"""From clean colours to what a camera in the air would have brought home."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.synth.rendering.noise import smooth, white

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
    warm, light = random.normal(0, 0.05), random.normal(1.1, 0.14)
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
    toned = np.clip(_toned(values, look) + 0.5, 0, 255).astype(np.uint8)
    picture = Image.fromarray(toned)
    if look.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
    if look.sharpen:
        picture = picture.filter(ImageFilter.UnsharpMask(1.2, round(100 * look.sharpen), 0))
    values = np.asarray(picture).astype(np.float32)
    values += look.noise * _grain(look, origin, values.shape)
    return _compressed(np.clip(values + 0.5, 0, 255).astype(np.uint8), look.quality)


def _texture(texture: NDArray[np.uint8], look: Look, origin: tuple[int, int]) -> Fine:
    """Factors on each channel, (H, W, 3)."""
    shape = (texture.shape[0], texture.shape[1])
    strength = texture.astype(np.float32) / 512
    seed = look.seed
    fine = 0.8 * white(seed, origin, shape) + smooth(seed + 1, {1: 0.6}, origin, shape)
    middle = smooth(seed + 2, {2: 0.7, 3: 0.7}, origin, shape)
    coarse = smooth(seed + 3, {4: 0.4, 5: 0.4, 6: 0.3, 7: 0.3}, origin, shape)
    hue = strength[..., 2] * smooth(seed + 4, {4: 0.12, 6: 0.2}, origin, shape)
    factor = 1 + strength[..., 0] * fine + strength[..., 1] * middle + strength[..., 2] * coarse
    return np.stack([factor + hue, factor, factor - hue], axis=-1)


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
    light = white(look.seed + 5, origin, size)
    warm = np.float32(0.4) * white(look.seed + 6, origin, size)
    return np.stack([light + warm, light, light - warm], axis=-1)


def _compressed(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    memory = io.BytesIO()
    Image.fromarray(rgb).save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory).convert("RGB"))
