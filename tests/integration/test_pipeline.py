"""Whole runs over drawn scenes: what comes out, where it lies, and what a stopped run keeps."""

from __future__ import annotations

import json
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from shapely import box

import geoseg
from geoseg.dialogue import TileAnswer
from geoseg.engines.color import ColorEngine
from geoseg.errors import Cancelled, InstructionError, OutputError, SceneError
from geoseg.events import Layer, Progress, Result, Stage
from geoseg.pipeline.planning import outlook
from geoseg.scene import read_chips

RED, GREEN, BLUE = (220, 20, 30), (20, 200, 30), (20, 30, 220)
X, Y = 500_000, 5_200_000


def paint(height=1500, width=2000, **plates):
    """Grey, with plates given as red=(col, row, col_end, row_end)."""
    image = np.full((3, height, width), 100, np.uint8)
    for name, (left, top, right, bottom) in plates.items():
        colour = {"r": RED, "g": GREEN, "b": BLUE}[name[0]]
        image[:, top:bottom, left:right] = np.array(colour, np.uint8)[:, None, None]
    return image


def ground(left, top, right, bottom):
    """Pixels of the half-metre scene as a polygon in its CRS."""
    return box(X + left / 2, Y - bottom / 2, X + right / 2, Y - top / 2)


def iou(one, other):
    return one.intersection(other).area / one.union(other).area


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run with the ColorEngine; `run.asked` lists the windows that reached the engine."""

    class Spy(ColorEngine):
        def answer(self, questions):
            for instruction, answer in super().answer(questions):
                start.asked.append((instruction.text, answer.tile.window))
                if {answer.tile.index, (instruction.text, answer.tile.index)} & start.fails:
                    answer = TileAnswer(answer.tile, "out of luck", "failed")
                yield instruction, answer

    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Spy())

    def start(scene, *instructions, output="out.gpkg", listener=None, **options):
        start.asked = []
        request = geoseg.Request(
            scene, instructions, tmp_path / output, checkpoint="color", **options
        )
        return geoseg.run(request, listener)

    start.asked = []
    start.fails = frozenset()
    return start


def read(tmp_path, layer, output="out.gpkg"):
    return gpd.read_file(tmp_path / output, layer=layer)


def test_plates_come_out_where_they_were_drawn(run, draw_scene, tmp_path):
    plates = {"r1": (100, 60, 1900, 300), "b": (700, 600, 1400, 1100), "r2": (40, 1290, 80, 1350)}
    heard = []
    result = run(draw_scene(paint(**plates)), "red and blue", "green", listener=heard.append)
    found = read(tmp_path, "01_red_and_blue")
    assert found.crs.to_epsg() == 32632
    assert found.target.tolist() == ["red", "red", "blue"]
    truth = [ground(*plates[name]) for name in ("r1", "r2", "b")]
    for geometry, area_m2, expected in zip(found.geometry, found.area_m2, truth, strict=True):
        assert geometry.is_valid
        assert iou(geometry, expected) > 0.99
        assert area_m2 == pytest.approx(expected.area / 0.9996**2, rel=1e-2)
    assert found.agreement.tolist() == [1, 1, 1]
    assert not found.touches_edge.any()
    assert set(found.source) == {"scene.tif"}
    assert len(read(tmp_path, "02_green")) == 0
    assert (result.tiles, result.failed, result.warnings) == (12, (), ())
    assert (tmp_path / "out.gpkg.ledger").exists()
    names = [event.name for event in heard if isinstance(event, Stage)]
    assert names == ["read", "load_model", "segment", "vectorize", "write"]
    assert [event.table for event in heard if isinstance(event, Layer)] == [
        "01_red_and_blue",
        "02_green",
    ]
    assert heard[-1] == result
    assert isinstance(result, Result)


def test_progress_follows_the_commits(run, draw_scene):
    heard = []
    run(draw_scene(paint(64, 4000)), "red", listener=heard.append)
    tiles = [(e.done, e.total) for e in heard if isinstance(e, Progress) and e.unit == "tiles"]
    assert tiles[0] == (0, 5)
    assert tiles[-1] == (5, 5)
    assert tiles == sorted(tiles)


def test_instructions_advance_together_and_a_tile_is_read_once(run, draw_scene, monkeypatch):
    read = []

    def counted(scene, tiles, rendering):
        tiles = list(tiles)
        read.extend(tiles)
        return read_chips(scene, tiles, rendering)

    monkeypatch.setattr("geoseg.pipeline.asking.read_chips", counted)
    heard = []
    run(draw_scene(paint(64, 12_000)), "red", "blue", listener=heard.append)
    told = [e for e in heard if isinstance(e, Progress) and e.unit == "tiles"]
    assert len(read) == 16
    assert [(e.instruction, e.done, e.total) for e in told] == [
        (i, done, 16) for done in (0, 8, 16) for i in (0, 1)
    ]
    assert run.asked == [(text, tile.window) for tile in read for text in ("red", "blue")]
    assert told[0].eta_s is None
    assert told[2].eta_s > 0
    assert told[-1].eta_s == 0


def test_the_file_tells_how_it_was_made(run, draw_scene, tmp_path):
    run(draw_scene(paint(r=(0, 0, 9, 9))), "red", overlap=128)
    runs = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="runs")
    settings = json.loads(runs.settings[0])
    assert (settings["overlap"], settings["instructions"]) == (128, ["red"])
    assert json.loads(runs.versions[0])["gdal"]
    assert (runs.checkpoint_hash[0], runs.tiles_asked[0]) == ("color-1", 6)
    answers = read(tmp_path, "answers")
    assert answers.tile.tolist() == [0, 1, 2, 3, 4, 5][: len(answers)]
    assert answers.text[0] == "Here is something red."
    assert shapely.union_all(answers.geometry).equals(ground(0, 0, 2000, 1500))


def test_a_plate_across_the_scenes_edge_reaches_it(run, draw_scene, tmp_path):
    run(draw_scene(paint(301, 403, r=(200, 100, 403, 301))), "red")
    (found,) = read(tmp_path, "01_red").itertuples()
    assert found.touches_edge
    assert found.geometry.bounds == pytest.approx((X + 100, Y - 150.5, X + 201.5, Y - 50), abs=0.01)


def test_degrees_and_rotation(run, draw_scene, tmp_path):
    image = paint(400, 500, r=(100, 100, 300, 200))
    turned = Affine.translation(85.3, 27.7) @ Affine.rotation(30) @ Affine.scale(1e-5, -1e-5)
    run(draw_scene(image, turned, "EPSG:4326"), "red")
    (found,) = read(tmp_path, "01_red").itertuples()
    corners = [turned @ corner for corner in ((100, 100), (300, 100), (300, 200), (100, 200))]
    assert iou(found.geometry, shapely.Polygon(corners)) > 0.98
    assert 15_000 < found.area_m2 < 25_000


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_other_types_are_stretched_once(run, draw_scene, tmp_path, dtype):
    image = (paint(300, 300, r=(100, 100, 200, 200)).astype(dtype)) * 20
    run(draw_scene(np.concatenate([image, image[:1]])), "red")
    (found,) = read(tmp_path, "01_red").itertuples()
    assert iou(found.geometry, ground(100, 100, 200, 200)) > 0.97


def test_what_holds_no_data_is_not_found_and_not_asked(run, draw_scene, tmp_path):
    image = paint(800, 3000, r=(100, 100, 2900, 200))
    image[:, :, :1100] = 0
    scene = draw_scene(image, nodata=0)
    result = run(scene, "red")
    found = read(tmp_path, "01_red")
    assert shapely.union_all(found.geometry).bounds[0] == pytest.approx(X + 550, abs=1)
    assert read(tmp_path, "answers").state.tolist().count("skipped") == 1
    assert result.tiles == len(run.asked) == 3
    run(scene, "red", overwrite=True)
    assert run.asked == []
    run(scene, "blue", "green", "red", overwrite=True)
    assert read(tmp_path, "answers").state.tolist().count("skipped") == 3
    assert len(run.asked) == 6


def test_what_no_data_cuts_reaches_an_edge(run, draw_scene, tmp_path):
    image = paint(r1=(200, 200, 400, 400), r2=(500, 500, 600, 600), r3=(900, 100, 1000, 300))
    image[:, 300:360, 100:460] = 0  # through the first plate, in the middle of a tile
    image[:, 610:700, 480:640] = 0  # near the second one
    run(draw_scene(image, nodata=0), "red")
    found = read(tmp_path, "01_red").sort_values("area_m2")
    assert [(round(row.geometry.area), row.touches_edge) for row in found.itertuples()] == [
        (pytest.approx(2000, rel=0.02), True),
        (pytest.approx(2500, rel=0.02), False),
        (pytest.approx(5000, rel=0.02), False),
        (pytest.approx(5000, rel=0.02), True),
    ]
    upper = found.iloc[[0, 3]].geometry.total_bounds
    assert upper[3] - upper[1] == pytest.approx(100, abs=0.5)
    assert not found.intersects(ground(100, 300, 460, 360).buffer(-0.01)).any()


def test_a_scene_or_an_area_without_data_is_refused(run, draw_scene, tmp_path):
    with pytest.raises(SceneError):
        run(draw_scene(np.zeros((3, 50, 50), np.uint8), nodata=0, name="empty.tif"), "red")
    image = paint(100, 3000, r=(10, 10, 90, 90))
    image[:, :, 1500:] = 0
    with pytest.raises(SceneError, match="not one valid pixel in the area of interest"):
        run(draw_scene(image, nodata=0), "red", bounds=(X + 1490, Y - 50, X + 1500, Y))
    assert not (tmp_path / "out.gpkg").exists()


def test_bounds_and_area_prune_and_clip(run, draw_scene, tmp_path):
    scene = draw_scene(paint(1500, 4000, r=(100, 100, 3900, 200)))
    to_degrees = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    degrees = to_degrees.transform_bounds(X + 50, Y - 600, X + 400, Y)
    run(scene, "red", bounds=degrees, bounds_crs="EPSG:4326", output="bounds.gpkg")
    whole = [t.window for t in geoseg.pipeline.survey.plan_tiles(1500, 4000)]
    assert 0 < len(run.asked) < len(whole)
    assert {window for _, window in run.asked} <= set(whole)
    (found,) = read(tmp_path, "01_red", "bounds.gpkg").itertuples()
    assert found.touches_edge
    assert found.geometry.bounds[2] == pytest.approx(X + 400, abs=2)

    stripes = [box(X + 100, Y - 900, X + 200, Y), box(X + 300, Y - 900, X + 350, Y)]
    gpd.GeoDataFrame(geometry=stripes, crs="EPSG:32632").to_file(tmp_path / "aoi.gpkg", layer="b")
    run(scene, "red", aoi=f"{tmp_path / 'aoi.gpkg'}:b", output="aoi.gpkg.gpkg")
    clipped = read(tmp_path, "01_red", "aoi.gpkg.gpkg")
    assert sorted(clipped.geometry.area.round()) == [2500, 5000]
    with pytest.raises(SceneError, match="do not meet"):
        run(
            scene,
            "red",
            aoi=str(tmp_path / "aoi.gpkg"),
            bounds=(X, Y - 9, X + 9, Y),
            output="no.gpkg",
        )


def test_other_crs_layers_and_limits(run, draw_scene, tmp_path):
    plates = {"r1": (100, 100, 200, 200), "r2": (300, 100, 310, 110), "b": (100, 300, 200, 400)}
    scene = draw_scene(paint(500, 500, **plates))
    options = {"layer_per_target": True, "dst_crs": "EPSG:4326", "min_area": 100}
    result = run(scene, "red, blue", "green", **options)
    assert [layer.table for layer in result.layers] == [
        "01_red_blue_red",
        "01_red_blue_blue",
        "02_green",
    ]
    assert [layer.features for layer in result.layers] == [1, 1, 0]
    (found,) = read(tmp_path, "01_red_blue_blue").itertuples()
    assert found.geometry.centroid.distance(shapely.Point(9.0, 46.95)) < 0.05
    assert result.layers[0].crs == "EPSG:4326"
    assert read(tmp_path, "answers").crs.to_epsg() == 4326


def test_the_same_command_again_asks_nothing(run, draw_scene, tmp_path):
    scene = draw_scene(paint(r=(100, 100, 1900, 200)))
    run(scene, "red")
    assert len(run.asked) == 6
    first = read(tmp_path, "01_red")
    with pytest.raises(OutputError, match="exists already"):
        run(scene, "red")
    run(scene, "red", "blue", overwrite=True, fuse="core", threshold=0.4)
    assert {text for text, _ in run.asked} == {"blue"}
    assert len(read(tmp_path, "01_red")) == len(first)
    run(scene, "red", overwrite=True, resume=False)
    assert len(run.asked) == 6


def test_another_overlap_or_scene_never_reuses_an_answer(run, draw_scene, tmp_path):
    scene = draw_scene(paint(500, 2000, r=(0, 0, 99, 99)))
    run(scene, "red", overlap=256)
    before = {window for _, window in run.asked}
    run(scene, "red", overlap=640, overwrite=True)
    assert len(run.asked) == 2  # the outermost of its four windows are the same places
    assert not before & {window for _, window in run.asked}
    moved = draw_scene(paint(500, 2000, r=(400, 0, 499, 99)))
    run(moved, "red", overlap=256, overwrite=True)
    assert len(run.asked) == 3
    (found,) = read(tmp_path, "01_red").itertuples()
    assert iou(found.geometry, ground(400, 0, 499, 99)) > 0.95


def test_a_listener_that_raises_stops_and_the_same_command_goes_on(run, draw_scene, tmp_path):
    scene = draw_scene(paint(64, 12_000, r=(0, 0, 11_999, 30)))

    def impatient(event):
        if isinstance(event, Progress) and event.done >= 8:
            raise RuntimeError("enough")

    with pytest.raises(Cancelled, match=r"out\.gpkg\.ledger.*same command again") as caught:
        run(scene, "red", listener=impatient)
    assert caught.value.exit_status == 130
    kept = list(run.asked)
    assert not (tmp_path / "out.gpkg").exists()
    heard = []
    run(scene, "red", listener=heard.append)
    assert next(e.done for e in heard if isinstance(e, Progress)) == 8
    assert not set(kept[:8]) & set(run.asked)
    resumed = read(tmp_path, "01_red")
    run(scene, "red", output="straight.gpkg", ledger=tmp_path / "straight.ledger")
    straight = read(tmp_path, "01_red", "straight.gpkg")
    assert resumed.geometry.geom_equals_exact(straight.geometry, 0).all()


def test_each_instruction_is_asked_where_it_is_open(run, draw_scene, tmp_path):
    scene = draw_scene(paint(64, 12_000, r=(0, 0, 11_999, 30), b=(0, 40, 11_999, 64)))
    west = (X, Y - 32, X + 1000, Y)
    run(scene, "red", bounds=west)
    kept = [window for _, window in run.asked]
    assert 0 < len(kept) < 16
    heard = []
    run(scene, "blue", "red", overwrite=True, listener=heard.append)
    asked = {text: [w for t, w in run.asked if t == text] for text in ("red", "blue")}
    assert len(asked["blue"]) == 16
    assert set(asked["red"]) == set(asked["blue"]) - set(kept)
    told = [(e.instruction, e.done) for e in heard if isinstance(e, Progress) and e.total]
    assert told[:2] == [(0, 0), (1, len(kept))]
    assert {(0, 16), (1, 16)} <= set(told)
    resumed = [read(tmp_path, f"0{n}_{text}") for n, text in ((1, "blue"), (2, "red"))]
    run(scene, "blue", "red", output="straight.gpkg", ledger=tmp_path / "straight.ledger")
    for n, before in enumerate(resumed, start=1):
        after = read(tmp_path, f"0{n}_{before.target[0]}", "straight.gpkg")
        assert after.geometry.geom_equals_exact(before.geometry, 0).all()


def test_ctrl_c_while_polygons_are_drawn(run, draw_scene, tmp_path):
    scene = draw_scene(paint(r=(100, 100, 1900, 200)))

    def interrupted(event):
        if isinstance(event, Progress) and event.unit == "polygons":
            raise KeyboardInterrupt

    with pytest.raises(Cancelled, match="Finished tiles are kept"):
        run(scene, "red", listener=interrupted)
    assert sorted(path.name for path in tmp_path.iterdir() if "ledger" not in path.name) == [
        "scene.tif"
    ]
    run(scene, "red")
    assert run.asked == []


def test_stopped_before_anything_was_asked(run, draw_scene):
    def never(event):
        raise RuntimeError

    with pytest.raises(Cancelled, match="before the first tile"):
        run(draw_scene(paint(64, 64)), "red", listener=never)


def test_failed_tiles_are_listed_leave_holes_and_are_asked_again(run, draw_scene, tmp_path):
    scene = draw_scene(paint(64, 4000, r=(0, 0, 4000, 30)))
    run.fails = frozenset({2})
    result = run(scene, "red")
    (failed,) = result.failed
    assert (failed.instruction, failed.tile, failed.reason) == (0, 2, "out of luck")
    assert failed.window[2:] == (1024, 64)
    assert result.tiles == 4
    assert read(tmp_path, "answers").state.tolist().count("failed") == 1
    holed = read(tmp_path, "01_red").geometry.area.sum()
    run.fails = frozenset()
    assert run(scene, "red", overwrite=True).failed == ()
    assert len(run.asked) == 1
    assert read(tmp_path, "01_red").geometry.area.sum() > holed


def test_one_instruction_that_fails_does_not_lose_the_other(run, draw_scene, tmp_path):
    scene = draw_scene(paint(64, 4000, r=(0, 0, 4000, 30)))
    run.fails = frozenset({("red", 2), ("blue", 0)})
    result = run(scene, "red", "blue")
    assert [(f.instruction, f.tile) for f in result.failed] == [(0, 2), (1, 0)]
    assert result.tiles == 8
    run.fails = frozenset()
    assert run(scene, "red", "blue", overwrite=True).failed == ()
    assert [text for text, _ in run.asked] == ["blue", "red"]


def test_requests_are_refused_before_any_work(run, draw_scene, tmp_path):
    scene = draw_scene(paint(64, 64))
    for instructions, words in [
        ((), "no instruction"),
        (("  ",), "empty"),
        ((str(scene),), "is a file; the instruction was forgotten"),
        (("red", "red"), "given twice"),
    ]:
        with pytest.raises(InstructionError, match=words):
            run("missing.tif", *instructions)
    for options, words in [
        ({"threshold": 1.5}, "threshold"),
        ({"min_area": -1}, "negative"),
        ({"min_area": float("nan")}, "negative"),
        ({"fuse": "sum"}, "sum"),
        ({"quantize": "int3"}, "int3"),
        ({"stretch": "wide"}, "stretch"),
        ({"dst_crs": "nowhere"}, "nowhere"),
    ]:
        with pytest.raises(InstructionError, match=words):
            run("missing.tif", "red", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.tif"]


class TestSegment:
    def test_a_frame_in_the_scenes_crs(self, draw_scene):
        scene = draw_scene(paint(300, 300, r=(50, 50, 150, 150), b=(200, 200, 260, 260)))
        frame = geoseg.segment(scene, "red", "blue", "green", checkpoint="color")
        assert frame.crs.to_epsg() == 32632
        assert frame.instruction.tolist() == ["red", "blue"]
        assert frame.id.tolist() == [1, 2]
        assert iou(frame.geometry[0], ground(50, 50, 150, 150)) > 0.97
        record = frame.attrs["run"]
        assert record["tiles_asked"] == 3
        assert record["settings"]["checkpoint"] == "color"

    def test_nothing_found_is_an_empty_frame_with_all_columns(self, draw_scene):
        frame = geoseg.segment(draw_scene(paint(64, 64)), "red", checkpoint="color")
        assert len(frame) == 0
        assert frame.crs == CRS.from_epsg(32632)
        assert "agreement" in frame.columns

    def test_a_named_ledger_is_used_again(self, draw_scene, tmp_path):
        scene, ledger = draw_scene(paint(64, 64)), tmp_path / "kept.ledger"
        for asked in (1, 0):
            frame = geoseg.segment(scene, "red", checkpoint="color", ledger=ledger)
            assert frame.attrs["run"]["tiles_asked"] == asked

    def test_stopped_without_a_ledger(self, draw_scene):
        def stop(event):
            raise RuntimeError

        with pytest.raises(Cancelled, match="no ledger was named"):
            geoseg.segment(draw_scene(paint(64, 64)), "red", checkpoint="color", listener=stop)

    def test_an_option_that_does_not_exist(self, draw_scene):
        with pytest.raises(InstructionError, match="colour"):
            geoseg.segment(draw_scene(paint(64, 64)), "red", colour=3)


def test_a_plan_counts_and_writes_nothing(draw_scene, tmp_path):
    scene = draw_scene(paint(1500, 4000))
    report = geoseg.plan(geoseg.Request(scene, checkpoint="color"))
    (one,) = report.scenes
    assert (one.width, one.height, one.bands) == (4000, 1500, 3)
    assert report.tiles == report.tiles_of_scenes == one.tiles == one.tiles_of_scene == 10
    assert report.memory_bytes is not None
    assert report.seconds is not None
    part = geoseg.plan(geoseg.Request(scene, bounds=(X, Y - 9, X + 9, Y), checkpoint="color"))
    assert (part.tiles, part.tiles_of_scenes) == (1, 10)
    unknown = geoseg.plan(geoseg.Request(scene, checkpoint="some/folder"))
    assert (unknown.memory_bytes, unknown.seconds) == (None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.tif"]


def test_the_outlook_knows_that_further_instructions_cost_less():
    one = geoseg.Request("scene.tif", ("roofs",))
    three = geoseg.Request("scene.tif", ("roofs", "ponds", "roads"))
    assert outlook(one, "cpu", 300) == (
        "Asking about 300 tiles on cpu, which takes about 2 min if none is done yet."
    )
    assert outlook(three, "cpu", 300) == (
        "Asking about 300 tiles for 3 instructions on cpu, which takes about 3 min if none is done "
        "yet."
    )
    assert outlook(three, "cuda:0", 1) == "Asking about 1 tile for 3 instructions on cuda:0."


def test_a_run_with_colours_needs_no_torch(draw_scene, tmp_path):
    scene = draw_scene(paint(64, 64, r=(0, 0, 30, 30)))
    code = (
        "import sys, geoseg\n"
        f"geoseg.run(geoseg.Request({str(scene)!r}, ('red',), {str(tmp_path / 'o.gpkg')!r}, "
        "checkpoint='color'))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
