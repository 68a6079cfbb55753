"""How geoseg's own rasters lie on disk."""

from __future__ import annotations

from typing import Any

from geoseg.grid import Grid

BLOCK = 512
"""Columns per block, and rows per block of a file on the scene's grid."""


def creation(grid: Grid, rows: int = 128) -> dict[str, Any]:
    """What `rasterio.open` takes for a raster of bytes on a grid, with blocks of so many rows.

    Blocks are as high as the strips that are written, so that each is compressed once.
    """
    return {
        "driver": "GTiff",
        "dtype": "uint8",
        "width": grid.width,
        "height": grid.height,
        "crs": grid.crs,
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": rows,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
    }
