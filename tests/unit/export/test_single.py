"""GeoJSON in longitude and latitude wherever the scene lies, shapefiles within their limits."""

from __future__ import annotations

import json
import sqlite3
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS, Geod, Transformer
from shapely import box

from geoseg.dialogue import Target
from geoseg.errors import OutputError
from geoseg.export import STDOUT, LayerContent, Origin, RunRecord, check_output, write_features
from geoseg.features import Feature

RECORD = RunRecord({}, {}, "abc", "2026-01-01", 1.5, 3, 1)
UTM_1 = CRS.from_epsg(32601).to_wkt()
ANTARCTIC = CRS.from_epsg(3031).to_wkt()
WGS84 = CRS.from_epsg(4326).to_wkt()


def write(path, crs, *polygons, text="all roofs", **options):
    found = (Feature(one, Target("roof"), 0.9, 0.5, 4, 2, 12.5, False) for one in polygons)
    origin = Origin(lambda: RECORD)
    return write_features(
        [LayerContent(0, text, [("scene.tif", found)])], path, crs, origin, **options
    )


def geometries(path):
    if path.suffix == ".geojson":
        features = json.loads(path.read_text())["features"]
    else:
        features = [json.loads(line) for line in path.read_text().splitlines()]
    return [shapely.geometry.shape(one["geometry"]) for one in features]


def area_m2(geometry):
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(geometry)[0])


@pytest.mark.parametrize("name", ["out.geojson", "out.geojsonl"])
def test_what_crosses_the_antimeridian_is_cut_there(tmp_path, name):
    path = tmp_path / name
    (layer,) = write(path, UTM_1, box(160_000, 1000, 180_000, 9000))
    (found,) = geometries(path)
    assert found.is_valid
    assert sorted(round(part.bounds[0]) for part in found.geoms) == [-180, 180]
    assert all(part.bounds[2] - part.bounds[0] < 0.2 for part in found.geoms)
    # The projection's own scale at 3.1° from its meridian is 1.00107.
    assert area_m2(found) == pytest.approx(160e6 / 1.00107**2, rel=1e-3)
    assert layer.crs == "EPSG:4326"
    assert layer.bounds[0] > 179 > -179 > layer.bounds[2]


@pytest.mark.parametrize("name", ["out.geojson", "out.geojsonl"])
def test_a_pole_lies_inside_what_holds_it(tmp_path, name):
    path = tmp_path / name
    write(path, ANTARCTIC, box(-50_000, -50_000, 50_000, 50_000))
    (found,) = geometries(path)
    assert found.is_valid
    assert found.bounds[:2] == (-180, -90)
    assert found.bounds[2] == 180
    corner = Transformer.from_crs(3031, 4326, always_xy=True).transform(0, 50_000)[1]
    assert found.intersection(box(-1, -90, 1, -80)).bounds[3] == pytest.approx(corner, abs=1e-3)


def test_long_edges_bend_as_the_projection_does(tmp_path):
    path = tmp_path / "out.geojsonl"
    crs = CRS.from_epsg(32632).to_wkt()
    write(path, crs, box(300_000, 6_600_000, 400_000, 6_600_100))
    (found,) = geometries(path)
    middle = Transformer.from_crs(32632, 4326, always_xy=True).transform(350_000, 6_600_050)
    assert found.contains(shapely.Point(middle))


def test_geojson_of_a_scene_in_degrees_is_left_alone(tmp_path):
    path = tmp_path / "out.geojsonl"
    (layer,) = write(path, WGS84, box(8, 47, 8.5, 47.25))
    assert geometries(path)[0].equals(box(8, 47, 8.5, 47.25))
    assert layer.bounds == pytest.approx((8, 47, 8.5, 47.25))


def test_standard_output_gets_a_feature_a_line(monkeypatch):
    kept = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(kept))
    shapes = [box(8 + i / 100, 47, 8.005 + i / 100, 47.25) for i in range(5000)]
    (layer,) = write(STDOUT, WGS84, *shapes)
    lines = [json.loads(line) for line in kept.getvalue().decode().splitlines()]
    assert [line["properties"]["id"] for line in lines] == list(range(1, 5001))
    assert (layer.features, layer.table) == (5000, "features")


def test_a_reader_that_goes_away_is_named(monkeypatch):
    class Closed(BytesIO):
        def write(self, data):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", TextIOWrapper(Closed()))
    with pytest.raises(OutputError, match=r"Standard output .* Broken pipe.* may have ended"):
        write(STDOUT, WGS84, box(8, 47, 9, 48))


def test_a_shapefile_is_whole_and_within_its_limits(tmp_path):
    path = tmp_path / "dächer.shp"
    long = "every roof " * 40 + "ä" * 200
    write(path, UTM_1, box(160_000, 1000, 180_000, 9000), text=long)
    assert sorted(one.suffix for one in tmp_path.iterdir()) == [
        ".cpg",
        ".dbf",
        ".prj",
        ".shp",
        ".shx",
    ]
    read = gpd.read_file(path)
    assert read.crs.to_epsg() == 32601
    assert {"instruct", "at_edge", "agreement", "n_found"} < set(read.columns)
    assert long.startswith(read.instruct[0])
    assert 250 < len(read.instruct[0].encode()) <= 254
    assert read.geometry[0].equals(box(160_000, 1000, 180_000, 9000))


def test_a_shapefiles_other_files_are_not_overwritten_unasked(tmp_path):
    path = tmp_path / "out.shp"
    path.with_suffix(".dbf").write_text("precious")
    with pytest.raises(OutputError, match=r"out\.dbf exists already"):
        check_output(path)
    with pytest.raises(OutputError, match=r"out\.dbf exists already"):
        write(path, UTM_1, box(0, 0, 1, 1))
    assert [one.name for one in tmp_path.iterdir()] == ["out.dbf"]
    path.with_suffix(".qix").write_text("an index of the old polygons")
    write(path, UTM_1, box(0, 0, 1, 1), overwrite=True)
    assert len(gpd.read_file(path)) == 1
    assert not path.with_suffix(".qix").exists()


def test_a_geoparquet_is_read_by_place(tmp_path):
    path = tmp_path / "out.parquet"
    shapes = [box(8 + i, 47, 8.5 + i, 47.25) for i in range(5)]
    write(path, WGS84, *shapes)
    geo = json.loads(pq.read_metadata(path).metadata[b"geo"])["columns"]["geometry"]
    assert geo["bbox"] == [8, 47, 12.5, 47.25]
    assert geo["covering"]["bbox"]["ymax"] == ["bbox", "ymax"]
    boxes = pq.read_table(path, columns=["bbox"])["bbox"].to_pylist()
    assert boxes[2] == {"xmin": 10, "ymin": 47, "xmax": 10.5, "ymax": 47.25}
    assert gpd.read_parquet(path, bbox=(9.9, 47, 11.1, 48)).id.tolist() == [3, 4]
    assert "bbox" not in gpd.read_parquet(path).columns


def test_a_driver_decides_where_the_name_does_not(tmp_path):
    path = tmp_path / "out.data"
    write(path, WGS84, box(8, 47, 9, 48), driver="GPKG")
    with sqlite3.connect(path) as database:
        tables = {name for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}
    assert "01_all_roofs" in tables
    assert [one.name for one in Path(tmp_path).iterdir()] == ["out.data"]


def test_batches_keep_their_numbers_across_layers(tmp_path):
    path = tmp_path / "out.geojsonl"
    write(path, WGS84, *[box(8, 47, 9, 48)] * 4100)
    numbers = [json.loads(line)["properties"]["id"] for line in path.read_text().splitlines()]
    assert np.array_equal(numbers, np.arange(1, 4101))
