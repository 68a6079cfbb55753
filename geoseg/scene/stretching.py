"""One look at the whole scene, and from it the rendering that every window gets.

Letters: B bands to show, N samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Window
from geoseg.rendering import Rendering, StretchSpec, parse_stretch, percentile_stretch
from geoseg.scene.description import Scene
from geoseg.scene.environment import gdal_environment
from geoseg.scene.planes import Planes
from geoseg.scene.reading import Reader

_LOOK = 1024
"""Longest side, in samples, of the picture that percentiles are taken from."""

_WHOLE = 4096 * 4096
"""Pixels up to which a scene without overviews is decoded whole for that picture."""

_SPREAD = 8
"""Larger ones are sampled by this many windows a side."""

_PIECE = 256
"""Pixels a side of such a window."""


def choose_rendering(scene: Scene, bidx: tuple[int, ...] | None, stretch: str) -> Rendering:
    """Choose bands and stretch, once for the scene.

    `bidx` holds one or three band numbers, counted from 1; None takes what the file calls red,
    green and blue, else its first bands. For `stretch` see `parse_stretch`.

    Raises InstructionError for bands the scene lacks and for an unknown stretch, SceneError when
    the scene, or one of its bands, holds no data at all.
    """
    spec = parse_stretch(stretch)
    bands = scene.default_bands if bidx is None else _checked(scene, bidx)
    measured = spec.kind == "percentile" or (spec.kind == "auto" and scene.dtype != "uint8")
    palette = _palette(scene, bands, spec)
    if palette is not None:
        measured = False
    samples = None
    if measured or not scene.always_valid:
        with Reader(scene, bands) as reader:
            samples = _look(reader)
    if palette is not None:
        return Rendering(bands, palette=palette)
    if spec.kind == "range":
        return Rendering(bands, (spec.low,) * len(bands), (spec.high,) * len(bands))
    if samples is None or not measured:
        return Rendering(bands)
    held = np.stack(
        [_counted(values, scene.nodata[b - 1]) for values, b in zip(samples, bands, strict=True)]
    )
    return Rendering(bands, *percentile_stretch(samples, held, spec.low, spec.high))


def _checked(scene: Scene, bidx: tuple[int, ...]) -> tuple[int, ...]:
    missing = [band for band in bidx if not 1 <= band <= scene.band_count]
    if missing or len(bidx) not in (1, 3):
        problem = (
            f"The scene {scene.path} has bands 1 to {scene.band_count}, not {missing[0]}."
            if missing
            else f"One band or three can be shown, got {len(bidx)}: {','.join(map(str, bidx))}."
        )
        raise InstructionError(problem, hint="Name them as -b RED,GREEN,BLUE or -b GREY.")
    return tuple(bidx)


def _palette(
    scene: Scene, bands: tuple[int, ...], spec: StretchSpec
) -> tuple[tuple[int, int, int], ...] | None:
    """The colour map of a palette scene, unless the user asks for its indices stretched."""
    if len(bands) > 1 or scene.colors[bands[0] - 1] != "palette":
        return None
    if spec.kind not in ("auto", "none"):
        return None
    with gdal_environment(scene.opens), rasterio.open(scene.opens) as source:
        colours = source.colormap(bands[0])
    return tuple(colours.get(i, (0, 0, 0, 0))[:3] for i in range(max(colours) + 1))


def _look(reader: Reader) -> NDArray[Any]:
    """Samples (B, N) of pixels that hold data, from all over the scene.

    When the first look meets nothing, or misses a band, the scene is searched to its end: only
    then is it known to be empty. Raises SceneError for that.
    """
    samples = _held(reader, _first_look(reader))
    if not _filled(samples):
        samples = _held(reader, _whole_scene(reader))
    scene = reader.scene
    if samples.shape[1] == 0:
        raise SceneError(
            f"The scene {scene.path} holds no data: all {scene.grid.width} × {scene.grid.height} "
            "pixels are nodata, transparent or masked.",
            hint="Check its nodata value with gdalinfo, or choose other bands with -b.",
        )
    if not _filled(samples):
        empty = reader.layout.bands[int(np.argmin(np.isfinite(samples).any(1)))]
        raise SceneError(
            f"Band {empty} of {scene.path} holds no data: every pixel is NaN or infinite.",
            hint="Choose other bands with -b.",
        )
    return samples


def _filled(samples: NDArray[Any]) -> bool:
    """Whether there are samples and each band has a finite one."""
    return samples.shape[1] > 0 and bool(np.isfinite(samples).any(1).all())


Look = tuple[NDArray[Any], NDArray[np.bool_]]
"""Pixels (B, H, W) of one window, and which of them hold data (H, W)."""


def _held(reader: Reader, looks: Iterator[Look]) -> NDArray[Any]:
    kept = [np.empty((len(reader.layout.bands), 0), reader.scene.dtype)]
    kept += [pixels[:, valid] for pixels, valid in looks]
    return np.concatenate(kept, axis=1)


def _first_look(reader: Reader) -> Iterator[Look]:
    """A decimated picture where that is cheap and whole, else windows spread over the scene."""
    grid = reader.scene.grid
    if reader.scene.has_overviews or grid.height * grid.width <= _WHOLE:
        shrink = max(1.0, max(grid.height, grid.width) / _LOOK)
        picture = reader.layout.allocate(
            max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink))
        )
        if (look := _looked(reader, grid.window, picture)) is not None:
            yield look
            return
    for row in _starts(grid.height):
        for col in _starts(grid.width):
            height, width = min(_PIECE, grid.height - row), min(_PIECE, grid.width - col)
            look = _looked(reader, Window(col, row, height=height, width=width))
            if look is not None:
                pixels, valid = look
                yield pixels[:, ::2, ::2], valid[::2, ::2]


def _looked(reader: Reader, window: Window, into: Planes | None = None) -> Look | None:
    """One window; None where a block of it cannot be decoded, which is told when it is asked."""
    try:
        planes = reader.read(window, into)
    except SceneError:
        return None
    return reader.layout.show(planes), reader.layout.valid(planes)


def _starts(length: int) -> list[int]:
    """Evenly spread starts on multiples of the piece, so that tiled files decode few blocks."""
    last = max(0, (length - 1) // _PIECE)
    return sorted({last * i // (_SPREAD - 1) * _PIECE for i in range(_SPREAD)})


def _whole_scene(reader: Reader) -> Iterator[Look]:
    """Every pixel, until enough of them hold data; at most 1024² samples are yielded."""
    grid = reader.scene.grid
    found = np.zeros(len(reader.layout.bands), np.int64)
    for row in range(0, grid.height, _PIECE):
        for col in range(0, grid.width, 16 * _PIECE):
            height = min(_PIECE, grid.height - row)
            width = min(16 * _PIECE, grid.width - col)
            look = _looked(reader, Window(col, row, height=height, width=width))
            if look is None:
                continue
            pixels, valid = look
            finite = (np.isfinite(pixels) & valid).sum((1, 2))
            if not finite.any():
                continue
            if found.max() < _LOOK * _LOOK or (found[finite > 0] == 0).any():
                yield pixels, valid
            found += finite
            if found.min() >= _LOOK * _LOOK // 16:
                return


def _counted(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Which samples of one band count; a band of nothing but nodata counts as it is."""
    if nodata is None:
        return np.ones(values.shape, np.bool_)
    held: NDArray[np.bool_] = values != nodata
    return held if held.any() else ~held
