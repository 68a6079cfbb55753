"""Judging polygons, drawing them anew, and keeping them as examples."""

import pytest

from geoseg_qgis.core import results
from geoseg_qgis.gui.area import polygon_file
from qgis.core import QgsFeatureRequest, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from .conftest import pause, until


@pytest.fixture
def review(dock):
    dock.text.setPlainText("houses")
    dock.run.click()
    until(lambda: dock.task is None and dock.review.layer is not None)
    pause(50)
    return dock.review


def decisions(layer):
    again = QgsVectorLayer(layer.source(), "again", "ogr")
    return sorted(str(f["review"]) for f in again.getFeatures() if f["review"])


def test_the_table_shows_polygons_by_score(review):
    assert review.table.rowCount() == 5
    scores = [review.table.item(row, 2).text() for row in range(5)]
    assert scores == sorted(scores, reverse=True)
    assert "5 polygons" in review.count.text()


def test_decisions_are_in_the_file_and_the_keyboard_makes_them(review, dock):
    dock.show()
    dock.pages.setCurrentWidget(review)
    review.table.setFocus()
    review.table.selectRow(0)
    review.decide("accepted")
    assert review.table.currentRow() == 1
    review.decide("rejected")
    review.step(-1)
    assert review.table.currentRow() == 1
    assert decisions(review.layer) == ["accepted", "rejected"]
    assert [review.table.item(row, 0).text() for row in (0, 1)] == ["✓", "✗"]
    keys = [child.key().toString() for child in review.findChildren(type(review.shortcuts[0]))]
    assert sorted(keys) == ["A", "J", "K", "R"]
    QTest.keyClick(review, Qt.Key.Key_J)


def test_choosing_a_row_selects_the_polygon(review):
    review.table.selectRow(3)
    assert len(review.layer.selectedFeatureIds()) == 1


def test_drawn_anew_decisions_stay(review):
    old = review.layer
    review.table.selectRow(0)
    review.decide("accepted")
    old.setCustomProperty(results.LEDGER_PROPERTY, old.customProperty(results.PATH_PROPERTY))
    review.threshold.setValue(70)
    assert review.settings()["threshold"] == 0.7
    review.refine()
    until(lambda: review.task is None)
    assert review.layer.id() != old.id()
    assert decisions(review.layer) == ["accepted"]
    node = QgsProject.instance().layerTreeRoot().findLayer(old.id())
    assert not node.itemVisibilityChecked()


def test_only_accepted_polygons_are_copied(review):
    for _ in range(2):
        review.table.selectRow(review.table.currentRow() + 1)
        review.decide("accepted")
    count = len(decisions(review.layer))
    path = polygon_file(review.layer, "\"review\" = 'accepted'")
    copied = QgsVectorLayer(path, "copied", "ogr")
    assert copied.featureCount() == count
    assert copied.fields().lookupField("target") >= 0


def test_a_layer_that_is_taken_away(review):
    QgsProject.instance().removeMapLayer(review.layer.id())
    pause(20)
    assert not review.table.isEnabled()
    review.decide("accepted")
    review.refine()
    assert review.task is None


def test_ten_thousand_polygons_are_no_burden(review):
    """The table holds a stated number; the layer stays whole."""
    from geoseg_qgis.gui import table as module

    assert module.MOST_ROWS >= 10_000
    assert review.layer.featureCount() == len(
        list(review.layer.getFeatures(QgsFeatureRequest().setLimit(module.MOST_ROWS)))
    )


def test_drawn_anew_twice_leaves_one_layer_beside_the_runs_own(review):
    from pathlib import Path

    first = review.layer
    first.setCustomProperty(results.LEDGER_PROPERTY, first.customProperty(results.PATH_PROPERTY))
    paths = []
    for value in (60, 70):
        before = review.layer.id()
        review.threshold.setValue(value)
        review.threshold.sliderReleased.emit()
        until(lambda before=before: review.task is None and review.layer.id() != before)
        paths.append(review.layer.customProperty(results.PATH_PROPERTY))
    (group,) = QgsProject.instance().layerTreeRoot().findGroups()
    assert [node.layerId() for node in group.findLayers()] == [review.layer.id(), first.id()]
    until(lambda: not Path(paths[0]).exists())
    assert Path(paths[1]).exists()
