"""`geoseg plan` tells what a run would cost, and passes its options on."""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from geoseg.cli.main import main
from geoseg.pipeline.planning import PlanReport, ScenePlan


def scene(name: str = "big.tif", tiles: int = 12) -> ScenePlan:
    return ScenePlan(name, 20000, 10000, 4, "uint16", "WGS 84 / UTM zone 45N", tiles, 338)


def report(*scenes: ScenePlan, **other: Any) -> PlanReport:
    facts = {"memory_bytes": 1_300_000_000, "seconds": 60.0, **other}
    scenes = scenes or (scene(),)
    tiles = sum(one.tiles for one in scenes)
    whole = sum(one.tiles_of_scene for one in scenes)
    return PlanReport(scenes, 1024, 256, tiles, whole, **facts)


@pytest.fixture
def planning(monkeypatch):
    seen = SimpleNamespace(request=None, report=report())

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
    planning.report = report(scene(tiles=338), memory_bytes=None, seconds=None)
    assert main(["plan", "big.tif", "--checkpoint", "folder"]) == 0
    said = capsys.readouterr().out
    assert "not known" in said
    assert "whole scene" not in said
    assert "memory" not in said


def test_json(planning, capsys):
    assert main(["plan", "big.tif", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiles"] == 12


def test_each_scene_and_the_sum(planning, capsys):
    planning.report = report(scene("a.tif"), scene("b.tif", 338), scene("c.tif", 0))
    assert main(["plan", "a.tif", "--scene", "b.tif", "--scene", "c.tif"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.rpartition("; ")[2] for line in said[:3]] == [
        "12 windows of 338",
        "338 windows",
        "0 windows of 338",
    ]
    assert said[3].startswith("350 windows in all of 1024 px")
    assert said[3].endswith("(the 3 whole scenes have 1014)")
    assert planning.request.scenes == ("b.tif", "c.tif")
    assert main(["plan", "a.tif", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["tiles"] for one in told["scenes"]] == [12, 338, 0]


def test_scenes_in_a_list(planning, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("a.tif\nb.tif\n")
    assert main(["plan", "roads", "ponds", "--scenes-from", str(listed)]) == 0
    assert (planning.request.scene, planning.request.scenes) == ("a.tif", ("b.tif",))
    assert planning.request.instructions == ("roads", "ponds")


def test_a_scene_is_needed(planning, capsys):
    assert main(["plan"]) == 2
    assert "Which scene?" in capsys.readouterr().err
