"""`geoseg plan` tells what a run would cost, and passes its options on."""

import json
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import pytest

from geoseg.cli.main import main


@dataclass(frozen=True)
class Report:
    scene: str = "big.tif"
    width: int = 20000
    height: int = 10000
    bands: int = 4
    dtype: str = "uint16"
    crs: str = "WGS 84 / UTM zone 45N"
    window: int = 1024
    overlap: int = 256
    tiles: int = 12
    tiles_of_scene: int = 338
    memory_bytes: int | None = 1_300_000_000
    seconds: float | None = 60.0


@pytest.fixture
def planning(monkeypatch):
    seen = SimpleNamespace(request=None, report=Report())

    def plan(request):
        seen.request = request
        return seen.report

    module = ModuleType("geoseg.pipeline")
    module.Request = SimpleNamespace
    module.plan = plan
    monkeypatch.setitem(sys.modules, "geoseg.pipeline", module)
    return seen


def test_text(planning, capsys):
    assert main(["plan", "big.tif", "--bounds", "0", "0", "9", "9"]) == 0
    said = capsys.readouterr().out
    assert "12 windows of 1024 px" in said
    assert "the whole scene has 338" in said
    assert "1.3 GB" in said
    assert "about 60 s for each instruction" in said
    assert planning.request.bounds == (0, 0, 9, 9)


def test_instructions_add_up(planning, capsys):
    assert main(["plan", "big.tif", "roads", "ponds", "trees"]) == 0
    assert "about 3 min for 3 instructions" in capsys.readouterr().out


def test_what_is_not_known_is_said(planning, capsys):
    planning.report = Report(memory_bytes=None, seconds=None, tiles_of_scene=12)
    assert main(["plan", "big.tif", "--checkpoint", "folder"]) == 0
    said = capsys.readouterr().out
    assert "not known" in said
    assert "whole scene" not in said
    assert "memory" not in said


def test_json(planning, capsys):
    assert main(["plan", "big.tif", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiles"] == 12
