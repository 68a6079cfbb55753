"""Which format a name or a driver means, and what each can hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyproj import CRS

from geoseg.errors import InstructionError, OutputError
from geoseg.export import STDOUT, check_output, format_of, output_crs
from geoseg.export.formats import FORMATS


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("out.gpkg", "GPKG"),
        ("out.FGB", "FlatGeobuf"),
        ("out.parquet", "Parquet"),
        ("out.geojson", "GeoJSON"),
        ("out.geojsonl", "GeoJSONSeq"),
        ("out.geojsons", "GeoJSONSeq"),
        ("out.shp", "ESRI Shapefile"),
        ("-", "GeoJSONSeq"),
    ],
)
def test_an_extension_says_the_format(name, driver):
    assert format_of(Path(name)).driver == driver


def test_a_driver_says_it_whatever_the_name():
    for one in FORMATS[:-1]:
        assert format_of(Path("out.data"), one.driver.lower()) is one
    assert format_of(Path("out.gpkg"), "FlatGeobuf").driver == "FlatGeobuf"
    with pytest.raises(OutputError, match=r"no format called 'KML'.*GPKG, FlatGeobuf"):
        format_of(Path("out.kml"), "KML")


def test_a_shapefile_needs_its_extension():
    with pytest.raises(OutputError, match=r"extension \.shp.*'out\.data'"):
        format_of(Path("out.data"), "ESRI Shapefile")


def test_standard_output_takes_lines():
    assert format_of(STDOUT, "geojsonseq").driver == "GeoJSONSeq"
    with pytest.raises(OutputError, match="cannot hold a GPKG"):
        format_of(STDOUT, "GPKG")
    check_output(STDOUT)
    with pytest.raises(InstructionError, match="only one layer"):
        check_output(STDOUT, layer_per_target=True)


def test_the_crs_of_the_output():
    assert output_crs(Path("out.gpkg"), None) is None
    assert CRS(output_crs(Path("out.gpkg"), "EPSG:3857")).to_epsg() == 3857
    assert output_crs(Path("out.geojson"), "EPSG:3857", "GPKG") is not None
    with pytest.raises(InstructionError, match="'nonsense' is not known"):
        output_crs(Path("out.gpkg"), "nonsense")


@pytest.mark.parametrize("name", ["out.geojson", "out.geojsonl", "-"])
def test_geojson_takes_the_scenes_crs_and_no_other_than_degrees(name):
    assert output_crs(Path(name), None) is None
    assert output_crs(Path(name), "OGC:CRS84") is None
    with pytest.raises(InstructionError, match="always WGS 84"):
        output_crs(Path(name), "EPSG:3857")
