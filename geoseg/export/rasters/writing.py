"""How geoseg's own rasters lie on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rasterio
from rasterio.io import DatasetWriter

from geoseg.export.drafts import write_failure
from geoseg.grid import Grid


def creation(grid: Grid) -> dict[str, Any]:
    """What `rasterio.open` takes for a raster of bytes on a grid.

    Blocks are low: until strips have filled a row of them it is held in memory.
    """
    return {
        "driver": "GTiff",
        "dtype": "uint8",
        "width": grid.width,
        "height": grid.height,
        "crs": grid.crs,
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 128,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
    }


def closed(sink: DatasetWriter, path: Path) -> None:
    """Close a file that is to become `path`, and look whether all of it is there.

    A block that finds no room when a file is closed is told by GDAL on standard error alone.
    Raises OutputError.
    """
    draft = Path(sink.name)
    with write_failure(path):
        sink.close()
        check_whole(draft)


def check_whole(draft: Path) -> None:
    """Raise OSError unless every block of a GeoTIFF lies inside the file."""
    end = draft.stat().st_size
    with rasterio.open(draft) as written:
        for band in written.indexes:
            for (row, col), _ in written.block_windows(band):
                place, size = (
                    int(written.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", band) or 0)
                    for what in ("OFFSET", "SIZE")
                )
                if not 0 < size <= end - place:
                    raise OSError(f"block {row}, {col} of band {band} is not in the file")
