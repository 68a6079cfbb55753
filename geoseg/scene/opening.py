"""Open a scene: read its header, and refuse what could not be mapped later."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import MaskFlags
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError

from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid
from geoseg.scene.description import Scene
from geoseg.scene.fingerprint import fingerprint
from geoseg.scene.reading import gdal_environment


def open_scene(path: str | Path, *, assume_crs: str | None = None) -> Scene:
    """Read a scene's header and sample its blocks.

    `assume_crs` is the CRS of a scene that states none, in any form PROJ knows.

    Raises SceneError for what cannot be read or placed on the ground, and InstructionError when
    `assume_crs` is no CRS or contradicts the scene's own.
    """
    name = str(path)
    _check_exists(name)
    with gdal_environment(), warnings.catch_warnings():
        # A scene without georeference gets an error with a way out instead.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            source = rasterio.open(name)
        except RasterioError as error:
            raise _no_raster(name, error) from error
        with source:
            return _describe(source, name, assume_crs)


def _describe(source: Any, path: str, assume_crs: str | None) -> Scene:
    _check_bands(source, path)
    _check_placed(source, path)
    crs = _crs(source, path, assume_crs)
    flags = [set(band) for band in source.mask_flag_enums]
    colors = tuple(color.name for color in source.colorinterp)
    return Scene(
        path=path,
        grid=Grid(crs.to_wkt(), source.transform, source.height, source.width),
        band_count=source.count,
        dtype=str(np.result_type(*(np.dtype(dtype) for dtype in source.dtypes))),
        nodata=tuple(source.nodatavals),
        colors=colors,
        has_mask=MaskFlags.per_dataset in flags[0] and "alpha" not in colors,
        has_overviews=bool(source.overviews(1)),
        mixed_types=len(set(source.dtypes)) > 1,
        fingerprint=fingerprint(source, path),
    )


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


def _no_raster(path: str, error: RasterioError) -> SceneError:
    if Path(path).is_dir():
        return SceneError(
            f"{path} is a directory, not a scene.", hint="Name one raster file inside it."
        )
    return SceneError(
        f"The file {path} cannot be read as a raster: {error}.",
        hint="Check it with `gdalinfo`; a GeoTIFF is the safest choice.",
    )


def _check_bands(source: Any, path: str) -> None:
    if source.count == 0:
        inside = ", ".join(source.subdatasets[:5])
        hint = f"Name one of the scenes inside it: {inside}." if inside else "Choose another file."
        raise SceneError(f"The file {path} has zero bands.", hint=hint)
    for dtype in source.dtypes:
        # GDAL's complex integers have names that NumPy does not know.
        if "complex" in dtype or np.dtype(dtype).kind not in "uif":
            raise SceneError(
                f"The scene {path} holds complex numbers ({dtype}), which show no picture.",
                hint="Convert it to amplitudes first, for example with gdal_calc.py.",
            )


def _check_placed(source: Any, path: str) -> None:
    """Refuse a scene whose pixels have no affine place on the ground."""
    if source.transform != Affine.identity():
        if abs(source.transform.determinant) == 0.0:
            raise SceneError(
                f"The geotransform of {path} is degenerate: {list(source.transform)[:6]}.",
                hint="Pixels need a width and a height; rewrite it with gdal_edit.py -a_ullr.",
                code="no_crs",
            )
        return
    copy = f"{Path(path).stem}_placed.tif"
    if source.gcps[0]:
        what = f"only {len(source.gcps[0])} ground control points instead of a geotransform"
        hint = f"Warp it first: gdalwarp -r bilinear {path} {copy}"
    elif source.rpcs:
        what = "only rational polynomial coefficients (RPC) instead of a geotransform"
        hint = f"Orthorectify it first: gdalwarp -rpc -r bilinear {path} {copy}"
    else:
        what = "no georeference: pixels have no place on the ground"
        hint = (
            "If you know where it lies: gdal_translate -a_srs EPSG:n -a_ullr LEFT TOP RIGHT BOTTOM "
            f"{path} {copy}"
        )
    raise SceneError(f"The scene {path} has {what}.", hint=hint, code="no_crs")


def _crs(source: Any, path: str, assume_crs: str | None) -> CRS:
    assumed = parse_crs(assume_crs) if assume_crs is not None else None
    own = source.crs
    if not own:
        if assumed is None:
            raise SceneError(
                f"The scene {path} has no coordinate reference system (CRS).",
                hint="Say which it is with --assume-crs EPSG:n, or write it into the file: "
                f"gdal_edit.py -a_srs EPSG:n {path}",
                code="no_crs",
            )
        own = assumed
    elif assumed is not None and assumed != own:
        raise InstructionError(
            f"--assume-crs {assume_crs} contradicts the scene's own CRS, {own.to_string()}.",
            hint=f"Leave it out, or correct the file: gdal_edit.py -a_srs {assume_crs} {path}",
        )
    if not (own.is_geographic or own.is_projected):
        raise SceneError(
            f"The CRS of {path} is neither geographic nor projected: {own.to_string()[:120]}.",
            hint=f"Write the true one into the file: gdal_edit.py -a_srs EPSG:n {path}",
            code="no_crs",
        )
    return own


def parse_crs(text: str) -> CRS:
    """Read a CRS in any form PROJ knows. Raises InstructionError."""
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InstructionError(
            f"{text!r} is not a coordinate reference system.",
            hint="Use a code such as EPSG:32645, or WKT.",
        ) from error
