"""Every text that users read has a French one; what Qt's own tools would miss is there too."""

import ast
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import package
import translations
from geoseg_qgis.core.faults import FAULTS

FRENCH = translations.FOLDER / "geoseg_fr.ts"
UNITS = {" m", " m²", " min", "{} × {} pixels"}
SAME = UNITS | {"Image", "Pause", "Python", "GeoSeg", "Segmentation", "score"}
SAME |= {"safe open areas\nall tennis courts"}
"""Alike in French, or examples for a model that reads English."""


@pytest.fixture(scope="module")
def french():
    return translations.translated(FRENCH)


def wanted():
    return {(name, text) for name, texts in translations.texts().items() for text in texts}


def test_the_file_is_up_to_date(french):
    assert wanted() == french.keys(), "run python qgis_plugin/translations.py"
    assert FRENCH.read_text("utf-8") == translations.document("fr", french)


def test_every_text_is_translated(french):
    assert [key for key, translation in french.items() if not translation.strip()] == []
    assert "unfinished" not in FRENCH.read_text("utf-8")
    alike = {text for (_, text), translation in french.items() if text == translation}
    assert alike <= SAME


@pytest.mark.parametrize("marks", [r"\{[^}]*\}", "%n", "…$", r"\([JKAR]\)$"])
def test_what_is_filled_in_is_the_same(french, marks):
    for (_, text), translation in french.items():
        assert sorted(re.findall(marks, text)) == sorted(re.findall(marks, translation)), text


def test_signs_of_french_do_not_break_from_their_words(french):
    for translation in french.values():
        assert not re.search(r" [:;!?»%]|« |\w'\w", translation), translation


def test_sentences_of_faults_and_stages(french):
    for fault in FAULTS.values():
        assert french["Words", fault.sentence]
        assert french["Words", fault.way_out]
    tree = ast.parse((translations.PACKAGE / "gui" / "words.py").read_text("utf-8"))
    stages = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "STAGES"
    )
    for text in ast.literal_eval(stages).values():
        assert french["Words", text]


def test_a_text_is_found_wherever_it_is_said(tmp_path, monkeypatch):
    source = (
        "class Dock:\n    def f(self):\n        return self.tr('a') + words.tr('b')\n"
        "def g():\n    return QCoreApplication.translate('Page', 'c') + tr('d')\n"
    )
    (tmp_path / "one.py").write_text(source)
    monkeypatch.setattr(translations, "PACKAGE", tmp_path)
    assert translations.texts() == {"Dock": ["a"], "Page": ["c"], "Words": ["b", "d"]}


def test_a_text_that_moved_keeps_its_translation(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text("class New:\n    def f(self):\n        self.tr('a')\n")
    monkeypatch.setattr(translations, "PACKAGE", tmp_path)
    root = ElementTree.fromstring(translations.document("fr", {("Old", "a"): "à"}))
    assert root.findtext("context/name") == "New"
    assert root.findtext("context/message/translation") == "à"


@pytest.mark.skipif(not any(map(shutil.which, package.LRELEASE)), reason="needs Qt's lrelease")
def test_qt_compiles_it_whole(tmp_path, french):
    tool = next(filter(None, map(shutil.which, package.LRELEASE)))
    command = [tool, str(FRENCH), "-qm", str(tmp_path / "fr.qm")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{len(french)} finished and 0 unfinished" in told.stdout + told.stderr
