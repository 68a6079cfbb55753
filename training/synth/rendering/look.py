"""From clean colours to what a camera in the air would have brought home."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.synth.rendering.noise import smooth, white

Fine = NDArray[np.float32]

_LEAST_SHARPENING: Final = 0.35
"""Below which it would not be seen."""


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
    """Standard deviation, of 255, before the lens' blur."""

    quality: int
    """Of the JPEG that it went through."""


def draw_look(random: np.random.Generator) -> Look:
    """The look of one scene."""
    warm, light = random.normal(0, 0.05), random.normal(1.04, 0.12)
    green = random.normal(0, 0.02)
    dark = random.uniform(0.28, 0.5)
    return Look(
        seed=int(random.integers(2**31)),
        gain=(light * (1 + warm), light * (1 + green), light * (1 - warm)),
        haze=float(random.uniform(0, 0.16)),
        shade=(dark * 0.9, dark * 0.98, dark * 1.14),
        saturation=float(random.uniform(0.55, 1.0)),
        contrast=float(random.uniform(0.85, 1.15)),
        blur=float(random.uniform(0.4, 1.0)),
        sharpen=float(random.uniform(0.0, 0.9)),
        noise=float(random.uniform(2.0, 7.0)),
        quality=int(random.integers(72, 96)),
    )


def beside_real(look: Look) -> Look:
    """The same for things that stand in a real picture, which has its light and lens already."""
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
    _vary(values, texture, look, origin)
    lost = shadow.astype(np.float32)[..., None] * np.float32(1 / 255)
    values *= 1 - lost * (1 - np.array(look.shade, np.float32))
    values = _toned(values, look)
    values += _grain(look, origin, (rgb.shape[0], rgb.shape[1]))
    picture = Image.fromarray(_bytes(values))
    if look.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
    if look.sharpen > _LEAST_SHARPENING:
        picture = picture.filter(ImageFilter.UnsharpMask(1.2, round(100 * look.sharpen), 0))
    return _compressed(picture, look.quality)


def _bytes(values: Fine) -> NDArray[np.uint8]:
    """Rounded to 0 to 255. Changes `values`."""
    values += np.float32(0.5)
    np.maximum(values, 0, out=values)
    np.minimum(values, 255, out=values)
    return values.astype(np.uint8)


def _vary(values: Fine, texture: NDArray[np.uint8], look: Look, origin: tuple[int, int]) -> None:
    """Brightness at three scales, and a little hue at the largest. Changes `values`."""
    shape = (texture.shape[0], texture.shape[1])
    fine, middle, coarse = np.moveaxis(texture * np.float32(1 / 512), -1, 0)
    seed = look.seed
    factor = fine * (0.8 * white(seed, origin, shape) + smooth(seed + 1, {1: 0.6}, origin, shape))
    factor += middle * smooth(seed + 2, {2: 0.7, 3: 0.7}, origin, shape)
    factor += coarse * smooth(seed + 3, {4: 0.4, 5: 0.4, 6: 0.3, 7: 0.3}, origin, shape)
    hue = coarse * smooth(seed + 4, {5: 0.12, 6: 0.2}, origin, shape)
    factor += 1
    values[..., 0] *= factor + hue
    values[..., 1] *= factor
    values[..., 2] *= factor - hue


def _toned(values: Fine, look: Look) -> Fine:
    """Cast, saturation, contrast and haze at once: all are linear. Changes `values`."""
    clear = (1 - look.haze) * look.contrast
    air = look.haze * np.array([205, 212, 222]) + (1 - look.haze) * 110 * (1 - look.contrast)
    gain = np.array(look.gain, np.float32)
    grey = values @ (gain * np.float32((1 - look.saturation) * clear / 3))
    values *= gain * np.float32(look.saturation * clear)
    values += grey[..., None]
    values += air.astype(np.float32)
    return values


def _grain(look: Look, origin: tuple[int, int], size: tuple[int, int]) -> Fine:
    """Sensor noise, (H, W, 3): partly the same in all channels."""
    light = np.float32(look.noise) * white(look.seed + 5, origin, size)
    warm = np.float32(0.4 * look.noise) * white(look.seed + 6, origin, size)
    return np.stack([light + warm, light, light - warm], axis=-1)


def _compressed(picture: Image.Image, quality: int) -> NDArray[np.uint8]:
    memory = io.BytesIO()
    picture.save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory).convert("RGB"))
