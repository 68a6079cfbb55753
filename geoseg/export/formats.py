"""Formats of vector files: what each is called, and what it can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from geoseg.errors import InstructionError, OutputError

STDOUT = Path("-")
"""Stands for standard output in a file's place."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of vector file."""

    driver: str
    """As GDAL calls it; case does not count."""

    suffixes: tuple[str, ...]
    """Its own extensions, the usual one first."""

    many_layers: bool = False
    degrees: bool = False
    """Longitude and latitude in WGS 84, as RFC 7946 has it, whatever the scene's CRS."""

    options: Mapping[str, str] = field(default_factory=dict)
    """For GDAL."""

    companions: tuple[str, ...] = ()
    """Extensions of the other files that belong to it."""

    indexes: tuple[str, ...] = ()
    """Extensions of files that others lay beside it and that an overwritten file makes wrong."""

    limits: str = ""
    """What is lost in it, for people."""


GEOPACKAGE = Format(
    "GPKG",
    (".gpkg",),
    many_layers=True,
    options={"VERSION": "1.3"},  # QGIS before 3.28 warns about 1.4 each time it opens the file.
)
FLATGEOBUF = Format("FlatGeobuf", (".fgb",))
PARQUET = Format("Parquet", (".parquet", ".geoparquet"))
GEOJSON = Format(
    "GeoJSON", (".geojson",), degrees=True, options={"RFC7946": "YES", "WRITE_NAME": "NO"}
)
GEOJSON_LINES = Format("GeoJSONSeq", (".geojsonl", ".geojsons"), degrees=True)
SHAPEFILE = Format(
    "ESRI Shapefile",
    (".shp",),
    options={"ENCODING": "UTF-8", "2GB_LIMIT": "YES"},
    companions=(".shx", ".dbf", ".prj", ".cpg"),
    indexes=(".qix", ".sbn", ".sbx"),
    limits="A shapefile holds one layer of at most 2 GB, names of 10 characters (`instruction` "
    "is `instruct`, `touches_edge` is `at_edge`) and texts of 254 bytes; a .gpkg has no such "
    "limits.",
)

FORMATS = (GEOPACKAGE, FLATGEOBUF, PARQUET, GEOJSON, GEOJSON_LINES, SHAPEFILE)


def format_of(path: Path, driver: str | None = None) -> Format:
    """The format a driver names, else the file's extension; GeoJSONSeq on standard output.

    Raises OutputError for a driver or an extension that is not known, and for a format that
    cannot be written there.
    """
    named = None if driver is None else _named(driver)
    if path == STDOUT:
        if named not in (None, GEOJSON_LINES):
            raise OutputError(
                f"Standard output cannot hold a {driver}.",
                hint="It takes GeoJSONSeq, a feature a line; write other formats to a file.",
                code="bad_request",
            )
        return GEOJSON_LINES
    suffix = path.suffix.lower()
    if named is SHAPEFILE and suffix not in SHAPEFILE.suffixes:
        raise OutputError(
            f"A shapefile has the extension .shp, and the output is {path.name!r}.",
            hint="Name it OUT.shp.",
            code="bad_request",
        )
    for one in FORMATS:
        if named is None and suffix in one.suffixes:
            return one
    if named is not None:
        return named
    raise OutputError(
        f"The output {path.name!r} has no known extension.",
        hint=f"Use one of {', '.join(one.suffixes[0] for one in FORMATS)}, or name the format "
        "with --driver.",
        code="bad_request",
    )


def output_crs(path: Path, asked: str | None, driver: str | None = None) -> str | None:
    """The CRS that features are to come in, as WKT; None for the scene's own.

    A GeoJSON is longitude and latitude by its standard (RFC 7946), and it takes features in the
    scene's CRS: only there is it plain where they cross the antimeridian or hold a pole. Raises
    InstructionError for a CRS that is not known, or that GeoJSON cannot have.
    """
    chosen = None if asked is None else _crs(asked)
    if not format_of(path, driver).degrees:
        return None if chosen is None else chosen.to_wkt()
    if chosen is not None and not CRS.from_epsg(4326).equals(chosen, ignore_axis_order=True):
        raise InstructionError(
            f"GeoJSON is always WGS 84, but --dst-crs asks for {asked}.",
            hint="Leave --dst-crs out, or write a .gpkg, .fgb or .parquet.",
        )
    return None


def short_name(wkt: str) -> str:
    """A CRS as an authority code where it has one, else its WKT."""
    authority = CRS.from_wkt(wkt).to_authority(min_confidence=100)
    return wkt if authority is None else ":".join(authority)


def _named(driver: str) -> Format:
    for one in FORMATS:
        if driver.lower() == one.driver.lower():
            return one
    raise OutputError(
        f"There is no format called {driver!r}.",
        hint=f"Use one of {', '.join(one.driver for one in FORMATS)}.",
        code="bad_request",
    )


def _crs(text: str) -> CRS:
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InstructionError(
            f"The CRS {text!r} is not known.", hint="Use a code such as EPSG:32645, or WKT."
        ) from error
