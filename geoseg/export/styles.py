"""How a layer looks when QGIS opens it: one colour per target, kept inside the GeoPackage."""

from __future__ import annotations

import colorsys
import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

from geoseg.events import Layer

_FILL_ALPHA = 90
_OUTLINE_MM = 0.5

# The columns are those QGIS creates itself when it saves a style to a database.
_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)"""
_CONTENT = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles that QGIS applies')"""
_STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
    styleName, styleQML, styleSLD, useAsDefault, description, owner)
VALUES ('', '', ?, ?, 'geoseg', ?, '', 1, ?, '')"""


def target_color(phrase: str) -> str:
    """The colour of a target as `#rrggbb`: the same in every run and every file."""
    digest = hashlib.sha256(phrase.encode()).digest()
    hue = int.from_bytes(digest[:4], "big") / 2**32
    lightness = 0.40 + 0.15 * digest[4] / 255
    channels = colorsys.hls_to_rgb(hue, lightness, 0.85)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)


def write_styles(path: Path, layers: Sequence[Layer], geometry_column: str) -> None:
    """Add the table `layer_styles` with a default style for each layer to a GeoPackage."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_TABLE)
        database.execute(_CONTENT)
        for layer in layers:
            row = (layer.table, geometry_column, style_qml(layer), layer.instruction)
            database.execute(_STYLE, row)


def style_qml(layer: Layer) -> str:
    """QGIS's description of a layer drawn by category: half-transparent fills, solid outlines."""
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = ElementTree.SubElement(
        root,
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": layer.category_field, "enableorderby": "0"},
    )
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, category in enumerate(layer.categories):
        ElementTree.SubElement(
            categories,
            "category",
            value=category.value,
            label=category.label,
            symbol=str(number),
            render="true",
        )
        _add_symbol(symbols, str(number), category.color)
    doctype = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return doctype + ElementTree.tostring(root, encoding="unicode")


def _add_symbol(symbols: ElementTree.Element, name: str, color: str) -> None:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    symbol = ElementTree.SubElement(
        symbols, "symbol", {"type": "fill", "name": name, "alpha": "1", "clip_to_extent": "1"}
    )
    fill = ElementTree.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"}
    )
    options = ElementTree.SubElement(fill, "Option", type="Map")
    properties = {
        "color": f"{red},{green},{blue},{_FILL_ALPHA}",
        "style": "solid",
        "outline_color": f"{red},{green},{blue},255",
        "outline_style": "solid",
        "outline_width": str(_OUTLINE_MM),
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }
    for key, value in properties.items():
        ElementTree.SubElement(options, "Option", name=key, type="QString", value=value)
