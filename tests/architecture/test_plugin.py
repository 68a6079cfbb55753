"""The QGIS plugin stands on the standard library and QGIS alone."""

import ast
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "qgis_plugin"
ALLOWED = {*sys.stdlib_module_names, "qgis", "geoseg_qgis"}


def foreign_imports(source: str) -> set[str]:
    """Top-level packages that a module imports and may not."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found - ALLOWED


def test_plugin_imports():
    modules = (PLUGIN / "geoseg_qgis").rglob("*.py")
    assert {
        str(file): names for file in modules if (names := foreign_imports(file.read_text()))
    } == {}


def test_a_planted_import_is_found():
    source = "from qgis.core import QgsTask\nimport json\ndef late():\n    import geoseg.events\n"
    assert foreign_imports(source) == {"geoseg"}
    assert foreign_imports("from numpy import array\nfrom . import task\n") == {"numpy"}


def test_plugin_has_its_own_licence():
    assert "GNU GENERAL PUBLIC LICENSE" in (PLUGIN / "LICENSE").read_text()
