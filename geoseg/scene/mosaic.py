"""Adjoining files as one scene: a virtual raster (VRT), built in memory.

The files must share CRS, pixels, bands and nodata; a file that differs is named. Where files
overlap, the last in the order of their names wins; its empty pixels hide nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from geoseg.errors import SceneError
from geoseg.grid import Window

_SUFFIXES = frozenset({".tif", ".tiff", ".jp2", ".img", ".png", ".jpg", ".jpeg", ".webp", ".vrt"})
"""Files of a folder that are its scenes; others lie beside them."""

_SLACK = 0.1
"""Pixels that a file may lie beside the common pixel grid."""

_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
}
"""What GDAL calls NumPy's types."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One file's header."""

    path: str
    crs: CRS | None
    transform: Affine
    height: int
    width: int
    dtypes: tuple[str, ...]
    nodata: tuple[str, ...]
    """As text, since NaN does not equal itself."""

    colors: tuple[str, ...]
    palette: tuple[tuple[int, ...], ...]
    masked: bool
    block: tuple[int, int]


def files_of(folder: Path) -> tuple[str, ...]:
    """The rasters directly inside a folder, sorted by name. Raises SceneError without any."""
    found = sorted(
        str(path)
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.name.startswith(".")
    )
    if not found:
        raise SceneError(
            f"The folder {folder} holds no rasters: nothing ends in "
            f"{', '.join(sorted(_SUFFIXES))}.",
            hint="Name a raster file, or a folder of adjoining GeoTIFFs.",
        )
    return tuple(found)


def mosaic(paths: Sequence[str], *, nodata: float | None = None) -> str:
    """Describe files that lie side by side as one raster: XML that GDAL opens like a file.

    `nodata` takes the place of the files' own values. Raises SceneError for a file that cannot be
    read, has no place on the ground, or differs from the first.
    """
    parts = [_read_part(path) for path in paths]
    first = parts[0]
    for part in parts[1:]:
        _check_alike(first, part)
    if nodata is not None:
        values = (repr(float(nodata)),) * len(first.dtypes)
        parts = [replace(part, nodata=values) for part in parts]
    places = [_place(first, part) for part in parts]
    left, top = min(p.col_off for p in places), min(p.row_off for p in places)
    places = [replace(p, col_off=p.col_off - left, row_off=p.row_off - top) for p in places]
    width, height = max(p.col_end for p in places), max(p.row_end for p in places)
    root = Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))
    if first.crs:
        SubElement(root, "SRS", dataAxisToSRSAxisMapping="1,2").text = first.crs.to_wkt()
    moved = first.transform @ Affine.translation(left, top)
    SubElement(root, "GeoTransform").text = ", ".join(map(repr, moved.to_gdal()))
    _add_bands(root, list(zip(parts, places, strict=True)), width * height)
    return tostring(root, encoding="unicode")


def _read_part(path: str) -> _Part:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path)
    except RasterioError as error:
        raise SceneError(
            f"The file {path} cannot be read as a raster: {str(error).rstrip('.')}.",
            hint="Check it with `gdalinfo`, or move it out of the folder.",
        ) from error
    with source:
        if source.count == 0 or source.transform == Affine.identity():
            raise SceneError(
                f"The file {path} has no place on the ground, so it cannot be part of a mosaic.",
                hint="Move it out of the folder, or give it a geotransform.",
                code="no_crs",
            )
        colors = tuple(color.name for color in source.colorinterp)
        return _Part(
            path=path,
            crs=source.crs,
            transform=source.transform,
            height=source.height,
            width=source.width,
            dtypes=tuple(source.dtypes),
            nodata=tuple(repr(value) for value in source.nodatavals),
            colors=colors,
            palette=_palette(source) if colors[0] == "palette" else (),
            masked=MaskFlags.per_dataset in source.mask_flag_enums[0] and "alpha" not in colors,
            block=source.block_shapes[0],
        )


def _palette(source: Any) -> tuple[tuple[int, ...], ...]:
    colours = source.colormap(1)
    return tuple(colours.get(i, (0, 0, 0, 0)) for i in range(max(colours) + 1))


def _check_alike(first: _Part, other: _Part) -> None:
    """Refuse what one raster cannot hold together."""
    size = [round(value, 12) for value in _pixel(first)], [round(v, 12) for v in _pixel(other)]
    for what, ours, theirs, same in (
        ("CRS", _named(first.crs), _named(other.crs), first.crs == other.crs),
        ("pixel size", *size, np.allclose(_pixel(first), _pixel(other), rtol=1e-6, atol=0)),
        ("number of bands", len(first.dtypes), len(other.dtypes), None),
        ("type", first.dtypes, other.dtypes, None),
        ("nodata value", first.nodata, other.nodata, None),
        ("colours", first.colors, other.colors, None),
        ("palette", "its own", "another one", first.palette == other.palette),
    ):
        if same is False or (same is None and ours != theirs):
            raise SceneError(
                f"The files of a mosaic must be alike, but the {what} of {other.path} is "
                f"{_short(theirs)} and that of {first.path} is {_short(ours)}.",
                hint="Move it out of the folder, or bring it to the others with gdalwarp.",
            )


def _pixel(part: _Part) -> tuple[float, float, float, float]:
    """Width and height of a pixel as vectors."""
    a, b, _, d, e, _ = tuple(part.transform)[:6]
    return a, b, d, e


def _named(crs: CRS | None) -> str:
    return crs.to_string()[:80] if crs else "not stated"


def _short(value: object) -> str:
    if isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return str(value)


def _place(first: _Part, part: _Part) -> Window:
    """Where a file lies, in pixels from the first one's corner."""
    col, row = ~first.transform @ (part.transform.c, part.transform.f)
    if max(abs(col - round(col)), abs(row - round(row))) > _SLACK:
        raise SceneError(
            f"The file {part.path} lies beside the pixels of {first.path}: its corner is at column "
            f"{col:.2f}, row {row:.2f} of them.",
            hint="Bring it to their grid with gdalwarp -tap, or move it out of the folder.",
        )
    return Window(round(col), round(row), part.width, part.height)


def _add_bands(root: Element, parts: list[tuple[_Part, Window]], area: int) -> None:
    first = parts[0][0]
    covered = sum(place.width * place.height for _, place in parts)
    # Where the areas add up to more than the frame, some must overlap; else look.
    overlap = covered > area or _overlap([place for _, place in parts])
    has_alpha = "alpha" in first.colors
    has_nodata = any(value != "None" for value in first.nodata)
    masked = any(part.masked for part, _ in parts)
    for number, dtype in enumerate(first.dtypes, start=1):
        band = SubElement(root, "VRTRasterBand", dataType=_TYPES[dtype], band=str(number))
        if first.nodata[number - 1] != "None":
            SubElement(band, "NoDataValue").text = first.nodata[number - 1]
        SubElement(band, "ColorInterp").text = first.colors[number - 1].capitalize()
        if first.palette and number == 1:
            table = SubElement(band, "ColorTable")
            for colour in first.palette:
                SubElement(table, "Entry", {f"c{i + 1}": str(v) for i, v in enumerate(colour)})
        for part, place in parts:
            source = _add_source(band, part, place, str(number), overlap)
            if overlap and (has_alpha or part.masked):
                SubElement(source, "UseMaskBand").text = "true"
            elif overlap and first.nodata[number - 1] != "None":
                SubElement(source, "NODATA").text = first.nodata[number - 1]
    if masked or not (has_alpha or has_nodata or (covered == area and not overlap)):
        # Between files there is nothing: a mask says so where no value of the bands can.
        outer = SubElement(root, "MaskBand")
        band = SubElement(outer, "VRTRasterBand", dataType="Byte")
        for part, place in parts:
            source = _add_source(band, part, place, "mask,1", overlap)
            if overlap:
                SubElement(source, "NODATA").text = "0"


def _add_source(band: Element, part: _Part, place: Window, number: str, overlap: bool) -> Element:
    source = SubElement(band, "ComplexSource" if overlap else "SimpleSource")
    SubElement(source, "SourceFilename", relativeToVRT="0", shared="0").text = part.path
    SubElement(source, "SourceBand").text = number
    # With its header known, a file is opened only when it is read.
    SubElement(
        source,
        "SourceProperties",
        RasterXSize=str(part.width),
        RasterYSize=str(part.height),
        DataType="Byte" if number.startswith("mask") else _TYPES[part.dtypes[int(number) - 1]],
        BlockXSize=str(part.block[1]),
        BlockYSize=str(part.block[0]),
    )
    size = {"xSize": str(part.width), "ySize": str(part.height)}
    SubElement(source, "SrcRect", {"xOff": "0", "yOff": "0"} | size)
    SubElement(source, "DstRect", {"xOff": str(place.col_off), "yOff": str(place.row_off)} | size)
    return source


def _overlap(places: list[Window]) -> bool:
    """Whether any two rectangles share pixels."""
    import shapely

    boxes = shapely.box(*np.array([(p.col_off, p.row_off, p.col_end, p.row_end) for p in places]).T)
    pairs = shapely.STRtree(boxes).query(boxes, predicate="intersects").T
    return any(a < b and places[a].intersection(places[b]) is not None for a, b in pairs)
