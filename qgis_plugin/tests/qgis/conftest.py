"""QGIS offscreen, the plugin in it, and a child that behaves as it is told."""

import shutil
import sys
import traceback
from pathlib import Path

import pytest

from geoseg_qgis.core import settings
from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QEventLoop, QTimer

HERE = Path(__file__).parent
SAMPLE = HERE.parents[2] / "examples" / "data" / "banepa_sample.tif"


# PyQt ends the process at an exception in a slot while Python's own hook is in place. Between
# tests, when a task of the last one ends, that would be the end of all the others.
sys.excepthook = traceback.print_exception


@pytest.fixture(autouse=True)
def no_python_errors(monkeypatch):
    """An exception in a slot or a task fails the test instead of ending the process."""
    errors = []
    monkeypatch.setattr(
        sys, "excepthook", lambda *error: errors.append("".join(traceback.format_exception(*error)))
    )
    yield
    assert not errors, errors


@pytest.fixture
def child(tmp_path):
    """A «Python» with a «geoseg», in a folder with a blank and an accent."""
    folder = tmp_path / "mon Pythön"
    folder.mkdir()
    path = folder / "python"
    path.write_text(f'#!/bin/sh\nexec /usr/bin/python3 "{HERE.parent / "fakechild.py"}" "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def scene(tmp_path):
    copy = tmp_path / "mon image é.tif"
    shutil.copy(SAMPLE, copy)
    return copy


@pytest.fixture
def iface(qgis_iface, monkeypatch):
    bar = QgsMessageBar()
    monkeypatch.setattr(qgis_iface, "messageBar", lambda: bar)
    return qgis_iface


@pytest.fixture
def plugin(qgis_new_project, iface, child, tmp_path):
    from geoseg_qgis import classFactory

    QgsSettings().remove("geoseg")
    settings.put("python", child)
    settings.put("out_dir", str(tmp_path / "résultats"))
    made = classFactory(iface)
    made.initGui()
    yield made
    made.unload()
    QgsProject.instance().clear()


@pytest.fixture
def dock(plugin, scene):
    layer = QgsRasterLayer(str(scene), "scene")
    QgsProject.instance().addMapLayer(layer)
    plugin.show_dock(True)
    plugin.dock.layer.setLayer(layer)
    plugin.dock.area.set_kind(1)
    return plugin.dock


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition, milliseconds=20000):
    """Let QGIS work until something is so."""
    while not condition() and milliseconds > 0:
        pause(20)
        milliseconds -= 20
    assert condition(), "it did not come about"


def messages(iface):
    """Texts in the message bar."""
    bar = iface.messageBar()
    return [item.text() for item in bar.items()]
