"""`geoseg evaluate` prints the comparison, for people and as JSON."""

import json

import geopandas
import pytest
import shapely

from geoseg.cli.main import main


def test_text_and_json(tmp_path, capsys):
    frame = geopandas.GeoDataFrame(
        {"target": ["ponds"]}, geometry=[shapely.box(7, 46, 7.001, 46.001)], crs=4326
    )
    frame.to_file(tmp_path / "o.geojson")
    path = str(tmp_path / "o.geojson")
    assert main(["evaluate", path, path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["iou"] == pytest.approx(1.0)
    assert found["f1"] == found["targets"]["pond"]["recall"] == 1.0
    assert found["fragments"] == 0
    assert main(["evaluate", path, path]) == 0
    said = capsys.readouterr().out
    assert "IoU 1.000" in said
    assert "pond:" in said


def test_a_missing_file(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path / "a.gpkg"), str(tmp_path / "b.gpkg")]) == 3
    assert "There is no vector file" in capsys.readouterr().err
