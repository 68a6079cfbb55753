"""Every Qt name of the plugin exists in Qt 6, enums in their scoped form."""

from pathlib import Path

import pytest

from .names import unknown_to_qt6

PACKAGE = Path(__file__).parents[2] / "geoseg_qgis"


@pytest.mark.parametrize(
    "module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_names_exist_in_qt6(module: Path):
    assert unknown_to_qt6(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from qgis.PyQt.QtCore import Qt\nx = Qt.AlignCenter",
        "from qgis.PyQt.QtWidgets import QDesktopWidget",
        "from PyQt5.QtCore import Qt",
        "from qgis.PyQt.QtWidgets import QDialog\nQDialog().exec_()",
        "from qgis.PyQt.QtWidgets import QSizePolicy\nx = QSizePolicy.Expanding",
    ],
)
def test_a_planted_name_is_found(planted: str):
    assert unknown_to_qt6(planted)


def test_scoped_names_pass():
    source = """
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QAction, QMessageBox
x = Qt.AlignmentFlag.AlignCenter, QMessageBox.StandardButton.Ok, QAction.setText
"""
    assert unknown_to_qt6(source) == []
