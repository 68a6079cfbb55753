"""What becomes of a layer whose polygons were drawn anew, and of what was decided about them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from qgis.core import QgsFeatureRequest, QgsProject, QgsSpatialIndex
from qgis.PyQt.QtCore import QTimer

from ..core import results
from ..core.review import COLUMN
from .table import plain

REFINED = "geoseg/refined"
"""Property of a layer that sliders have made."""


LET_GO_MS = 1000
"""After which QGIS has closed the file of a layer that was removed; earlier, it writes it anew."""


def put_away(old) -> None:
    """The run's own layer is hidden; one that was drawn anew before gives way to the next."""
    project = QgsProject.instance()
    if not old.customProperty(REFINED):
        node = project.layerTreeRoot().findLayer(old.id())
        if node is not None:
            node.setItemVisibilityChecked(False)
        return
    path = old.customProperty(results.PATH_PROPERTY)
    project.removeMapLayer(old.id())
    QTimer.singleShot(LET_GO_MS, lambda: remove(path))


def remove(path: str) -> None:
    """Delete a result that gave way, unless somebody has opened it again."""
    layers = QgsProject.instance().mapLayers().values()
    if all(layer.customProperty(results.PATH_PROPERTY) != path for layer in layers):
        with contextlib.suppress(OSError):  # Windows keeps files that something has open
            Path(path).unlink()


def carry_over(old, new) -> None:
    """Decisions about polygons that were drawn anew: the one that lies on the old one's inside."""
    field = new.fields().lookupField(COLUMN)
    if field < 0 or old.fields().lookupField(COLUMN) < 0:
        return
    index = QgsSpatialIndex(new.getFeatures())
    changes = {}
    judged = QgsFeatureRequest().setFilterExpression(f'"{COLUMN}" IS NOT NULL')
    for feature in old.getFeatures(judged):
        inside = feature.geometry().pointOnSurface()
        for key in index.intersects(inside.boundingBox()):
            if new.getFeature(key).geometry().intersects(inside):
                changes[key] = {field: plain(feature, COLUMN)}
    new.dataProvider().changeAttributeValues(changes)
