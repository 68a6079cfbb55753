"""Polygons that are final so far, on the map while the run goes on."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsVectorLayer

from ..core.command import Job
from ..core.protocol import Event
from ..core.results import by_target


class LiveLayers:
    """Layers of the side file that `partial` events name; gone when the run ends."""

    def __init__(self) -> None:
        self._layers: dict[str, str] = {}
        self._group: Any = None
        self._instructions: tuple[str, ...] = ()

    def begin(self, job: Job) -> None:
        """Another run starts."""
        self.end()
        self._instructions = job.instructions

    def show(self, event: Event) -> None:
        """Add the layer, or read it anew: the file was replaced since."""
        project = QgsProject.instance()
        table = event.get("table", "")
        address = f"{event.get('path')}|layername={table}"
        layer = project.mapLayer(self._layers.get(table, ""))
        if layer is None:
            layer = QgsVectorLayer(address, table, "ogr")
            if not layer.isValid():
                return
            layer.setRenderer(by_target({"categories": event.get("categories", [])}))
            if not event.get("categories"):
                layer.loadDefaultStyle()
            self._layers[table] = layer.id()
            project.addMapLayer(layer, False)
            if self._group is None:
                self._group = project.layerTreeRoot().insertGroup(0, "geoseg …")
            self._group.addLayer(layer)
        else:
            layer.setDataSource(address, layer.name(), "ogr")
        layer.setName(f"{table} – {event.get('features', 0)} …")
        layer.triggerRepaint()

    def end(self) -> None:
        """Take them off the map."""
        project = QgsProject.instance()
        project.removeMapLayers([key for key in self._layers.values() if project.mapLayer(key)])
        if self._group is not None:
            project.layerTreeRoot().removeChildNode(self._group)
        self.forget()

    def forget(self) -> None:
        """The project that held them is gone."""
        self._layers.clear()
        self._group = None
