"""Scores of polygons whose fit can be worked out by hand."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from geoseg.errors import InstructionError, SceneError
from geoseg.evaluate import evaluate

EAST, NORTH = 500_000.0, 5_200_000.0


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + height)


def write(path: Path, shapes: list[Any], crs: Any = 32632, **columns: list[Any]) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs=32632 if crs else None)
    if crs and crs != 32632:
        frame = frame.to_crs(crs)
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path)
    return path


TRUTH = [box(0, 0, 20, 20), box(100, 0, 20, 20), box(130, 0, 20, 20), box(200, 0, 40, 10)]


def test_the_same_layer_fits_wholly(tmp_path):
    path = write(tmp_path / "a.gpkg", TRUTH)
    one = evaluate(path, path).overall
    assert (one.iou, one.precision, one.recall, one.f1) == pytest.approx((1, 1, 1, 1))
    assert (one.found, one.matched, one.fragments, one.false_merges) == (4, 4, 0, 0)
    assert one.boundary_error_m == pytest.approx(0, abs=1e-6)


def test_written_numbers(tmp_path):
    """A shifted object, two glued together, one in two pieces, and one that is not there."""
    found = [
        box(4, 0, 20, 20),
        box(100, 0, 50, 20),
        box(200, 0, 16, 10),
        box(218, 0, 22, 10),
        box(300, 0, 10, 10),
    ]
    report = evaluate(write(tmp_path / "o.gpkg", found), write(tmp_path / "t.gpkg", TRUTH))
    one = report.overall
    shared = 16 * 20 + 2 * 400 + 380
    assert one.iou == pytest.approx(shared / (400 + 1000 + 380 + 100 + 1600 - shared), rel=1e-3)
    assert one.area_recall == pytest.approx(shared / 1600, rel=1e-3)
    # 320/480 fits; the glued one holds 400/1000 of each; of the pieces, one holds 22/40.
    assert (one.found, one.truth, one.matched) == (5, 4, 2)
    assert (one.precision, one.recall) == (0.4, 0.5)
    assert one.f1 == pytest.approx(2 * 0.4 * 0.5 / 0.9)
    assert (one.fragments, one.false_merges) == (1, 1)
    assert report.targets == {}


def test_boundary_error_in_metres(tmp_path):
    truth = write(tmp_path / "t.gpkg", [box(0, 0, 100, 100)])
    out = write(tmp_path / "o.gpkg", [shapely.buffer(box(0, 0, 100, 100), 2, join_style="mitre")])
    assert evaluate(out, truth).overall.boundary_error_m == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize(
    ("name", "crs"),
    [("o.gpkg", 4326), ("o.gpkg", 3857), ("o.parquet", 32633), ("o.geojson", 4326)],
)
def test_the_crs_and_the_format_do_not_matter(tmp_path, name, crs):
    truth = write(tmp_path / "t.gpkg", TRUTH)
    out = write(tmp_path / name, TRUTH, crs)
    one = evaluate(out, truth).overall
    assert one.iou == pytest.approx(1, abs=1e-4)
    assert one.boundary_error_m == pytest.approx(0, abs=1e-3)


def test_by_target(tmp_path):
    truth = write(tmp_path / "t.gpkg", TRUTH, kind=["ships", "Ships", "the boats", "barges"])
    out = write(
        tmp_path / "o.gpkg",
        [TRUTH[0], TRUTH[1], TRUTH[3]],
        target=["ships", "boats", "boats"],
    )
    report = evaluate(out, truth, by="kind")
    assert list(report.targets) == ["barge", "boat", "ship"]
    assert report.targets["ship"].recall == 0.5
    assert report.targets["boat"].precision == 0.0
    assert report.targets["barge"].iou == 0.0
    assert (report.overall.found, report.overall.truth, report.overall.matched) == (3, 4, 1)
    only = evaluate(out, truth, by="kind", target="the ships")
    assert only.overall == report.targets["ship"]


def test_only_one_target_against_a_truth_of_one_kind(tmp_path):
    truth = write(tmp_path / "t.gpkg", TRUTH[:1])
    out = write(tmp_path / "o.gpkg", TRUTH[:2], target=["roofs", "ponds"])
    assert evaluate(out, truth, target="roofs").overall.precision == 1.0
    assert evaluate(out, truth).overall.precision == 0.5


def test_nothing_found_and_nothing_there(tmp_path):
    empty = geopandas.GeoDataFrame({"target": []}, geometry=[], crs=32632)
    empty.to_file(tmp_path / "none.gpkg", geometry_type="Polygon")
    truth = write(tmp_path / "t.gpkg", TRUTH)
    one = evaluate(tmp_path / "none.gpkg", truth).overall
    assert (one.iou, one.precision, one.recall, one.f1) == (0, 0, 0, 0)
    assert one.boundary_error_m is None
    none = evaluate(tmp_path / "none.gpkg", tmp_path / "none.gpkg").overall
    assert (none.iou, none.precision, none.recall, none.f1) == (1, 1, 1, 1)


def test_across_the_antimeridian(tmp_path):
    halves = [shapely.box(179.999, -17, 180, -16.999), shapely.box(-180, -17, -179.999, -16.999)]
    whole = shapely.box(179.999, -17, 180.001, -16.999)
    for name, shapes in {"halves": halves, "whole": [whole]}.items():
        frame = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
        frame.to_file(tmp_path / f"{name}.gpkg")
    one = evaluate(tmp_path / "halves.gpkg", tmp_path / "whole.gpkg").overall
    assert one.iou == pytest.approx(1, abs=1e-6)
    assert one.fragments == 1


def test_all_layers_that_geoseg_wrote_are_taken(tmp_path):
    truth = write(tmp_path / "t.gpkg", TRUTH)
    for name, shape in {"one": TRUTH[0], "two": TRUTH[1]}.items():
        frame = geopandas.GeoDataFrame({"target": [name]}, geometry=[shape], crs=32632)
        frame.to_file(tmp_path / "o.gpkg", layer=name)
    tiles = geopandas.GeoDataFrame({"tile": [0]}, geometry=[box(0, 0, 9, 9)], crs=32632)
    tiles.to_file(tmp_path / "o.gpkg", layer="answers")
    assert evaluate(tmp_path / "o.gpkg", truth).overall.found == 2
    assert evaluate(f"{tmp_path / 'o.gpkg'}:one", truth).overall.found == 1


def test_what_cannot_be_compared(tmp_path):
    truth = write(tmp_path / "t.gpkg", TRUTH)
    with pytest.raises(SceneError, match="no vector file"):
        evaluate(tmp_path / "absent.gpkg", truth)
    points = write(tmp_path / "p.gpkg", [shapely.Point(EAST, NORTH)])
    with pytest.raises(SceneError, match="no polygons"):
        evaluate(truth, points)
    nowhere = write(tmp_path / "n.gpkg", TRUTH, crs=None)
    with pytest.raises(SceneError, match="no coordinate reference system"):
        evaluate(truth, nowhere)
    with pytest.raises(InstructionError, match="no column 'kind'"):
        evaluate(truth, truth, by="kind")
    with pytest.raises(InstructionError, match="'pond'"):
        evaluate(truth, truth, target="ponds")


def test_random_squares_against_plain_arithmetic(tmp_path):
    rng = np.random.default_rng(3)
    corners = rng.permutation(100)[:40]
    truth = [box(30 * (c % 10), 30 * (c // 10), 20, 20) for c in corners]
    shifts = rng.uniform(0, 12, 40)
    found = [
        box(30 * (c % 10) + s, 30 * (c // 10), 20, 20) for c, s in zip(corners, shifts, strict=True)
    ]
    one = evaluate(write(tmp_path / "o.gpkg", found), write(tmp_path / "t.gpkg", truth)).overall
    ious = (20 - shifts) / (20 + shifts)
    assert one.matched == (ious >= 0.5).sum()
    assert asdict(one)["truth"] == 40
