"""A run in parts on several machines, united: the same as in one go; and what a ledger tells."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

import geoseg
from geoseg.cli.main import main
from geoseg.dialogue import TileAnswer
from geoseg.engines.color import ColorEngine


@pytest.fixture
def scene(draw_scene) -> Path:
    """2600 × 2600 pixels, so 16 tiles, with a red bar across and a blue square."""
    pixels = np.full((3, 2600, 2600), 90, np.uint8)
    pixels[:, 1200:1300, 100:2500] = np.array([200, 30, 30], np.uint8)[:, None, None]
    pixels[:, 2000:2200, 300:500] = np.array([30, 30, 200], np.uint8)[:, None, None]
    return draw_scene(pixels)


def run(scene: Path, name: str, *more: str) -> int:
    out = str(scene.with_name(f"{name}.gpkg"))
    return main(["run", str(scene), "red", "blue", "-o", out, "--checkpoint", "color", *more])


def rows(path: Path, layer: str) -> list[tuple]:
    return [(*row[:-1], row[-1].wkb) for row in gpd.read_file(path, layer=layer).itertuples()]


def test_shards_are_the_whole(scene, capsys):
    assert run(scene, "whole") == 0
    for place in (1, 2, 3):
        assert run(scene, str(place), "--shard", f"{place}/3") == 0
    folder = scene.parent
    parts = [str(folder / f"{place}.gpkg.ledger") for place in (2, 1, 3)]
    united, out = str(folder / "united.ledger"), str(folder / "united.gpkg")
    capsys.readouterr()
    assert main(["merge", *parts, "-o", united]) == 0
    assert capsys.readouterr().err == f"{united} is written: 32 answered.\n"
    assert main(["refine", united, "-o", out]) == 0
    for layer in ("01_red", "02_blue", "answers"):
        assert rows(folder / "united.gpkg", layer) == rows(folder / "whole.gpkg", layer)
    # The whole, run on the united ledger, asks nothing.
    frame = geoseg.segment(scene, "red", "blue", checkpoint="color", ledger=united)
    assert frame.attrs["run"]["tiles_asked"] == 0
    assert main(["merge", *parts, "-o", united]) == 6
    assert main(["merge", parts[0], "-o", united, "--overwrite"]) == 2


def test_more_shards_than_tiles(draw_scene):
    scene = draw_scene(np.full((3, 64, 64), 90, np.uint8))
    tiles = [
        geoseg.plan(geoseg.Request(scene, checkpoint="color", shard=(place, 3))).tiles
        for place in (1, 2, 3)
    ]
    assert tiles == [0, 0, 1]
    with pytest.raises(geoseg.InstructionError, match="no part of a whole"):
        geoseg.plan(geoseg.Request(scene, checkpoint="color", shard=(0, 3)))


class Unlucky(ColorEngine):
    def answer(self, questions):
        for instruction, answer in super().answer(questions):
            failed = TileAnswer(answer.tile, "out of luck", "failed")
            yield instruction, failed if answer.tile.index == 5 else answer


def test_show(scene, capsys, monkeypatch):
    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Unlucky())
    assert run(scene, "out") == 7
    ledger = str(scene.with_name("out.gpkg.ledger"))
    capsys.readouterr()

    assert main(["show", ledger]) == 0
    said = capsys.readouterr().out
    assert "scene.tif: 2600 × 2600 px, WGS 84 / UTM zone 32N" in said
    assert "16 windows, asked of the checkpoint color-1" in said
    assert "'red': 15 answered, 1 failed" in said
    assert "say the same of 100.0%" in said

    assert main(["show", ledger, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["overlap"] == 256
    red, blue = told["instructions"]
    assert (red["done"], red["failed"], red["queued"]) == (15, 1, 0)
    assert red["targets"][0]["overlap"] > 0.9
    assert blue["empty"] == 15 - blue["targets"][0]["tiles"]

    assert main(["show", ledger, "--failed"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[0].startswith("'red', scene.tif, window 5 (column ")
    assert said[0].endswith("1024 × 1024 px): out of luck")
    assert main(["show", ledger, "--failed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["text"] == "blue"

    assert main(["show", ledger, "--window", "4"]) == 0
    said = capsys.readouterr().out
    assert "scene.tif, window 4 (column 0, row " in said
    assert "Here is something red." in said
    assert "red: score 1.00, marks" in said
    assert main(["show", ledger, "--window", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["targets"][0][0] == "red"

    assert main(["show", ledger, "--window", "16"]) == 2
    assert "it has 16, from 0 to 15" in capsys.readouterr().err
    assert main(["show", ledger, "--window", "1", "--failed"]) == 2


def test_show_a_part_of_an_area(scene, capsys):
    x, y = 500_000, 5_200_000
    bounds = [str(value) for value in (x, y - 200, x + 200, y)]
    assert run(scene, "part", "--bounds", *bounds) == 0
    ledger = str(scene.with_name("part.gpkg.ledger"))
    capsys.readouterr()
    assert main(["show", ledger, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["tiles"], told["outside"]) == (1, 15)
    assert told["area"] == [x, y - 200, x + 200, y]
    assert main(["show", ledger, "--failed"]) == 0
    assert capsys.readouterr().out == "Every window has an answer.\n"
