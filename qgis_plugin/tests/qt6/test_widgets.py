"""Every module imports and the dock is built and drawn under Qt 6."""

import importlib
import pkgutil
from unittest.mock import MagicMock

import pytest

import geoseg_qgis

MODULES = [
    module.name
    for module in pkgutil.walk_packages(geoseg_qgis.__path__, "geoseg_qgis.")
    if not module.name.endswith("core.probe")
]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports(name):
    importlib.import_module(name)


def test_the_plugin_loads_and_unloads(application):
    from PyQt6.QtWidgets import QMainWindow

    iface = MagicMock()
    iface.mainWindow.return_value = window = QMainWindow()
    plugin = geoseg_qgis.classFactory(iface)
    plugin.initProcessing()
    assert plugin.provider is not None
    del window


def test_the_review_and_the_form_are_drawn(application):
    from geoseg_qgis.gui import form, review

    for made in (review.Review(MagicMock()), form.Form(MagicMock())):
        assert not made.grab().isNull()
