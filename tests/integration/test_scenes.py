"""Many scenes in one run: the same polygons as one by one, in one output, from one ledger."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

import geoseg
from geoseg.cli.main import main
from geoseg.dialogue import TileAnswer
from geoseg.engines.color import ColorEngine
from geoseg.errors import Cancelled, InstructionError, OutputError, SceneError
from geoseg.events import Log, Progress
from geoseg.ledger import read_ledger
from geoseg.pipeline.kept import sources

ROOT = Path(__file__).parents[2]
COLOURS = {"r": (220, 20, 30), "g": (20, 200, 30), "b": (20, 30, 220)}
X, Y = 500_000, 5_200_000
DEGREES = Affine(1e-5, 0, 9.01, 0, -1e-5, 46.95)
"""About a metre, a kilometre east of the scene in UTM."""


def paint(height=600, width=1500, **plates):
    """Grey, with plates given as red=(col, row, col_end, row_end)."""
    image = np.full((3, height, width), 100, np.uint8)
    for name, (left, top, right, bottom) in plates.items():
        image[:, top:bottom, left:right] = np.array(COLOURS[name[0]], np.uint8)[:, None, None]
    return image


@pytest.fixture
def pair(draw_scene, tmp_path):
    """Two scenes of one name, in UTM with half a metre and in degrees with one; 2 and 4 tiles."""
    for folder in ("west", "east"):
        (tmp_path / folder).mkdir()
    west = draw_scene(paint(r=(100, 60, 1400, 300), b=(700, 400, 900, 500)), name="west/scene.tif")
    east = draw_scene(
        paint(1100, 1100, g=(30, 30, 80, 80), r=(500, 100, 700, 1000)),
        DEGREES,
        "EPSG:4326",
        name="east/scene.tif",
    )
    return west, east


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run with the ColorEngine; `run.asked` lists the windows that reached one of the engines."""

    class Spy(ColorEngine):
        def answer(self, questions):
            start.rounds += 1
            for instruction, answer in super().answer(questions):
                start.asked.append((instruction.text, answer.tile.window))
                if (start.rounds, answer.tile.index) in start.fails:
                    answer = TileAnswer(answer.tile, "out of luck", "failed")
                yield instruction, answer

    def opened(spec):
        start.engines += 1
        return Spy()

    monkeypatch.setattr("geoseg.pipeline.running.open_engine", opened)

    def start(scenes, *instructions, output="out.gpkg", listener=None, **options):
        start.asked, start.engines, start.rounds = [], 0, 0
        first, *others = scenes
        request = geoseg.Request(
            first,
            instructions or ("red and blue", "green"),
            tmp_path / output,
            tuple(others),
            checkpoint="color",
            **options,
        )
        return geoseg.run(request, listener)

    start.fails = frozenset()
    return start


def rows(path, layer, *left_out):
    """All that a layer says, geometries as bytes."""
    frame = gpd.read_file(path, layer=layer).drop(columns=list(left_out))
    return [(*row[:-1], row[-1].wkb) for row in frame.itertuples(index=False)]


def test_the_same_as_one_by_one(run, pair, tmp_path):
    heard = []
    result = run(pair, listener=heard.append)
    assert (run.engines, run.rounds) == (1, 2)
    assert (result.tiles, result.failed, result.warnings) == (12, (), ())
    utm = CRS.from_epsg(32632)
    for scene in pair:
        name = scene.parent.name
        run([scene], output=f"{name}.gpkg", dst_crs="EPSG:32632")
        for layer in ("01_red_and_blue", "02_green", "answers"):
            together = gpd.read_file(tmp_path / "out.gpkg", layer=layer)
            assert together.crs == utm
            mine = together[together.source == f"{name}/scene.tif"]
            alone = gpd.read_file(tmp_path / f"{name}.gpkg", layer=layer)
            assert set(alone.source) <= {"scene.tif"}
            assert (mine.geometry.to_wkb().tolist()) == alone.geometry.to_wkb().tolist()
            columns = [name for name in alone.columns if name not in ("id", "source", "geometry")]
            assert mine[columns].values.tolist() == alone[columns].values.tolist()
    assert len(gpd.read_file(tmp_path / "out.gpkg", layer="01_red_and_blue")) == 3
    told = [e for e in heard if isinstance(e, Progress) and e.unit == "tiles"]
    assert {event.total for event in told} == {6}
    assert [event.done for event in told if event.instruction == 0] == [0, 2, 6]


def test_one_ledger_and_one_record_tell_of_all_scenes(run, pair, tmp_path):
    run(pair, listener=None)
    with read_ledger(tmp_path / "out.gpkg.ledger") as runs:
        assert [one.key.grid.width for one in runs] == [1500, 1100]
        assert [one.plan.scene for one in runs] == [str(scene) for scene in pair]
    record = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="runs").iloc[0]
    assert record.tiles_asked == 12
    assert json.loads(record.settings)["scenes"] == [str(pair[1])]
    scenes = json.loads(record.scenes)
    assert [one["source"] for one in scenes] == ["west/scene.tif", "east/scene.tif"]
    assert [one["tiles"] for one in scenes] == [2, 4]


DRAWN = [{}, {"layer_per_target": True, "fuse": "core"}, {"dst_crs": "EPSG:3857", "min_area": 9e3}]


@pytest.mark.parametrize("options", DRAWN)
def test_refine_draws_all_scenes_of_the_run(run, pair, tmp_path, options):
    straight = run(pair, "red and green", "blue", **options)
    shutil.rmtree(pair[0].parent)
    ledger, again = tmp_path / "out.gpkg.ledger", tmp_path / "again.gpkg"
    result = geoseg.revise(geoseg.Revision(ledger, again, **options))
    assert [layer.table for layer in result.layers] == [layer.table for layer in straight.layers]
    for layer in (*(layer.table for layer in straight.layers), "answers"):
        assert rows(again, layer) == rows(tmp_path / "out.gpkg", layer)
    # In the order in which they are first found: red in the west, green only in the east.
    if "layer_per_target" in options:
        names = ["01_red_and_green_red", "01_red_and_green_green", "02_blue_blue"]
        assert [layer.table for layer in straight.layers] == names
        assert len(rows(again, names[0])) == 2


def test_refine_and_show_choose_scenes(run, pair, tmp_path, capsys):
    run(pair)
    ledger, out = str(tmp_path / "out.gpkg.ledger"), str(tmp_path / "east.gpkg")
    assert main(["refine", ledger, "-o", out, "--scene", "east/scene.tif"]) == 0
    found = gpd.read_file(out, layer="01_red_and_blue")
    assert found.crs.to_epsg() == 4326
    assert set(found.source) == {"east/scene.tif"}
    assert main(["refine", ledger, "-o", out, "--overwrite", "--scene", "scene.tif"]) == 2
    assert "its scenes are west/scene.tif, east/scene.tif" in capsys.readouterr().err
    assert main(["show", ledger, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["source"] for one in told] == ["west/scene.tif", "east/scene.tif"]
    assert main(["show", ledger, "--window", "3"]) == 0
    assert capsys.readouterr().out.startswith("east/scene.tif, window 3 (")
    # A later run over one of them is what refine draws from then on.
    run(pair[:1], ledger=ledger, overwrite=True)
    assert run.asked == []
    (report,) = geoseg.pipeline.showing.show(ledger)
    assert report.source == "scene.tif"


def test_killed_in_the_second_scene(run, pair, tmp_path):
    run(pair, output="straight.gpkg")
    code = f"""
        import os, signal
        import geoseg
        from geoseg.engines.color import ColorEngine
        from geoseg.pipeline import running

        class Mortal(ColorEngine):
            rounds = 0
            def answer(self, questions):
                Mortal.rounds += 1
                for count, answered in enumerate(super().answer(questions)):
                    if Mortal.rounds == 2 and count == 5:
                        os.kill(os.getpid(), signal.SIGKILL)
                    yield answered

        running.open_engine = lambda spec: Mortal()
        running.answer_scenes.__globals__["_COMMIT_ANSWERS"] = 1
        scenes = {[str(scene) for scene in pair]!r}
        out = {str(tmp_path / "out.gpkg")!r}
        words = ("red and blue", "green")
        geoseg.run(geoseg.Request(scenes[0], words, out, (scenes[1],), checkpoint="color"))
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(line, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out.gpkg").exists()
    heard = []
    run(pair, listener=heard.append)
    first = next(e for e in heard if isinstance(e, Progress))
    assert (first.done, first.total) == (4, 6)
    assert len(run.asked) == 4
    for layer in ("01_red_and_blue", "02_green", "answers"):
        assert rows(tmp_path / "out.gpkg", layer) == rows(tmp_path / "straight.gpkg", layer)


def test_a_stopped_run_knows_what_is_missing(run, pair, tmp_path):
    def impatient(event):
        if isinstance(event, Progress) and event.done >= 2:
            raise RuntimeError("enough")

    with pytest.raises(Cancelled):
        run(pair, "red", listener=impatient)
    ledger = tmp_path / "out.gpkg.ledger"
    result = geoseg.revise(geoseg.Revision(ledger, tmp_path / "part.gpkg"))
    assert [tile.source for tile in result.failed] == ["east/scene.tif"] * 4
    assert result.tiles == 2


def test_failed_tiles_name_their_scene(run, pair, tmp_path, capsys):
    run.fails = {(1, 1), (2, 2)}
    result = run(pair, "red")
    assert [(tile.source, tile.tile) for tile in result.failed] == [
        ("west/scene.tif", 1),
        ("east/scene.tif", 2),
    ]
    answers = gpd.read_file(tmp_path / "out.gpkg", layer="answers")
    failed = answers[answers.state == "failed"]
    assert failed.source.tolist() == ["west/scene.tif", "east/scene.tif"]
    assert main(["show", str(tmp_path / "out.gpkg.ledger"), "--failed"]) == 0
    assert "'red', east/scene.tif, window 2 (" in capsys.readouterr().out


def test_nothing_is_asked_when_one_cannot_be_opened(run, pair, draw_scene, tmp_path):
    before = sorted(tmp_path.iterdir())
    for bad, words in ((tmp_path / "none.tif", r"none\.tif"), (pair[0].parent, "west")):
        (pair[0].parent / "other.tif").write_bytes(b"no raster")
        with pytest.raises(SceneError, match=words):
            run([*pair, bad])
    assert run.engines == 0
    assert sorted(tmp_path.iterdir()) == before


def test_the_scene_of_an_error_is_named(run, pair, draw_scene):
    grey = draw_scene(paint(64, 64)[:1], name="grey.tif")
    with pytest.raises(InstructionError, match=r"grey\.tif"):
        run([*pair, grey], bidx=(1, 2, 3))
    with pytest.raises(InstructionError, match=r"grey\.tif: The working resolution"):
        run([pair[0], grey], gsd=100.0)


def test_a_scene_is_looked_at_once(run, pair, tmp_path):
    with pytest.raises(InstructionError, match="given twice"):
        run([*pair, pair[1]])
    copy = tmp_path / "copy.tif"
    shutil.copy(pair[1], copy)
    with pytest.raises(InstructionError, match=r"east/scene\.tif and .*copy\.tif are the same"):
        run([*pair, copy])


def test_scenes_outside_the_area_are_left_out(run, pair, tmp_path):
    heard = []
    inside = (X, Y - 100, X + 200, Y)
    result = run(pair, "red", bounds=inside, listener=heard.append)
    assert result.tiles == 1
    assert any(isinstance(e, Log) and "outside the area" in e.message for e in heard)
    assert set(gpd.read_file(tmp_path / "out.gpkg", layer="01_red").source) == {"west/scene.tif"}
    # The ledger knows both; refine gives the same.
    again = tmp_path / "again.gpkg"
    geoseg.revise(geoseg.Revision(tmp_path / "out.gpkg.ledger", again))
    assert rows(again, "01_red") == rows(tmp_path / "out.gpkg", "01_red")
    with pytest.raises(SceneError, match="none of the 2 scenes") as caught:
        run(pair, bounds=(0, 0, 1, 1), bounds_crs="EPSG:4326", output="no.gpkg")
    assert caught.value.code == "no_overlap"


def test_nothing_to_be_seen_in_one_scene(run, pair, draw_scene):
    half = paint(64, 2600, r=(30, 10, 60, 50))
    half[:, :, 600:] = 0
    empty = draw_scene(half, Affine(0.5, 0, X - 900, 0, -0.5, Y), name="half.tif", nodata=0)
    seen = (X + 50, Y - 32, X + 200, Y)
    result = run([pair[0], empty], "red", bounds=seen)
    assert result.warnings == (f"There is not one valid pixel in the area of interest of {empty}.",)
    with pytest.raises(SceneError, match="not one valid pixel in the area of interest"):
        run([empty], "red", output="empty.gpkg", bounds=seen)


def test_rasters_of_several_scenes(run, pair, tmp_path):
    with pytest.raises(InstructionError, match="2 scenes"):
        run(pair, scores=tmp_path / "scores.tif")
    run(pair, masks=tmp_path / "masks")
    made = sorted(path.relative_to(tmp_path / "masks").as_posix() for path in tmp_path.rglob("0*"))
    assert made == [
        "east_scene/01_red_and_blue_red.tif",
        "east_scene/02_green_green.tif",
        "west_scene/01_red_and_blue_blue.tif",
        "west_scene/01_red_and_blue_red.tif",
    ]
    with rasterio.open(tmp_path / "masks" / "east_scene" / "02_green_green.tif") as mask:
        assert mask.crs.to_epsg() == 4326
        assert mask.read(1)[35:75, 35:75].min() == 1
    ledger, scores = tmp_path / "out.gpkg.ledger", tmp_path / "scores.tif"
    with pytest.raises(InstructionError, match="2 scenes"):
        geoseg.revise(geoseg.Revision(ledger, tmp_path / "again.gpkg", scores=scores))
    chosen = ("east/scene.tif",)
    geoseg.revise(geoseg.Revision(ledger, tmp_path / "e.gpkg", scenes=chosen, scores=scores))
    assert scores.exists()


def test_shards_of_many_scenes_are_the_whole(run, pair, tmp_path, capsys):
    run(pair)
    ledgers = []
    for place in (1, 2, 3):
        run(pair, output=f"{place}.gpkg", shard=(place, 3))
        assert len(run.asked) == 4
        ledgers.append(str(tmp_path / f"{place}.gpkg.ledger"))
    united, out = str(tmp_path / "united.ledger"), str(tmp_path / "united.gpkg")
    assert main(["merge", *ledgers, "-o", united]) == 0
    assert main(["refine", united, "-o", out]) == 0
    for layer in ("01_red_and_blue", "02_green", "answers"):
        assert rows(out, layer) == rows(tmp_path / "out.gpkg", layer)


def test_ledgers_of_different_scenes_become_one_run(run, pair, tmp_path):
    run(pair)
    for scene in pair:
        run([scene], output=f"{scene.parent.name}.gpkg")
    parts = [str(tmp_path / f"{name}.gpkg.ledger") for name in ("west", "east")]
    united, out = str(tmp_path / "united.ledger"), str(tmp_path / "united.gpkg")
    assert main(["merge", *parts, "-o", united]) == 0
    assert main(["refine", united, "-o", out]) == 0
    assert rows(out, "01_red_and_blue") == rows(tmp_path / "out.gpkg", "01_red_and_blue")


def test_a_frame_of_several_scenes(pair):
    frame = geoseg.segment(list(pair), "red", checkpoint="color")
    assert frame.source.tolist() == ["west/scene.tif", "east/scene.tif"]
    assert frame.id.tolist() == [1, 2]
    assert len(frame.attrs["run"]["scenes"]) == 2
    with pytest.raises(InstructionError, match="no scene"):
        geoseg.segment([], "red", checkpoint="color")


def test_the_command(pair, tmp_path, capsys):
    listed, out = tmp_path / "list.txt", str(tmp_path / "out.geojson")
    listed.write_text("\n".join(map(str, pair)))
    line = ["run", "red", "--scenes-from", str(listed), "-o", out, "--checkpoint", "color"]
    assert main(line) == 0
    assert "Asking about 6 tiles of 2 scenes on cpu" in capsys.readouterr().err
    found = gpd.read_file(out)
    assert found.crs.to_epsg() == 4326
    _, east = found.bounds.values.tolist()
    assert east == pytest.approx([9.015, 46.94, 9.017, 46.949], abs=2e-5)
    assert main(["plan", "--scenes-from", str(listed), "--checkpoint", "color"]) == 0
    said = capsys.readouterr().out
    assert "6 windows in all of 1024 px" in said


def test_a_ledger_of_several_scenes_is_held(run, pair, tmp_path):
    def again(event):
        if isinstance(event, Progress):
            with pytest.raises(OutputError, match="use"):
                geoseg.run(
                    geoseg.Request(
                        pair[1],
                        ("red",),
                        tmp_path / "other.gpkg",
                        checkpoint="color",
                        ledger=tmp_path / "out.gpkg.ledger",
                    )
                )

    run(pair, "red", listener=again)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/b/scene.tif"], ["scene.tif"]),
        (["a/x.tif", "b/y.tif"], ["x.tif", "y.tif"]),
        (["a/x.tif", "b/x.tif", "c.tif"], ["a/x.tif", "b/x.tif", "c.tif"]),
        (["x.tif", "b/x.tif"], ["x.tif", "b/x.tif"]),
        (["p/a/x.tif", "q/a/x.tif", "r/x.tif"], ["p/a/x.tif", "q/a/x.tif", "r/x.tif"]),
        (["x.tif", "x.tif"], ["x.tif", "x.tif (2)"]),
        (["https://h.org/a/x.tif", "https://h.org/b/x.tif"], ["a/x.tif", "b/x.tif"]),
        (["."], ["."]),
    ],
)
def test_names_tell_scenes_apart(paths, names):
    assert list(sources(paths)) == names
