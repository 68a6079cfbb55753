"""From the result file to layers in the project: a group for each instruction, styled by target."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLayerMetadata,
    QgsProject,
    QgsRendererCategory,
    QgsVectorLayer,
)

from .protocol import Event

PATH_PROPERTY = "geoseg/output"
SCENE_PROPERTY = "geoseg/scene"
LEDGER_PROPERTY = "geoseg/ledger"
INSTRUCTION_PROPERTY = "geoseg/instruction"


def load(result: Event, scene: str, ledger: str, polygons: str = "polygons") -> list[Any]:
    """Add the layers of a `result` to the project, on top; gives them.

    `polygons` is the word for them in the user's language. Raises ValueError when the file cannot
    be opened.
    """
    entries = reversed(result.get("layers", []))
    path = result.get("output", "")
    return [add(entry, path, scene, ledger, polygons) for entry in entries][::-1]


def add(
    entry: dict[str, Any], path: str, scene: str, ledger: str, polygons: str, *, group: Any = None
) -> Any:
    """Add one of them, to a group of the layer tree or in a new one above all that is there.

    Raises ValueError when the file cannot be opened.
    """
    layer = open_layer(entry, path, f"{polygons} – {entry['features']}")
    layer.setCustomProperty(SCENE_PROPERTY, scene)
    layer.setCustomProperty(LEDGER_PROPERTY, ledger)
    describe(layer, entry, scene)
    QgsProject.instance().addMapLayer(layer, False)
    group = group or QgsProject.instance().layerTreeRoot().insertGroup(0, entry["instruction"])
    group.insertLayer(0, layer)
    return layer


def open_layer(entry: dict[str, Any], path: str, name: str) -> QgsVectorLayer:
    """A layer of the file, with the style that it carries or one in the same colours."""
    layer = QgsVectorLayer(f"{path}|layername={entry['table']}", name, "ogr")
    if not layer.isValid():
        raise ValueError(path)
    layer.setCustomProperty(PATH_PROPERTY, path)
    layer.setCustomProperty(INSTRUCTION_PROPERTY, entry["instruction"])
    renderer = layer.renderer()
    if renderer is None or renderer.type() == "singleSymbol":
        layer.setRenderer(by_target(entry))
    return layer


def by_target(entry: dict[str, Any]) -> QgsCategorizedSymbolRenderer:
    """One colour per target, see-through, with a solid outline."""
    categories = []
    for category in entry.get("categories", []):
        color = category["color"].lstrip("#")
        red, green, blue = (int(color[at : at + 2], 16) for at in (0, 2, 4))
        symbol = QgsFillSymbol.createSimple(
            {
                "color": f"{red},{green},{blue},90",
                "outline_color": f"{red},{green},{blue},255",
                "outline_width": "0.5",
            }
        )
        categories.append(QgsRendererCategory(category["value"], symbol, category["label"]))
    return QgsCategorizedSymbolRenderer(entry.get("category_field", "target"), categories)


def describe(layer: QgsVectorLayer, entry: dict[str, Any], scene: str) -> None:
    """Say in the layer's metadata where it comes from."""
    metadata = QgsLayerMetadata(layer.metadata())
    metadata.setTitle(entry["instruction"])
    metadata.setAbstract(f"geoseg: “{entry['instruction']}” in {scene}")
    layer.setMetadata(metadata)


def ours(layer) -> bool:
    """Whether a layer holds polygons of a run."""
    return bool(layer is not None and layer.customProperty(PATH_PROPERTY))
