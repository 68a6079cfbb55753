"""From a layer to a file that geoseg can open.

A file that GDAL reads is handed over as it is. Everything else (WMS, XYZ, WCS, virtual, database)
is first written as a GeoTIFF at a stated pixel size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRasterProjector,
    QgsRectangle,
)

MOST_PIXELS = 100_000_000
WINDOW = 1024
"""Pixels a side of what the model looks at in one go."""

EMPTY_WARNS, EMPTY_STOPS = 0.01, 0.995
"""Shares of an exported picture without content from which it is doubted, and refused."""


@dataclass(frozen=True)
class Source:
    """What a run reads."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)
    """Options of `geoseg run` that say how."""


class SourceError(Exception):
    """A layer that cannot be handed over; `code` is one of `faults`."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


def direct(layer) -> Source | None:
    """The layer's own file, or None when it must be exported.

    Raises SourceError for a layer without a CRS.
    """
    if not layer.crs().isValid():
        raise SourceError("layer_no_crs")
    provider = layer.dataProvider()
    path = layer.source().partition("|")[0]
    if layer.providerType() != "gdal" or not Path(path).is_file():
        return None
    if layer.crs() == provider.crs():
        return Source(path)
    # the user knows better where the picture lies than its file does
    return Source(path, {"assume_crs": crs_text(layer.crs())})


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """`EPSG:n` where there is a code, else WKT."""
    wkt = QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED
    return crs.authid() or crs.toWkt(wkt)


@dataclass(frozen=True)
class Export:
    """A layer to be written, prepared in the main thread and done in another."""

    provider: Any
    """A clone: the layer's own must not leave the main thread."""

    crs: QgsCoordinateReferenceSystem
    target_crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    """In the target CRS."""

    size: tuple[int, int]
    """Columns, rows."""

    path: str


def prepare(layer, extent: QgsRectangle, crs, pixel_metres: float, path: str) -> Export:
    """Plan the export of `extent` (in `crs`) at a pixel size in metres.

    Raises SourceError `export_too_big` over 100 million pixels, `layer_no_crs` without a CRS.
    """
    if not layer.crs().isValid():
        raise SourceError("layer_no_crs")
    context = QgsProject.instance().transformContext()
    target = metric_crs(layer.crs(), extent, crs, context)
    place = QgsCoordinateTransform(crs, target, context).transformBoundingBox(extent)
    columns = max(1, math.ceil(place.width() / pixel_metres))
    rows = max(1, math.ceil(place.height() / pixel_metres))
    if columns * rows > MOST_PIXELS:
        raise SourceError(
            "export_too_big", f"{columns} × {rows} pixels; the most is {MOST_PIXELS // 10**6} M"
        )
    provider = layer.dataProvider().clone()
    return Export(provider, layer.crs(), target, place, (columns, rows), path)


def window(centre, crs, layer_crs, pixel_metres: float) -> tuple[QgsRectangle, Any]:
    """A square of as many pixels as the model looks at, around a place in `crs`; and its CRS."""
    context = QgsProject.instance().transformContext()
    point = QgsRectangle(centre, centre)
    target = metric_crs(layer_crs, point, crs, context)
    middle = QgsCoordinateTransform(crs, target, context).transform(QgsPointXY(centre))
    side = WINDOW * pixel_metres
    return QgsRectangle.fromCenterAndSize(middle, side, side), target


def metric_crs(layer_crs, extent, crs, context) -> QgsCoordinateReferenceSystem:
    """The layer's CRS if its metres are metres, else the UTM zone of the extent's middle.

    Web Mercator's are not: they shrink with the cosine of the latitude.
    """
    if not layer_crs.isGeographic() and layer_crs.authid() not in ("EPSG:3857", "EPSG:3395"):
        return layer_crs
    wgs = QgsCoordinateReferenceSystem("EPSG:4326")
    middle = QgsCoordinateTransform(crs, wgs, context).transform(QgsPointXY(extent.center()))
    zone = min(60, max(1, int((middle.x() + 180) // 6) + 1))
    return QgsCoordinateReferenceSystem(f"EPSG:{(32600 if middle.y() >= 0 else 32700) + zone}")


def write(export: Export, told=lambda _: None, stopped=lambda: False) -> float:
    """Write the picture; gives the share of it that is empty. Runs in any thread.

    Raises SourceError `export_failed` or, when a server gave nothing but success, `export_empty`;
    `cancelled` when it was stopped.
    """
    feedback = QgsRasterBlockFeedback()

    def progress(percent: float) -> None:
        told(percent)
        if stopped():
            feedback.cancel()

    feedback.progressChanged.connect(progress)
    pipe = QgsRasterPipe()
    pipe.set(export.provider)
    projector = QgsRasterProjector()
    context = QgsProject.instance().transformContext()
    projector.setCrs(export.crs, export.target_crs, context)
    pipe.insert(1, projector)
    writer = QgsRasterFileWriter(export.path)
    writer.setCreateOptions(["COMPRESS=DEFLATE", "TILED=YES"])
    done = writer.writeRaster(
        pipe, *export.size, export.extent, export.target_crs, context, feedback
    )
    if feedback.isCanceled():
        Path(export.path).unlink(missing_ok=True)
        raise SourceError("cancelled")
    if done != QgsRasterFileWriter.WriterError.NoError:
        raise SourceError("export_failed", f"error {int(done)}")
    share = empty_share(export.path)
    if share >= EMPTY_STOPS:
        Path(export.path).unlink(missing_ok=True)
        raise SourceError("export_empty")
    return share


def empty_share(path: str) -> float:
    """Share of a picture's pixels that show nothing: transparent, or all of one colour.

    Servers that fail do not fail the export: their tiles are transparent or black.
    """
    layer = QgsRasterLayer(path)
    provider = layer.dataProvider()
    bands = provider.bandCount()
    counts = [histogram(provider, band) for band in range(1, bands + 1)]
    if bands in (2, 4):  # grey or colour with an alpha band, as online layers are written
        return counts[-1][0] / max(1, sum(counts[-1]))
    return 1.0 if all(max(each) == sum(each) for each in counts) else 0.0


def histogram(provider, band: int) -> list[int]:
    """How often each of 256 values occurs, of all pixels."""
    return list(provider.histogram(band, 256, -0.5, 255.5).histogramVector)
