"""A scene's fingerprint: what tells its pixels from those of another, without reading them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from geoseg.grid import Window
from geoseg.scene.reading import unreadable
from geoseg.scene.remote import validator

_SAMPLES = 16
_SIDE = 1024
_BANDS = 8


def fingerprint(
    source: Any, path: str, files: Sequence[str], nodata: Sequence[float | None]
) -> str:
    """Hash the header, the sizes of its files, and 16 blocks, the first and the last among them.

    Neither path nor clock counts. For a file on a web server that names its version, that and the
    two outer blocks are enough. A file cut off at its end is found here, since its last block
    cannot be read. Raises SceneError then.
    """
    version = validator(path)
    header = {
        "driver": source.driver,
        "shape": [source.count, source.height, source.width],
        "dtypes": list(source.dtypes),
        "crs": source.crs.to_wkt() if source.crs else None,
        "transform": list(source.transform)[:6],
        "nodata": [repr(value) for value in nodata],
        "colors": [color.name for color in source.colorinterp],
        "bytes": [_size(file) for file in files],
        "version": version,
    }
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    windows = sample_windows(source.height, source.width, source.block_shapes[0])
    if version is not None:
        windows = [windows[0], windows[-1]]
    for window in windows:
        place = RasterWindow(window.col_off, window.row_off, window.width, window.height)
        try:
            for band in range(1, min(source.count, _BANDS) + 1):
                digest.update(source.read(band, window=place).tobytes())
        except RasterioError as error:
            if window == windows[-1]:
                raise unreadable(path, window, error) from error
            # A hole in the middle costs the tiles over it, not the scene.
            digest.update(b"unreadable")
    return digest.hexdigest()


def _size(path: str) -> int | None:
    file = Path(path)
    return file.stat().st_size if file.is_file() else None


def sample_windows(height: int, width: int, block: tuple[int, int]) -> list[Window]:
    """Spread up to 16 blocks evenly over the file's order of blocks, first and last included."""
    rows, cols = -(-height // block[0]), -(-width // block[1])
    last = rows * cols - 1
    chosen = sorted({last * i // (_SAMPLES - 1) for i in range(_SAMPLES)})
    windows = []
    for index in chosen:
        row, col = index // cols * block[0], index % cols * block[1]
        # A block can be as large as the scene, so only its beginning is read.
        side_rows, side_cols = min(block[0], _SIDE), min(block[1], _SIDE)
        windows.append(Window(col, row, min(side_cols, width - col), min(side_rows, height - row)))
    return windows
