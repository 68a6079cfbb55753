"""A scene's fingerprint: what tells its pixels from those of another, without reading them all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from geoseg.grid import Window
from geoseg.scene.reading import unreadable

_SAMPLES = 16
_SIDE = 1024
_BANDS = 8


def fingerprint(source: Any, path: str) -> str:
    """Hash the header and 16 blocks, the first and the last among them.

    Neither path nor clock counts. A file cut off at its end is found here, since its last block
    cannot be read. Raises SceneError then.
    """
    file = Path(path)
    header = {
        "driver": source.driver,
        "shape": [source.count, source.height, source.width],
        "dtypes": list(source.dtypes),
        "crs": source.crs.to_wkt() if source.crs else None,
        "transform": list(source.transform)[:6],
        "nodata": [repr(value) for value in source.nodatavals],
        "colors": [color.name for color in source.colorinterp],
        "bytes": file.stat().st_size if file.is_file() else None,
    }
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for window in sample_windows(source.height, source.width, source.block_shapes[0]):
        place = RasterWindow(window.col_off, window.row_off, window.width, window.height)
        try:
            for band in range(1, min(source.count, _BANDS) + 1):
                digest.update(source.read(band, window=place).tobytes())
        except RasterioError as error:
            raise unreadable(path, window, error) from error
    return digest.hexdigest()


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
