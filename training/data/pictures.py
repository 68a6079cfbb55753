"""Pictures and mask pictures of data sets, read with errors that name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from training.data.errors import DataError


@contextmanager
def _opened(path: Path, where: str, what: str) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError as error:
        raise DataError(where, f"its {what} {path} does not exist.") from error
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(where, f"its {what} {path} cannot be read ({error}).") from error


def picture_size(path: Path, where: str) -> tuple[int, int]:
    """(height, width), from the header alone; DataError where it cannot be read."""
    with _opened(path, where, "picture") as image:
        return image.height, image.width


def read_picture(path: Path, where: str) -> NDArray[np.uint8]:
    """(H, W, 3) RGB; DataError where it cannot be read."""
    with _opened(path, where, "picture") as image:
        return np.asarray(image.convert("RGB"))


def read_mask(path: Path, where: str) -> NDArray[np.bool_]:
    """(H, W), everything but 0 in its first channel; DataError where it cannot be read.

    So masks of 0 and 1 are read as those of 0 and 255.
    """
    with _opened(path, where, "mask") as image:
        values = np.asarray(image)
    return np.asarray((values if values.ndim == 2 else values[:, :, 0]) != 0)
