"""Figures as files, and masks laid over pictures. Letters: H and W of a picture, N masks."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoseg.errors import InstructionError, OutputError

COLORS = ("#e6194b", "#4363d8", "#f58231", "#911eb4", "#00a1a1", "#c9a400", "#f032e6", "#2e8b57")
"""Of the targets of an answer, in their order; the ninth has the first one's again."""

_SUFFIXES = (".png", ".svg")


def checked_path(path: Path) -> Path:
    """The path itself; InstructionError unless it names a PNG or SVG."""
    if path.suffix.lower() not in _SUFFIXES:
        raise InstructionError(
            f"{path} names no kind of figure that can be written. Let it end in .png or .svg."
        )
    return path


def save(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure, whole or not at all: the same bytes for the same figure.

    InstructionError for another ending than .png or .svg, OutputError if it cannot be written.
    """
    kind = checked_path(path).suffix.lower()[1:]
    # Neither dates nor versions, and ids that do not change.
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    data = io.BytesIO()
    FigureCanvasAgg(figure)
    with mpl.rc_context({"svg.hashsalt": "geoseg", "svg.fonttype": "path"}):
        figure.savefig(data, format=kind, dpi=dpi, metadata=metadata)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data.getvalue())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OutputError(f"The figure {path} cannot be written: {error}.") from error


def color_of(number: int) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 1, of the target with this number, from 0."""
    text = COLORS[number % len(COLORS)]
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def overlay(
    picture: NDArray[np.uint8], masks: NDArray[np.bool_], *, strength: float = 0.55
) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with (N, H, W) masks in the colours of their targets.

    Later masks lie over earlier ones. Each has an opaque rim, so that small ones are seen as well.
    """
    shown = picture.astype(np.float32)
    for number, mask in enumerate(masks):
        color = 255 * np.array(color_of(number), np.float32)
        shown[mask] = (1 - strength) * shown[mask] + strength * color
        shown[_rim(mask)] = color
    return shown.round().astype(np.uint8)


def _rim(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of an (H, W) mask with a neighbour that is none of it."""
    inner = np.pad(mask, 1)
    all_around = inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    return np.asarray(mask & ~all_around)


def shrunk(size: Sequence[int], longest: int) -> int:
    """Every how many pixels of a picture (H, W) are shown so that no side is over `longest`."""
    return max(1, -(-max(size) // longest))
