"""`geoseg:refine`: polygons of a finished run, drawn anew in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..core.command import refine_command
from .child import listen, outputs, python_or_raise


class RefineAlgorithm(QgsProcessingAlgorithm):
    """Reads neither an image nor a model: the ledger holds what was answered."""

    def tr(self, text: str) -> str:
        """The user's language."""
        return QCoreApplication.translate("RefineAlgorithm", text)

    def createInstance(self) -> RefineAlgorithm:
        """Called by QGIS."""
        return RefineAlgorithm()

    def name(self) -> str:
        """In `geoseg:refine`."""
        return "refine"

    def displayName(self) -> str:
        """In the toolbox."""
        return self.tr("Draw polygons anew")

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
            "Draws the answers that a run kept in its ledger (the file beside the result whose "
            "name ends in .ledger) as polygons again, with other settings. Takes seconds."
        )

    def initAlgorithm(self, _config=None) -> None:
        """Called by QGIS: the parameters."""
        self.addParameter(
            QgsProcessingParameterFile("LEDGER", self.tr("Ledger"), extension="ledger")
        )
        for name, text, value, most in (
            ("CONFIDENCE", self.tr("Confidence"), 0.5, 1.0),
            ("MIN_AGREEMENT", self.tr("Share of looks that must agree"), 0.0, 1.0),
            ("MIN_AREA", self.tr("Least area of a polygon, m²"), 0.0, 1e12),
            ("SIMPLIFY", self.tr("Simplify, pixels"), 0.25, 100.0),
        ):
            self.addParameter(
                QgsProcessingParameterNumber(
                    name, text, QgsProcessingParameterNumber.Type.Double, value, True, 0.0, most
                )
            )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.tr("Polygons"), "GeoPackage (*.gpkg)"
            )
        )
        self.addOutput(QgsProcessingOutputMultipleLayers("LAYERS", self.tr("Layers")))
        self.addOutput(QgsProcessingOutputNumber("FEATURES", self.tr("Number of polygons")))

    def prepareAlgorithm(self, _parameters, _context, _feedback) -> bool:
        """In the main thread."""
        self._python = python_or_raise()
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict[str, Any]:
        """In a worker thread: listen to the child."""
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        options = {
            "threshold": self.parameterAsDouble(parameters, "CONFIDENCE", context),
            "min_agreement": self.parameterAsDouble(parameters, "MIN_AGREEMENT", context),
            "min_area": f"{self.parameterAsDouble(parameters, 'MIN_AREA', context):g}m2",
            "simplify": self.parameterAsDouble(parameters, "SIMPLIFY", context),
        }
        ledger = self.parameterAsFile(parameters, "LEDGER", context)
        command = refine_command(self._python, ledger, output, options)
        return outputs(listen(command, feedback), output, context)
