"""Where to look: the view, the whole image, a drawn rectangle, or the polygons of a layer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from qgis.core import (
    QgsCoordinateTransform,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsWkbTypes,
)
from qgis.gui import QgsMapLayerComboBox, QgsMapToolExtent, QgsRubberBand
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QComboBox, QVBoxLayout, QWidget

from ..compat import POLYGON_LAYERS
from ..core.source import crs_text

VIEW, WHOLE, RECTANGLE, POLYGONS = range(4)


class AreaChoice(QWidget):
    """A combo that reads well in a narrow dock; a rubber band shows what will be read."""

    changed = pyqtSignal()

    def __init__(self, canvas, parent=None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._rectangle = QgsRectangle()
        self._tool = self._previous_tool = None
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setColor(QColor(0, 110, 200, 40))
        self._band.setStrokeColor(QColor(0, 110, 200))
        self._band.setWidth(2)
        self.choice = QComboBox()
        self.choice.setObjectName("geosegArea")
        self.choice.addItems(
            [
                self.tr("Current view"),
                self.tr("Whole image"),
                self.tr("Draw a rectangle…"),
                self.tr("Polygons of a layer"),
            ]
        )
        self.layers = QgsMapLayerComboBox()
        self.layers.setFilters(POLYGON_LAYERS)
        self.layers.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.choice)
        layout.addWidget(self.layers)
        self.choice.activated.connect(self._chosen)
        self.layers.layerChanged.connect(lambda _: self.changed.emit())
        canvas.extentsChanged.connect(self._moved)

    def kind(self) -> int:
        """One of VIEW, WHOLE, RECTANGLE, POLYGONS."""
        return self.choice.currentIndex()

    def set_kind(self, kind: int) -> None:
        """Choose for the user, without starting a tool."""
        self.choice.setCurrentIndex(kind)
        self.layers.setVisible(kind == POLYGONS)
        self.changed.emit()

    def set_rectangle(self, rectangle: QgsRectangle) -> None:
        """A rectangle in the CRS of the map."""
        self._rectangle = QgsRectangle(rectangle)
        self.set_kind(RECTANGLE)
        self.show_band()

    def extent(self, layer) -> QgsRectangle | None:
        """In the layer's CRS; None for the whole image."""
        kind = self.kind()
        if kind == VIEW:
            shown = self._canvas.extent()
        elif kind == RECTANGLE and not self._rectangle.isEmpty():
            shown = self._rectangle
        elif kind == POLYGONS and self.layers.currentLayer() is not None:
            polygons = self.layers.currentLayer()
            return self._transformed(polygons.extent(), polygons.crs(), layer.crs())
        else:
            return None
        crs = self._canvas.mapSettings().destinationCrs()
        return self._transformed(shown, crs, layer.crs())

    def options(self, layer) -> dict[str, object]:
        """Options of `geoseg run` that say where. Writes polygons of a layer to a file."""
        if self.kind() == POLYGONS and self.layers.currentLayer() is not None:
            return {"aoi": polygon_file(self.layers.currentLayer())}
        extent = self.extent(layer)
        if extent is None or (self.kind() == VIEW and extent.contains(layer.extent())):
            return {}
        bounds = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
        return {"bounds": bounds, "bounds_crs": crs_text(layer.crs())}

    def show_band(self) -> None:
        """Draw the rectangle that will be read, if one was drawn."""
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        if self.kind() == RECTANGLE and not self._rectangle.isEmpty():
            self._band.setToGeometry(QgsGeometry.fromRect(self._rectangle), None)

    def clear(self) -> None:
        """Take the tool and the band off the map."""
        self._give_back_tool()
        self._canvas.scene().removeItem(self._band)

    def _transformed(self, extent, source, target) -> QgsRectangle:
        transform = QgsCoordinateTransform(source, target, QgsProject.instance())
        return transform.transformBoundingBox(extent)

    def _chosen(self, kind: int) -> None:
        self.layers.setVisible(kind == POLYGONS)
        if kind == RECTANGLE:
            self._previous_tool = self._canvas.mapTool()
            self._tool = QgsMapToolExtent(self._canvas)
            self._tool.extentChanged.connect(self._drawn)
            self._canvas.setMapTool(self._tool)
        else:
            self._give_back_tool()
        self.show_band()
        self.changed.emit()

    def _drawn(self, rectangle: QgsRectangle) -> None:
        self._rectangle = QgsRectangle(rectangle)
        self._give_back_tool()
        self.show_band()
        self.changed.emit()

    def _give_back_tool(self) -> None:
        if self._tool is not None:
            self._canvas.unsetMapTool(self._tool)
            if self._previous_tool is not None:
                self._canvas.setMapTool(self._previous_tool)
            self._tool = self._previous_tool = None

    def _moved(self) -> None:
        if self.kind() == VIEW:
            self.changed.emit()


def polygon_file(layer, only: str = "") -> str:
    """A layer's polygons, or those that an expression chooses, as a GeoPackage of their own."""
    from qgis.core import QgsFeatureRequest

    path = str(Path(tempfile.mkdtemp(prefix="geoseg-"), "polygons.gpkg"))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = "polygons"
    copied = layer
    if only:
        copied = layer.materialize(QgsFeatureRequest().setFilterExpression(only))
    context = QgsProject.instance().transformContext()
    write = getattr(QgsVectorFileWriter, "writeAsVectorFormatV3", None)
    write = write or QgsVectorFileWriter.writeAsVectorFormatV2
    write(copied, path, context, options)
    return path
