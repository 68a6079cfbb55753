"""Open a scene: read its header, and refuse what could not be mapped later."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from geoseg.errors import GeosegError, InstructionError, SceneError
from geoseg.grid import Grid
from geoseg.scene.description import Scene
from geoseg.scene.environment import gdal_environment, is_remote
from geoseg.scene.fingerprint import fingerprint
from geoseg.scene.mosaic import files_of, mosaic
from geoseg.scene.placing import check_placed, crs_of
from geoseg.scene.planes import occurs
from geoseg.scene.remote import refusal
from geoseg.scene.resolution import working_grid

_LARGEST_BLOCK = 512 * 2**20
"""Bytes of a block: it is decoded at once, whatever is asked of it."""

_MOST_PIXELS = 2 * 10**12
"""Pixels that a plan of tiles can hold."""

_MOST_BANDS = 10_000
"""GDAL and rasterio look at every band's header whenever three of them are read: this many take a
hundredth of a second, and no sensor or series of pictures has more."""

_HEADER_FAULTS = (RasterioError, ValueError, OverflowError, MemoryError, TypeError)
"""What a damaged header may raise, in rasterio and in what reads its values."""


def open_scene(
    path: str | Path,
    *,
    assume_crs: str | None = None,
    nodata: float | None = None,
    gsd: float | None = None,
) -> Scene:
    """Read a scene's header and sample its blocks.

    A folder is read as one mosaic of the rasters in it. `assume_crs` is the CRS of a scene that
    states none, in any form PROJ knows. `nodata` takes the place of the file's own nodata values.
    `gsd` is the size in metres of the pixels to work with; None takes them as they are.

    Raises SceneError for what cannot be read or placed on the ground, and InstructionError when
    an option is none, does not fit the scene or contradicts it.
    """
    name = str(path)
    _check_exists(name)
    with gdal_environment(name), warnings.catch_warnings():
        # A scene without georeference gets an error with a way out instead.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        files: tuple[str, ...] = (name,)
        opens = name
        if Path(name).is_dir():
            files = files_of(Path(name))
            opens = mosaic(files)
        scene = _described(opens, name, files, assume_crs, nodata)
        if gsd is None:
            return scene
        if nodata is not None:
            # GDAL keeps nodata out of the means it makes only when it knows of it.
            scene = replace(scene, opens=mosaic(files, nodata=nodata))
        return _at_resolution(scene, gsd)


def _at_resolution(scene: Scene, gsd: float) -> Scene:
    native, grid = scene.native, working_grid(scene.native, gsd)
    rows, cols = scene.block
    block = (
        max(1, round(rows * grid.height / native.height)),
        max(1, round(cols * grid.width / native.width)),
    )
    return replace(scene, grid=grid, block=block)


def _described(
    opens: str, path: str, files: tuple[str, ...], assume_crs: str | None, nodata: float | None
) -> Scene:
    try:
        with rasterio.open(opens) as source:
            return _describe(source, opens, path, files, assume_crs, nodata)
    except GeosegError:
        raise
    except _HEADER_FAULTS as error:
        reason = str(error).rstrip(".") or type(error).__name__
        if is_remote(opens):
            raise refusal(path, reason) from error
        raise SceneError(
            f"The file {path} cannot be read as a raster: {reason}.",
            hint="Check it with `gdalinfo`; a GeoTIFF is the safest choice.",
        ) from error


def _describe(
    source: Any,
    opens: str,
    path: str,
    files: tuple[str, ...],
    assume_crs: str | None,
    nodata: float | None,
) -> Scene:
    _check_bands(source, path)
    check_placed(source, path)
    crs = crs_of(source, path, assume_crs)
    dtype = np.result_type(*(np.dtype(dtype) for dtype in source.dtypes))
    values = _nodata(source, dtype, nodata)
    _check_size(source, path, dtype)
    colors = tuple(color.name for color in source.colorinterp)
    grid = Grid(crs.to_wkt(), source.transform, source.height, source.width)
    return Scene(
        path=path,
        opens=opens,
        grid=grid,
        native=grid,
        block=_block(source, files),
        band_count=source.count,
        dtype=str(dtype),
        nodata=values,
        colors=colors,
        has_mask=MaskFlags.per_dataset in source.mask_flag_enums[0] and "alpha" not in colors,
        has_overviews=bool(source.overviews(1)),
        mixed_types=len(set(source.dtypes)) > 1,
        fingerprint=fingerprint(source, path, files, values),
    )


def _nodata(source: Any, dtype: np.dtype[Any], given: float | None) -> tuple[float | None, ...]:
    if given is None:
        own: tuple[float | None, ...] = tuple(source.nodatavals)
        return own
    if not occurs(given, dtype):
        raise InstructionError(
            f"The nodata value {given:g} cannot occur in this scene, whose pixels are {dtype}.",
            hint="Leave --nodata out, or check the value with gdalinfo.",
        )
    return (given,) * len(source.dtypes)


def _block(source: Any, files: tuple[str, ...]) -> tuple[int, int]:
    """Rows and columns that are decoded together; of a virtual raster, in its first file."""
    shape: tuple[int, int] = source.block_shapes[0]
    if source.driver != "VRT":
        return shape
    # The first of a VRT's files is itself; one in memory, such as a mosaic, has none.
    behind = [*source.files[1:], *(file for file in files if Path(file).is_file())]
    try:
        with rasterio.open(behind[0]) as first:
            shape = first.block_shapes[0]
    except (IndexError, RasterioError):
        # That file matters only where it is read.
        return shape
    return shape


def _check_size(source: Any, path: str, dtype: np.dtype[Any]) -> None:
    """Refuse what cannot be held, before any of it is read."""
    if source.height * source.width > _MOST_PIXELS:
        raise SceneError(
            f"The scene {path} claims {source.width} × {source.height} pixels, more than "
            f"{_MOST_PIXELS:.0e}.",
            hint="If that is so, cut it into several scenes with gdal_translate -srcwin.",
            code="image_too_big",
        )
    rows, cols = source.block_shapes[0]
    together = source.count if source.interleaving is not None and _by_pixel(source) else 1
    size = rows * cols * dtype.itemsize * together
    if size > _LARGEST_BLOCK:
        raise SceneError(
            f"The scene {path} must be decoded {cols} × {rows} pixels at once, which takes "
            f"{size / 1e9:.1f} GB.",
            hint=f"Rewrite it in tiles: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE {path} "
            f"{Path(path).stem}_tiled.tif",
            code="image_too_big",
        )


def _by_pixel(source: Any) -> bool:
    return bool(source.interleaving.value.lower() == "pixel")


def _check_exists(path: str) -> None:
    """Say plainly that a file is missing or empty; names GDAL alone understands pass."""
    file = Path(path)
    if not path.strip():
        raise SceneError("The scene's path is empty.", hint="Name a GeoTIFF.")
    known_to_gdal = path.startswith("/vsi") or ":" in path[2:]
    if not known_to_gdal and not file.exists():
        raise SceneError(
            f"There is no file {path}.", hint=f"Looked in {Path.cwd()}; check the spelling."
        )
    if file.is_file() and file.stat().st_size == 0:
        raise SceneError(f"The file {path} is empty (0 bytes).", hint="Copy or download it again.")


def _check_bands(source: Any, path: str) -> None:
    if source.count == 0:
        inside = ", ".join(source.subdatasets[:5])
        hint = f"Name one of the scenes inside it: {inside}." if inside else "Choose another file."
        raise SceneError(f"The file {path} has zero bands.", hint=hint)
    if source.count > _MOST_BANDS:
        raise SceneError(
            f"The scene {path} claims {source.count} bands, more than {_MOST_BANDS}.",
            hint="If that is so, copy the bands to look at into a file of their own: "
            f"gdal_translate -b 1 -b 2 -b 3 {path} {Path(path).stem}_rgb.tif",
            code="image_too_big",
        )
    for dtype in source.dtypes:
        # GDAL's complex integers have names that NumPy does not know.
        if "complex" in dtype or np.dtype(dtype).kind not in "uif":
            raise SceneError(
                f"The scene {path} holds complex numbers ({dtype}), which show no picture.",
                hint="Convert it to amplitudes first, for example with gdal_calc.py.",
            )
