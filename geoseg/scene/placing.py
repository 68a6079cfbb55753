"""Where a scene lies: its geotransform and its CRS, or the way to give it some."""

from __future__ import annotations

import math
from pathlib import Path
from shlex import quote
from typing import Any

import pyproj
from affine import Affine
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.errors import CRSError

from geoseg.errors import InstructionError, SceneError


def check_placed(source: Any, path: str) -> None:
    """Refuse a scene whose pixels have no affine place on the ground. Raises SceneError."""
    if source.transform != Affine.identity():
        if not _has_extent(source):
            raise SceneError(
                f"The geotransform of {path} is degenerate: {list(source.transform)[:6]}.",
                hint="Pixels need a width and a height; rewrite it with gdal_edit.py -a_ullr.",
                code="no_crs",
            )
        return
    file, copy = quote(path), quote(f"{Path(path).stem}_placed.tif")
    points, crs = source.gcps
    if points:
        what = f"only {len(points)} ground control points instead of a geotransform"
        stated = "" if crs else " -s_srs EPSG:n"
        hint = f"Warp it first: gdalwarp -r bilinear{stated} {file} {copy}"
    elif source.rpcs:
        what = "only rational polynomial coefficients (RPC) instead of a geotransform"
        hint = f"Orthorectify it first: gdalwarp -rpc -r bilinear {file} {copy}"
    else:
        what = "no georeference: pixels have no place on the ground"
        hint = (
            "If you know where it lies: gdal_translate -a_srs EPSG:n -a_ullr LEFT TOP RIGHT BOTTOM "
            f"{file} {copy}"
        )
    raise SceneError(f"The scene {path} has {what}.", hint=hint, code="no_crs")


def _has_extent(source: Any) -> bool:
    """Whether pixels have a size, and corners a place."""
    corners = [source.transform @ corner for corner in ((0, 0), (source.width, source.height))]
    places = (*source.transform[:6], *corners[0], *corners[1])
    return all(map(math.isfinite, places)) and source.transform.determinant != 0.0


def crs_of(source: Any, path: str, assume_crs: str | None) -> CRS:
    """The scene's CRS, or the one that is to be assumed.

    Raises SceneError without any and for one that is not of the Earth, InstructionError when both
    differ.
    """
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
    _check_reachable(own, path)
    return own


def _check_reachable(crs: CRS, path: str) -> None:
    """Refuse a CRS that names itself and says nothing of how it lies on the Earth."""
    try:
        known = pyproj.CRS.from_wkt(crs.to_wkt())
        if known.geodetic_crs is not None:
            Transformer.from_crs(known, known.geodetic_crs)
    except ProjError as error:
        raise SceneError(
            f"Nothing can be computed in the CRS of {path}, {crs.to_string()[:120]}: {error}",
            hint=f"Write the true one into the file: gdal_edit.py -a_srs EPSG:n {path}",
            code="no_crs",
        ) from error


def parse_crs(text: str) -> CRS:
    """Read a CRS in any form PROJ knows. Raises InstructionError."""
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InstructionError(
            f"{text!r} is not a coordinate reference system.",
            hint="Use a code such as EPSG:32645, or WKT.",
        ) from error
