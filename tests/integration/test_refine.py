"""Drawing again from a ledger: the same as the run, without scene or model, and other settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

import geoseg
from geoseg.cli.main import main
from geoseg.dialogue import TileAnswer
from geoseg.engines.color import ColorEngine
from geoseg.errors import Cancelled, InstructionError, OutputError
from geoseg.events import Hello, Progress, Result, Stage, from_line

ROOT = Path(__file__).parents[2]
X, Y = 500_000, 5_200_000
COLOURS = {"r": (220, 20, 30), "g": (20, 200, 30), "b": (20, 30, 220)}


def paint(height=1500, width=2000, **plates):
    """Grey, with plates given as red=(col, row, col_end, row_end)."""
    image = np.full((3, height, width), 100, np.uint8)
    for name, (left, top, right, bottom) in plates.items():
        image[:, top:bottom, left:right] = np.array(COLOURS[name[0]], np.uint8)[:, None, None]
    return image


PLATES = {"r1": (100, 60, 1900, 300), "b": (700, 600, 1400, 1100), "r2": (40, 1290, 80, 1350)}


@pytest.fixture
def run(tmp_path):
    def start(scene, *instructions, output="out.gpkg", listener=None, **options):
        options = {"checkpoint": "color", "ledger": tmp_path / "kept.ledger", **options}
        return geoseg.run(
            geoseg.Request(scene, instructions, tmp_path / output, **options), listener
        )

    return start


@pytest.fixture
def revise(tmp_path):
    def start(*instructions, output="again.gpkg", listener=None, **options):
        ledger = tmp_path / "kept.ledger"
        return geoseg.revise(
            geoseg.Revision(ledger, tmp_path / output, instructions, **options), listener
        )

    return start


def rows(path, layer):
    """All that a layer says, geometries as bytes."""
    frame = gpd.read_file(path, layer=layer)
    return [(*row[:-1], row[-1].wkb) for row in frame.itertuples(index=False)]


DRAWN = [
    {},
    {"fuse": "blend", "threshold": 0.7},
    {"fuse": "core", "min_area": 2000},
    {"dst_crs": "EPSG:4326", "layer_per_target": True},
    {"min_agreement": 0.9},
    {"simplify": 0.0, "max_area": 90_000.0},
    {"regularize": ("The reds",), "fill_holes": 10.0},
    {"pixel_edges": True, "fuse": "instances"},
]


@pytest.mark.parametrize("options", DRAWN)
def test_the_same_settings_give_the_same_bytes(run, revise, draw_scene, tmp_path, options):
    scene = draw_scene(paint(**PLATES))
    straight = run(scene, "red and blue", "green", bounds=(X + 100, Y - 700, X + 1e4, Y), **options)
    scene.unlink()
    again = revise(**options)
    assert [layer.table for layer in again.layers] == [layer.table for layer in straight.layers]
    assert (again.tiles, again.failed) == (straight.tiles, ())
    for layer in (*(layer.table for layer in straight.layers), "answers"):
        assert rows(tmp_path / "again.gpkg", layer) == rows(tmp_path / "out.gpkg", layer)
    assert sum(layer.features for layer in again.layers) > 0


def test_other_settings_change_the_polygons(run, revise, draw_scene, tmp_path):
    run(draw_scene(paint(**PLATES)), "red")
    revise(min_area=1000)
    assert len(rows(tmp_path / "out.gpkg", "01_red")) == 2
    assert len(rows(tmp_path / "again.gpkg", "01_red")) == 1
    with pytest.raises(OutputError, match="exists already"):
        revise()
    heard = []
    assert revise(overwrite=True, listener=heard.append) == heard[-1]
    assert [event.name for event in heard if isinstance(event, Stage)] == [
        "read",
        "vectorize",
        "write",
    ]
    assert any(isinstance(event, Progress) for event in heard)
    record = json.loads(pyogrio.read_dataframe(tmp_path / "again.gpkg", layer="runs").settings[0])
    assert record["instructions"] == ["red"]
    assert record["checkpoint"] == "color"
    assert record["ledger"].endswith("kept.ledger")


def test_outlines_are_shaped(run, revise, draw_scene, tmp_path):
    image = paint(600, 600, r1=(100, 100, 300, 300), b=(400, 400, 500, 500))
    image[:, 150:170, 150:170] = 100
    run(draw_scene(image), "red and blue")

    def drawn(**options):
        revise(overwrite=True, **options)
        return gpd.read_file(tmp_path / "again.gpkg", layer="01_red_and_blue").geometry

    usual = drawn()
    assert [len(geometry.interiors) for geometry in usual] == [1, 0]
    assert [len(geometry.interiors) for geometry in drawn(fill_holes=1000)] == [0, 0]
    assert len(drawn(max_area=5000)) == 1
    assert shapely.get_num_coordinates(drawn(simplify=0)).sum() > (
        shapely.get_num_coordinates(usual).sum()
    )
    assert (shapely.get_coordinates(drawn(pixel_edges=True)) % 2 == 0).all()
    straight = drawn(regularize=("blue",))
    assert len(straight[1].exterior.coords) == 5
    assert straight[0].equals(usual[0])
    assert len(drawn(regularize=("all",))[0].exterior.coords) == 5


def test_a_target_that_nobody_found_is_not_regularized(run, revise, draw_scene):
    run(draw_scene(paint(**PLATES)), "red")
    (told,) = revise(regularize=("roofs", "red")).warnings
    assert told.startswith("Nothing called 'roof' was found to be regularized; the targets are")
    for options, words in [
        ({"regularize": ("red",), "pixel_edges": True}, "as well"),
        ({"regularize": "red"}, r"Give them in a tuple: \('red',\)"),
        ({"min_area": 5.0, "max_area": 2.0}, "at most 2"),
        ({"simplify": -1.0}, "negative"),
    ]:
        with pytest.raises(InstructionError, match=words):
            revise(overwrite=True, **options)


def test_instructions_are_chosen_by_their_words(run, revise, draw_scene, tmp_path):
    scene = draw_scene(paint(**PLATES))
    run(scene, "red", "blue")
    run(scene, "green", overwrite=True)
    assert [layer.instruction for layer in revise().layers] == ["green"]
    chosen = revise("blue", "red", overwrite=True)
    assert [layer.table for layer in chosen.layers] == ["01_blue", "02_red"]
    assert [layer.features for layer in chosen.layers] == [1, 2]
    with pytest.raises(InstructionError, match=r"no answers to 'pink'.*'red', 'blue', 'green'"):
        revise("pink", output="pink.gpkg")


def test_a_scene_is_chosen_by_its_name(run, revise, draw_scene, tmp_path):
    for name, plate in (("a.tif", (10, 10, 50, 50)), ("b.tif", (100, 100, 300, 300))):
        run(draw_scene(paint(400, 400, r=plate), name=name), "red", overwrite=True)
    assert rows(Path(revise(output="b.gpkg").output), "01_red") == rows(
        tmp_path / "out.gpkg", "01_red"
    )
    with pytest.raises(InstructionError, match=r"no scene 'c\.tif'; its scenes are a\.tif, b\.tif"):
        revise(scenes=("c.tif",))
    revise(scenes=("a.tif",))
    (found,) = gpd.read_file(tmp_path / "again.gpkg", layer="01_red").itertuples()
    assert found.source == "a.tif"
    assert found.geometry.area == pytest.approx(400, rel=0.05)


def test_what_was_not_answered_is_a_hole(run, revise, draw_scene, tmp_path, monkeypatch):
    scene = draw_scene(paint(64, 12_000, r=(0, 0, 12_000, 30)))

    def impatient(event):
        if isinstance(event, Progress) and event.done >= 8:
            raise RuntimeError("enough")

    class Unlucky(ColorEngine):
        def answer(self, questions):
            for instruction, answer in super().answer(questions):
                failed = TileAnswer(answer.tile, "out of luck", "failed")
                yield instruction, failed if answer.tile.index == 2 else answer

    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Unlucky())
    with pytest.raises(Cancelled):
        run(scene, "red", listener=impatient)
    result = revise()
    reasons = {tile.tile: tile.reason for tile in result.failed}
    assert reasons.pop(2) == "out of luck"
    assert set(reasons.values()) == {"This tile was not asked yet."}
    assert result.tiles == 7
    states = gpd.read_file(tmp_path / "again.gpkg", layer="answers").state.tolist()
    assert [states.count(state) for state in ("done", "failed", "queued")] == [7, 1, len(reasons)]


def test_a_frame(run, draw_scene, tmp_path):
    scene = draw_scene(paint(**PLATES))
    ledger = tmp_path / "kept.ledger"
    straight = geoseg.segment(scene, "red", "blue", checkpoint="color", ledger=ledger)
    again = geoseg.refine(ledger)
    assert again.drop(columns="geometry").equals(straight.drop(columns="geometry"))
    assert (shapely.to_wkb(again.geometry) == shapely.to_wkb(straight.geometry)).all()
    assert again.attrs["run"]["tiles_asked"] == 0
    assert len(geoseg.refine(ledger, "blue", threshold=0.9)) == 1
    with pytest.raises(InstructionError, match="colour"):
        geoseg.refine(ledger, colour=3)


def test_the_output_never_replaces_the_ledger(run, revise, draw_scene, tmp_path):
    path = tmp_path / "kept.gpkg"
    run(draw_scene(paint(64, 64)), "red", ledger=path)
    with pytest.raises(OutputError, match="its own ledger"):
        geoseg.revise(geoseg.Revision(path, path, overwrite=True))


def test_the_command_is_told_in_lines_and_needs_no_torch(run, draw_scene, tmp_path):
    run(draw_scene(paint(**PLATES)), "red")
    code = (
        "import sys\n"
        "from geoseg.cli.main import main\n"
        "status = main(sys.argv[1:])\n"
        "sys.exit(status or 'torch' in sys.modules)"
    )
    words = ["refine", tmp_path / "kept.ledger", "-o", tmp_path / "o.gpkg", "--progress", "jsonl"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *words, "--min-area", "0.1ha"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        read = [from_line(line.decode()) for line in child.stdout]
        assert child.wait() == 0
    assert isinstance(read[0], Hello)
    assert isinstance(read[-1], Result)
    assert [layer.features for layer in read[-1].layers] == [1]


def test_exit_statuses(run, draw_scene, tmp_path, capsys):
    run(draw_scene(paint(64, 64)), "red")
    ledger, out = str(tmp_path / "kept.ledger"), str(tmp_path / "o.gpkg")
    assert main(["refine", ledger, "-o", out]) == 0
    assert "is written" in capsys.readouterr().err
    assert main(["refine", ledger, "-o", out]) == 6
    assert main(["refine", ledger, "-o", out, "--overwrite", "--instruction", "x"]) == 2
    assert main(["refine", str(tmp_path / "none.ledger"), "-o", out, "--overwrite"]) == 6
    assert main(["refine", ledger]) == 2
