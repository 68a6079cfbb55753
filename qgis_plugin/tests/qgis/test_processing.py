"""The provider: what the toolbox, models and qgis_process use."""

import pytest

from geoseg_qgis.core import settings
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
)

from .conftest import pause


class Feedback(QgsProcessingFeedback):
    def __init__(self, stop_at=None):
        super().__init__()
        self.lines, self.stop_at = [], stop_at

    def pushInfo(self, text):
        self.lines.append(text)

    def reportError(self, text, fatal=False):
        self.lines.append(text)

    def pushWarning(self, text):
        self.lines.append(text)

    def setProgress(self, percent):
        if self.stop_at is not None and percent >= self.stop_at:
            self.cancel()


@pytest.fixture
def run(plugin, scene, tmp_path):
    def start(words, algorithm="geoseg:segment", feedback=None, **parameters):
        found = QgsApplication.processingRegistry().algorithmById(algorithm)
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        given = {"OUTPUT": str(tmp_path / "sortie é.gpkg"), **parameters}
        if algorithm == "geoseg:segment":
            given = {"INPUT": str(scene), "INSTRUCTIONS": words, **given}
        results, ok = found.create().run(given, context, feedback or Feedback(), {}, False)
        assert ok
        return results, context

    return start


def test_a_run_gives_file_layers_and_count(run, tmp_path):
    results, context = run("houses\nsheds")
    assert results["FEATURES"] == 10
    assert results["OUTPUT"] == str(tmp_path / "sortie é.gpkg")
    assert len(results["LAYERS"]) == 2
    assert len(context.layersToLoadOnCompletion()) == 2


def test_layers_are_grouped_when_they_are_loaded(run):
    _, context = run("houses")
    (source, details), *_ = context.layersToLoadOnCompletion().items()
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(source, details.name, "ogr")
    QgsProject.instance().addMapLayer(layer)
    details.postProcessor().postProcessLayer(layer, context, Feedback())
    (group,) = QgsProject.instance().layerTreeRoot().findGroups()
    assert group.name() == "houses"
    assert [node.layerId() for node in group.findLayers()] == [layer.id()]


def test_parameters_reach_geoseg(run, tmp_path, monkeypatch):
    from geoseg_qgis.processing import segment

    jobs = []
    real = segment.run_command
    monkeypatch.setattr(
        segment, "run_command", lambda python, job: (jobs.append(job), real(python, job))[1]
    )
    run(
        "houses",
        EXTENT="9519930,9520000,3202340,3202400 [EPSG:3857]",
        MIN_AREA=12.5,
        CONFIDENCE=0.7,
        DEVICE=1,
    )
    (job,) = jobs
    assert job.options["device"] == "cpu"
    assert job.options["threshold"] == 0.7
    assert job.options["min_area"] == "12.5m2"
    assert job.options["bounds"] == pytest.approx([9519930, 3202340, 9520000, 3202400])
    assert job.options["bounds_crs"] == "EPSG:3857"


def test_refine(run, tmp_path):
    results, _ = run("", "geoseg:refine", LEDGER=str(tmp_path / "x.ledger"))
    assert results["FEATURES"] == 5


def test_faults_are_sentences(run):
    with pytest.raises(QgsProcessingException, match=r"disk is full.*Free some space"):
        run("disk_full")


def test_without_a_python(run):
    settings.put("python", "")
    feedback = Feedback()
    with pytest.raises(AssertionError):
        run("houses", feedback=feedback)
    assert any("No Python" in text for text in feedback.lines)


def test_cancelled(run):
    with pytest.raises(QgsProcessingException, match="Stopped"):
        run("slow", feedback=Feedback(stop_at=10))
    pause(50)
