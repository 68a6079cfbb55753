"""The few names that differ between QGIS 3.22 and 4.

Members that QGIS has renamed are sure only under their old class; each has a test.
"""

from qgis.core import QgsMapLayerProxyModel, QgsProcessingParameterDefinition

RASTER_LAYERS = QgsMapLayerProxyModel.Filter.RasterLayer
POLYGON_LAYERS = QgsMapLayerProxyModel.Filter.PolygonLayer
FLAG_ADVANCED = QgsProcessingParameterDefinition.Flag.FlagAdvanced
