"""The dock: from a sentence to layers."""

import time

import pytest

from geoseg_qgis.core import results, settings
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer

from .conftest import messages, pause, until


def run(dock, text):
    dock.text.setPlainText(text)
    dock.run.click()
    until(lambda: dock.task is None)
    pause(50)


def polygons():
    return [layer for layer in QgsProject.instance().mapLayers().values() if results.ours(layer)]


def test_a_run_gives_grouped_layers(dock):
    run(dock, "houses\nsheds")
    root = QgsProject.instance().layerTreeRoot()
    assert [group.name() for group in root.findGroups()] == ["houses", "sheds"]
    layers = polygons()
    assert len(layers) == 2
    assert all(layer.featureCount() == 5 for layer in layers)
    assert layers[0].renderer().type() == "categorizedSymbol"
    assert "10 polygons in 2 layers" in dock.status.text()
    assert settings.recent()[:2] == ["houses", "sheds"]
    assert dock.history.count() == 1


def test_nothing_found_is_a_good_result(dock):
    run(dock, "nothing")
    assert [layer.featureCount() for layer in polygons()] == [0]


def test_noise_on_standard_output_does_no_harm(dock):
    run(dock, "noise")
    assert len(polygons()) == 1


def test_partial_polygons_are_shown_and_taken_away(dock):
    dock.text.setPlainText("slow")
    dock.run.click()
    shown = lambda: [  # noqa: E731
        layer
        for layer in QgsProject.instance().mapLayers().values()
        if isinstance(layer, QgsVectorLayer) and layer.name().endswith("…")
    ]
    until(shown)
    assert shown()[0].featureCount() == 1
    until(lambda: dock.task is None)
    pause(50)
    assert shown() == []
    assert len(polygons()) == 1


@pytest.mark.parametrize(("word", "most"), [("slow", 1.0), ("deaf", 4.5)])
def test_stopped(dock, iface, word, most):
    dock.text.setPlainText(word)
    dock.run.click()
    until(lambda: dock.task.child.pid)
    pause(600)
    began = time.monotonic()
    dock.stop.click()
    assert "…" in dock.status.text()
    until(lambda: dock.task is None)
    assert time.monotonic() - began < most
    assert polygons() == []
    assert any("Stopped" in text for text in messages(iface))


def test_qgis_stays_awake_during_a_run(dock):
    gaps, last = [], time.monotonic()

    def tick():
        nonlocal last
        now = time.monotonic()
        gaps.append(now - last)
        last = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    dock.text.setPlainText("slow")
    dock.run.click()
    until(lambda: dock.task is None)
    timer.stop()
    assert len(gaps) > 100
    assert sorted(gaps)[-3] < 0.1


def test_a_project_that_was_closed_gets_nothing(dock, iface):
    dock.text.setPlainText("slow")
    dock.run.click()
    pause(500)
    QgsProject.instance().clear()
    until(lambda: dock.task is None)
    pause(50)
    assert polygons() == []
    assert any("closed" in text for text in messages(iface))
    assert len(settings.history()) == 1


def test_two_runs_at_once(dock, iface):
    dock.text.setPlainText("slow")
    dock.run.click()
    dock.start()
    assert any("under way" in text for text in messages(iface))
    until(lambda: dock.task is None)


def test_the_image_is_taken_away_meanwhile(dock, scene):
    dock.text.setPlainText("slow")
    dock.run.click()
    pause(300)
    QgsProject.instance().removeMapLayer(dock.layer.currentLayer().id())
    until(lambda: dock.task is None)
    pause(50)
    assert len(polygons()) == 1


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("crash", "ended unexpectedly"),
        ("oom", "lack of memory"),
        ("disk_full", "disk is full"),
        ("no_crs", "where it lies"),
        ("out_of_memory", "enough memory"),
        ("permission", "cannot be saved"),
        ("model_missing", "model"),
        ("newer", "does not fit"),
    ],
)
def test_faults_are_sentences_with_a_way_out(dock, iface, word, sentence):
    run(dock, word)
    assert any(sentence in text for text in messages(iface)), messages(iface)
    assert dock.run.isVisibleTo(dock)
    assert polygons() == []


def test_no_python(dock, iface):
    settings.put("python", "")
    run(dock, "houses")
    assert any("No Python" in text for text in messages(iface))
    settings.put("python", "/nowhere/python")
    run(dock, "houses")
    assert any("cannot be started" in text for text in messages(iface))


def test_no_words_and_no_layer(dock, iface):
    run(dock, "  ")
    assert any("Say what to find" in text for text in messages(iface))
    QgsProject.instance().clear()
    run(dock, "houses")
    assert any("Choose an image" in text for text in messages(iface))


def test_a_layer_without_crs(dock, iface, tmp_path):
    from osgeo import gdal

    path = str(tmp_path / "nowhere.tif")
    gdal.GetDriverByName("GTiff").Create(path, 64, 64, 3)
    layer = QgsRasterLayer(path, "nowhere")
    from qgis.core import QgsCoordinateReferenceSystem

    layer.setCrs(QgsCoordinateReferenceSystem())
    QgsProject.instance().addMapLayer(layer)
    dock.layer.setLayer(layer)
    run(dock, "houses")
    assert any("no coordinate reference system" in text for text in messages(iface))


def test_a_stopped_run_goes_on(dock):
    dock.text.setPlainText("slow")
    dock.run.click()
    pause(400)
    dock.stop.click()
    until(lambda: dock.task is None)
    output = dock.runner.job.output
    dock._again(dock.runner.job)
    until(lambda: dock.task is None)
    pause(50)
    assert [layer.customProperty(results.PATH_PROPERTY) for layer in polygons()] == [output]


def test_a_result_of_the_history_is_opened_again(dock):
    run(dock, "houses")
    for layer in polygons():
        QgsProject.instance().removeMapLayer(layer.id())
    dock._open(settings.history()[0])
    assert len(polygons()) == 1
    dock._open(settings.history()[0])
    assert len(polygons()) == 1


def test_unloading_twice_leaves_nothing(plugin, iface):
    from qgis.core import QgsApplication
    from qgis.PyQt.QtWidgets import QAction

    plugin.show_dock()
    plugin.unload()
    plugin.initGui()
    plugin.unload()
    pause(50)
    names = [action.objectName() for action in iface.mainWindow().findChildren(QAction)]
    assert "geosegShowDock" not in names
    registry = QgsApplication.processingRegistry()
    assert registry.providerById("geoseg") is None
    plugin.initGui()
