"""The dialog about Python, and what is remembered."""

import pytest

from geoseg_qgis.core import settings
from geoseg_qgis.gui.options import OptionsPage
from geoseg_qgis.gui.setup_dialog import SetupDialog

from .conftest import until


@pytest.fixture
def dialog(plugin, monkeypatch):
    monkeypatch.setattr("geoseg_qgis.core.envs.candidates", lambda: iter(["/usr/bin/python3"]))
    made = SetupDialog()
    until(lambda: made.task is None)
    yield made
    made.reject()
    made.deleteLater()


def test_pythons_are_found_beside_the_main_thread(dialog):
    assert dialog.pythons.count() == 1
    assert "Python 3" in dialog.pythons.itemText(0)


def test_a_python_without_geoseg_is_refused_in_words(dialog):
    settings.put("python", "")
    dialog.choose("/usr/bin/python3")
    until(lambda: dialog.task is None)
    assert "geoseg is not installed" in dialog.status.text() or "too old" in dialog.status.text()
    assert settings.get("python") == ""
    dialog.choose("/nowhere")
    until(lambda: dialog.task is None)
    assert "no Python" in dialog.status.text()


def test_a_good_one_is_taken(dialog, monkeypatch):
    from geoseg_qgis.core import envs

    good = envs.Python("/py", "3.12.1", 64, True, "0.1.0", "2.9")
    monkeypatch.setattr(envs, "probe", lambda path: good)
    chosen = []
    dialog.chosen.connect(chosen.append)
    dialog.choose("/py")
    until(lambda: dialog.task is None)
    assert chosen == ["/py"]
    assert settings.get("python") == "/py"


def test_an_environment_is_made_stopped_and_removed(dialog, tmp_path):
    folder = tmp_path / "mon é"
    dialog.folder.setFilePath(str(folder))
    assert dialog.base.count() <= 1
    if dialog.base.count():
        assert "venv" in dialog.making().text()
        assert dialog.start.text() == "Download and make"
        dialog.make()
        until(lambda: (folder / "pyvenv.cfg").exists() or dialog.task is None)
        dialog._start_or_stop()
        until(lambda: dialog.task is None)
        assert dialog.start.text() == "Repair"
        dialog.remove()
        assert not folder.exists()
    dialog.folder.setFilePath(str(tmp_path))
    dialog.remove()
    assert "not a Python environment" in dialog.status.text()
    assert tmp_path.exists()


def test_the_report_is_copied_without_the_home_folder(dialog):
    from pathlib import Path

    from qgis.PyQt.QtWidgets import QApplication

    dialog.copy_report()
    text = QApplication.clipboard().text()
    assert "geoseg for QGIS" in text
    assert f"{Path.home()}/" not in text


def test_options_are_kept(plugin):
    page = OptionsPage(lambda: None)
    page._checkpoint.setText(" color ")
    page._idle.setValue(3)
    page.apply()
    assert settings.get("checkpoint") == "color"
    assert settings.get("idle_minutes") == 3


def test_recent_and_history_are_short_and_the_newest_comes_first(plugin):
    for number in range(20):
        settings.remember((f"thing {number}",))
        settings.add_history({"output": f"{number}.gpkg"})
    assert settings.recent()[0] == "thing 19"
    assert len(settings.recent()) == settings.MOST_RECENT
    assert [entry["output"] for entry in settings.history()][:2] == ["19.gpkg", "18.gpkg"]
