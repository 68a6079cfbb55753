"""The few names that differ between QGIS 3.22 and 4.

Members that QGIS has renamed are sure only under their old class; each has a test.
"""

from qgis.core import QgsMapLayerProxyModel, QgsProcessingParameterDefinition, QgsTask

RASTER_LAYERS = QgsMapLayerProxyModel.Filter.RasterLayer
POLYGON_LAYERS = QgsMapLayerProxyModel.Filter.PolygonLayer
FLAG_ADVANCED = QgsProcessingParameterDefinition.Flag.FlagAdvanced

QUIET_TASK = QgsTask.Flag.CanCancel
"""A task that says for itself how it ended: since 3.26 QGIS can be told to keep quiet about it."""

if hasattr(QgsTask.Flag, "Silent"):
    QUIET_TASK = QUIET_TASK | QgsTask.Flag.Silent
