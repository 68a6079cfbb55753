"""geoseg inside an algorithm: its events into the feedback, its layers into the project."""

from __future__ import annotations

import os
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingLayerPostProcessorInterface,
)

from ..core import settings
from ..core.faults import FAULTS, fault_of
from ..core.process import Run, clean_env
from ..core.protocol import Event, Progress
from ..gui.words import stage, tr

KEPT: list[Any] = []
"""Post-processors, which QGIS does not own."""


def listen(command: list[str], feedback) -> Event:
    """Run geoseg and give its result.

    Raises QgsProcessingException with a sentence and a way out, also when it was cancelled.
    """
    run = Run(command, clean_env(dict(os.environ), settings.proxy()), settings.data_folder_made())
    progress = Progress()
    last = None
    for event in run.events(feedback.isCanceled):
        last = event
        if event.name == "stage":
            progress.clear()
            feedback.pushInfo(stage(event))
        elif event.name == "progress":
            progress.take(event)
            if progress.percent is not None:
                feedback.setProgress(progress.percent)
        elif event.name == "log" and event.get("level") == "warning":
            feedback.pushWarning(event.get("message", ""))
        elif event.name in ("log", "text"):
            feedback.pushInfo(event.get("message", ""))
    if last is None or last.name != "result":
        fault = fault_of(last)
        if run.stderr:
            feedback.pushDebugInfo(run.stderr)
        raise QgsProcessingException(
            f"{tr(fault.sentence)} {last.get('message', '')} {tr(fault.way_out)} "
            f"{last.get('hint', '')}"
        )
    for warning in last.get("warnings", []):
        feedback.pushWarning(warning)
    return last


def python_or_raise() -> str:
    """The chosen Python.

    Raises QgsProcessingException when there is none.
    """
    python = settings.get("python")
    if not python:
        fault = FAULTS["not_set_up"]
        raise QgsProcessingException(f"{tr(fault.sentence)} {tr(fault.way_out)}")
    return python


def outputs(result: Event, output: str, context: QgsProcessingContext) -> dict[str, Any]:
    """What the algorithm gives: the file, its layers, and how many polygons there are."""
    layers = []
    for entry in result.get("layers", []):
        source = f"{output}|layername={entry['table']}"
        layers.append(source)
        if context.project() is not None:
            details = QgsProcessingContext.LayerDetails(
                f"{tr('polygons')} – {entry['features']}", context.project(), "LAYERS"
            )
            details.forceName = True
            grouped = Grouped(entry["instruction"])
            KEPT.append(grouped)
            details.setPostProcessor(grouped)
            context.addLayerToLoadOnCompletion(source, details)
    count = sum(entry["features"] for entry in result.get("layers", []))
    return {"OUTPUT": output, "LAYERS": layers, "FEATURES": count}


class Grouped(QgsProcessingLayerPostProcessorInterface):
    """Puts a layer into a group with the instruction's name (3.22 has no other way)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def postProcessLayer(self, layer, context, _feedback) -> None:
        """Called by QGIS in the main thread."""
        root = context.project().layerTreeRoot()
        node = root.findLayer(layer.id())
        if node is not None:
            group = root.findGroup(self._name) or root.insertGroup(0, self._name)
            group.addChildNode(node.clone())
            node.parent().removeChildNode(node)
        if self in KEPT:
            KEPT.remove(self)
