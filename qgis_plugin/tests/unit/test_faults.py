import re
from pathlib import Path

import pytest

from geoseg_qgis.core.faults import FAULTS, fault_of, of_exit
from geoseg_qgis.core.protocol import Event

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"


def test_every_code_of_the_protocol_has_a_sentence():
    codes = set(re.findall(r"^\| (\w+) \| [A-Z].*\|$", PAGE.read_text("utf-8"), re.MULTILINE))
    assert "disk_full" in codes
    assert codes <= FAULTS.keys()


def test_twenty_faults_and_more_each_with_a_way_out():
    assert len(FAULTS) >= 20
    for fault in FAULTS.values():
        assert fault.sentence.endswith(".")
        assert fault.way_out
        assert fault.action in ("", "setup", "again", "save_as", "log", "load")


def test_a_code_of_a_later_version():
    assert fault_of(Event("error", {"code": "brand_new"})) is FAULTS["internal"]


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (-11, "", "crash"),
        (-9, "", "killed"),
        (1, "OSError: [WinError 1114] … c10.dll", "vc_runtime"),
        (1, "/usr/bin/python3: No module named geoseg", "no_geoseg"),
        (1, "MemoryError", "out_of_memory"),
        (1, "Traceback", "crash"),
    ],
)
def test_what_an_end_without_words_means(status, words, code):
    assert of_exit(status, words) == code
