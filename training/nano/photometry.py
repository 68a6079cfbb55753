"""Light, haze, sensors and compression: what makes two photographs of one place differ."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def photometric(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture under another light, through another camera. (H, W, 3) in and out."""
    if rng.random() < 0.8:
        rgb = _tone(rgb, rng)
    if rng.random() < 0.3:
        rgb = _hue(rgb, rng)
    draw = rng.random()
    if draw < 0.12:
        blur = ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.1)))
        rgb = np.asarray(Image.fromarray(rgb).filter(blur))
    elif draw < 0.27:
        rgb = _compressed(rgb, int(rng.integers(35, 90)))
    if rng.random() < 0.12:
        noise = rng.standard_normal(rgb.shape, np.float32) * np.float32(rng.uniform(2, 8))
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    return rgb


def _tone(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Gamma, contrast and brightness, a little different in each channel."""
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    gamma, contrast = rng.uniform(0.85, 1.2), rng.uniform(0.85, 1.15)
    shift = rng.uniform(-0.05, 0.05)
    tint = rng.uniform(0.97, 1.03, 3)
    curve = (levels**gamma - 0.5) * contrast + 0.5 + shift
    tables = (np.clip(curve[None] * tint[:, None], 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.stack([tables[channel][rgb[..., channel]] for channel in range(3)], axis=-1)


def _hue(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Saturation scaled and hue turned about the grey axis."""
    saturation, angle = rng.uniform(0.8, 1.2), rng.uniform(-0.05, 0.05)
    axis = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turn = np.cos(angle) * (np.eye(3) - axis) + np.sin(angle) * cross
    matrix = (axis + saturation * turn).astype(np.float32)
    mixed: NDArray[np.float32] = rgb.astype(np.float32) @ matrix.T
    mixed += np.float32(0.5)
    return mixed.clip(0, 255).astype(np.uint8)


def _compressed(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
