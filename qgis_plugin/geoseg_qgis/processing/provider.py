"""Provider `geoseg`: segment and refine."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .refine import RefineAlgorithm
from .segment import SegmentAlgorithm

ICON = Path(__file__).parents[1] / "resources" / "icons" / "geoseg.svg"


class GeosegProvider(QgsProcessingProvider):
    """What stands in the toolbox."""

    def loadAlgorithms(self) -> None:
        """Called by QGIS."""
        self.addAlgorithm(SegmentAlgorithm())
        self.addAlgorithm(RefineAlgorithm())

    def id(self) -> str:
        """In `geoseg:segment`."""
        return "geoseg"

    def name(self) -> str:
        """In the toolbox."""
        return "GeoSeg"

    def icon(self) -> QIcon:
        """In the toolbox."""
        return QIcon(str(ICON))
