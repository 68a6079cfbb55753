"""`geoseg:segment`: an image and sentences into polygons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..compat import FLAG_ADVANCED
from ..core import settings
from ..core.command import Job, instructions_of, run_command
from ..core.source import SourceError, crs_text, direct
from .child import listen, outputs, python_or_raise

DEVICES = ["auto", "cpu", "cuda"]


class SegmentAlgorithm(QgsProcessingAlgorithm):
    """Runs geoseg on a raster layer that is a file."""

    def tr(self, text: str) -> str:
        """The user's language."""
        return QCoreApplication.translate("SegmentAlgorithm", text)

    def createInstance(self) -> SegmentAlgorithm:
        """Called by QGIS."""
        return SegmentAlgorithm()

    def name(self) -> str:
        """In `geoseg:segment`."""
        return "segment"

    def displayName(self) -> str:
        """In the toolbox."""
        return self.tr("Find in imagery")

    def group(self) -> str:
        """In the toolbox."""
        return self.tr("Segmentation")

    def groupId(self) -> str:
        """Of the group."""
        return "segmentation"

    def icon(self) -> QIcon:
        """In the toolbox."""
        return QIcon(str(Path(__file__).parents[1] / "resources" / "icons" / "geoseg.svg"))

    def shortHelpString(self) -> str:
        """Beside the dialog."""
        return self.tr(
            "Finds what each line of the instructions describes in an image and writes it as "
            "polygons, a layer for each instruction. The image must be a file; save layers of "
            "servers first, or use the GeoSeg panel, which does. A Python with geoseg has to be "
            "chosen once: Raster, GeoSeg, Python environment."
        )

    def initAlgorithm(self, _config=None) -> None:
        """Called by QGIS: the parameters."""
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", self.tr("Image")))
        self.addParameter(
            QgsProcessingParameterString(
                "INSTRUCTIONS", self.tr("What to find, one instruction a line"), multiLine=True
            )
        )
        self.addParameter(
            QgsProcessingParameterExtent("EXTENT", self.tr("Only in this area"), optional=True)
        )
        device = QgsProcessingParameterEnum(
            "DEVICE", self.tr("Device"), DEVICES, defaultValue=0, optional=True
        )
        area = QgsProcessingParameterNumber(
            "MIN_AREA",
            self.tr("Least area of a polygon, m²"),
            QgsProcessingParameterNumber.Type.Double,
            0.0,
            True,
            0.0,
        )
        confidence = QgsProcessingParameterNumber(
            "CONFIDENCE",
            self.tr("Confidence"),
            QgsProcessingParameterNumber.Type.Double,
            0.5,
            True,
            0.0,
            1.0,
        )
        for parameter in (device, area, confidence):
            parameter.setFlags(parameter.flags() | FLAG_ADVANCED)
            self.addParameter(parameter)
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.tr("Polygons"), "GeoPackage (*.gpkg)"
            )
        )
        self.addOutput(QgsProcessingOutputMultipleLayers("LAYERS", self.tr("Layers")))
        self.addOutput(QgsProcessingOutputNumber("FEATURES", self.tr("Number of polygons")))

    def prepareAlgorithm(self, parameters, context, _feedback) -> bool:
        """In the main thread: layers become paths."""
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        if layer is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, "INPUT"))
        try:
            source = direct(layer)
        except SourceError as error:
            raise QgsProcessingException(
                self.tr("The layer has no coordinate reference system.")
            ) from error
        if source is None:
            raise QgsProcessingException(
                self.tr("This layer is no file. Save it as one, or use the GeoSeg panel.")
            )
        self._job = Job(source.path, (), "", dict(source.options))
        self._crs = layer.crs()
        self._python = python_or_raise()
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict[str, Any]:
        """In a worker thread: listen to the child."""
        instructions = instructions_of(self.parameterAsString(parameters, "INSTRUCTIONS", context))
        if not instructions:
            raise QgsProcessingException(self.tr("Say what to find."))
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        options = {
            **self._job.options,
            "device": DEVICES[self.parameterAsEnum(parameters, "DEVICE", context)],
            "checkpoint": settings.get("checkpoint"),
            "threshold": self.parameterAsDouble(parameters, "CONFIDENCE", context),
            "min_area": f"{self.parameterAsDouble(parameters, 'MIN_AREA', context):g}m2",
            "overwrite": True,
        }
        extent = self.parameterAsExtent(parameters, "EXTENT", context, self._crs)
        if not extent.isNull():
            options["bounds"] = [
                extent.xMinimum(),
                extent.yMinimum(),
                extent.xMaximum(),
                extent.yMaximum(),
            ]
            options["bounds_crs"] = crs_text(self._crs)
        job = Job(self._job.scene, instructions, output, options)
        return outputs(listen(run_command(self._python, job), feedback), output, context)
