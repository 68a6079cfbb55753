"""Files read back: schema, layers, styles and records; and files that must not appear."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pyarrow.parquet as pq
import pyogrio
import pytest
from pyproj import CRS
from shapely import box

from geoseg.dialogue import Target
from geoseg.errors import InstructionError, OutputError, SceneError
from geoseg.export import (
    AnswerRow,
    LayerContent,
    Origin,
    RunRecord,
    check_output,
    layer_name,
    target_color,
    write_features,
)
from geoseg.export.drafts import output_error
from geoseg.features import Feature

UTM = CRS.from_epsg(32645).to_wkt()
WGS84 = CRS.from_epsg(4326).to_wkt()
FIELDS = [
    "id",
    "instruction",
    "target",
    "score",
    "agreement",
    "n_seen",
    "n_found",
    "area_m2",
    "touches_edge",
    "source",
]
SUFFIXES = [".gpkg", ".fgb", ".parquet", ".geojson", ".geojsonl"]
RECORD = RunRecord({"überlappung": 256}, {"geoseg": "0"}, "abc", "2026-01-01", 1.5, 3, 1)


def feature(i: int, name: str = "roof") -> Feature:
    square = box(85 + i, 27, 85.5 + i, 28)
    return Feature(square, Target(name), 0.9, 0.5, 4, 2, 12.5, i % 2 == 0)


def content(count: int = 3, text: str = "all roofs", index: int = 0, **more: str) -> LayerContent:
    return LayerContent(index, text, [("scene.tif", map(feature, range(count)))], **more)


def origin(*answers: AnswerRow) -> Origin:
    return Origin(lambda: RECORD, answers)


def write(path: Path, *layers: LayerContent, crs: str = WGS84, **options: bool):
    return write_features(layers, path, crs, origin(), **options)


def read_back(path: Path) -> gpd.GeoDataFrame:
    """The first layer."""
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path, layer=0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_holds_the_same_columns_and_places(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    (layer,) = write(path, content())
    read = read_back(path)
    assert [name for name in read.columns if name != "geometry"] == FIELDS
    assert CRS(read.crs).equals(CRS.from_epsg(4326), ignore_axis_order=True)
    by_id = read.set_index("id").sort_index()
    assert by_id.index.tolist() == [1, 2, 3]
    assert by_id.geometry[2].normalize().equals(box(86, 27, 86.5, 28).normalize())
    assert by_id.touches_edge.tolist() == [True, False, True]
    assert by_id.loc[1, ["instruction", "target", "source"]].tolist() == [
        "all roofs",
        "roof",
        "scene.tif",
    ]
    assert by_id.area_m2.tolist() == [12.5] * 3
    assert by_id.score.tolist() == pytest.approx([0.9] * 3)
    assert (layer.features, layer.bounds, layer.path) == (3, (85, 27, 87.5, 28), str(path))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_hit_is_a_file_with_the_right_schema(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    (layer,) = write(path, content(0))
    assert (layer.features, layer.bounds, layer.categories) == (0, None, ())
    if suffix == ".parquet":
        assert [name for name in gpd.read_parquet(path).columns if name != "geometry"] == FIELDS
    elif ".geojson" not in suffix:  # which writes its columns down feature by feature
        info = pyogrio.read_info(path, layer=0)
        assert info["fields"].tolist() == FIELDS
        assert info["geometry_type"] == "Polygon"
    if suffix == ".geojsonl":
        assert path.read_text() == ""
    else:
        assert len(read_back(path)) == 0


def test_the_types_of_a_geopackage_are_documented_ones(tmp_path):
    write(tmp_path / "out.gpkg", content(0))
    info = pyogrio.read_info(tmp_path / "out.gpkg", layer="01_all_roofs")
    kinds = dict(zip(info["fields"], info["dtypes"], strict=True))
    assert kinds["id"] == "int64"
    assert kinds["score"] == kinds["agreement"] == "float32"
    assert kinds["n_seen"] == kinds["n_found"] == "int32"
    assert kinds["area_m2"] == "float64"
    assert kinds["touches_edge"] == "bool"


def test_a_geopackage_is_of_a_version_that_old_qgis_knows(tmp_path):
    write(tmp_path / "out.gpkg", content())
    with closing(sqlite3.connect(tmp_path / "out.gpkg")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        indexed = database.execute("SELECT table_name FROM gpkg_extensions").fetchall()
        assert ("01_all_roofs",) in indexed


def test_a_layer_per_instruction_with_its_full_text(tmp_path):
    path = tmp_path / "out.gpkg"
    long = "every place where a helicopter could land without touching a tree or a wire"
    layers = write(path, content(text=long), content(2, "水", 1))
    names = ["01_every_place_where_a_helicopter_could_land_wit", "02_水"]
    assert [layer.table for layer in layers] == names
    assert [name for name, _ in pyogrio.list_layers(path)][:2] == names
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT identifier, description FROM gpkg_contents WHERE data_type = 'features'"
        assert (long, long) in database.execute(query).fetchall()


def test_equal_names_are_told_apart(tmp_path):
    path = tmp_path / "out.gpkg"
    layers = write(
        path,
        content(text="geoseg runs", target="a b"),
        content(text="geoseg runs", target="a-b"),
        content(text="geoseg runs"),
    )
    assert [layer.table for layer in layers] == [
        "01_geoseg_runs_a_b",
        "01_geoseg_runs_a_b_2",
        "01_geoseg_runs",
    ]
    assert "runs" in [name for name, _ in pyogrio.list_layers(path)]


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
def test_other_formats_tell_instructions_apart_by_a_column(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    layers = write(path, content(2), content(0, "lakes", 1), content(1, "roads", 2))
    read = read_back(path)
    assert sorted(read.instruction) == ["all roofs", "all roofs", "roads"]
    assert sorted(read.id) == [1, 2, 3]
    assert [(layer.index, layer.features) for layer in layers] == [(0, 2), (1, 0), (2, 1)]


def test_qgis_finds_a_style_by_target(tmp_path):
    path = tmp_path / "out.gpkg"
    found = [feature(0, "tree"), feature(1, '<&"quoted">')]
    (layer,) = write(path, LayerContent(0, "x", [("scene.tif", found)]))
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        (kind,) = database.execute(
            "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'"
        ).fetchone()
    assert kind == "attributes"
    ((table, geometry, default, qml),) = rows
    assert (table, geometry, default) == ("01_x", "geom", 1)
    renderer = ElementTree.fromstring(qml.split("\n", 1)[1]).find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "target"
    values = [category.get("value") for category in renderer.iter("category")]
    assert values == ['<&"quoted">', "tree"] == [one.value for one in layer.categories]
    assert pyogrio.read_info(path, layer="01_x")["geometry_name"] == "geom"


def test_a_target_has_one_colour_everywhere():
    assert target_color("roof") == target_color("roof") != target_color("tree")
    assert len(target_color("水")) == 7


def test_runs_and_answers(tmp_path):
    path = tmp_path / "out.gpkg"
    answers = [
        AnswerRow("all roofs", 7, "done", "stop", "Here are roofs.", "scene.tif", box(0, 0, 1, 1)),
        AnswerRow("all roofs", 8, "skipped", "", "", "scene.tif", box(1, 0, 2, 1)),
    ]
    write_features([content()], path, UTM, origin(*answers))
    read = gpd.read_file(path, layer="answers")
    assert read.crs.to_epsg() == 32645
    assert read.tile.tolist() == [7, 8]
    assert read.state.tolist() == ["done", "skipped"]
    assert read.text[0] == "Here are roofs."
    runs = pyogrio.read_dataframe(path, layer="runs")
    assert len(runs) == 1
    assert json.loads(runs.settings[0]) == {"überlappung": 256}
    assert (runs.checkpoint_hash[0], runs.seconds[0], runs.tiles_failed[0]) == ("abc", 1.5, 1)


def test_a_geoparquet_keeps_the_record_and_states_its_crs(tmp_path):
    path = tmp_path / "out.parquet"
    write(path, content(), crs=UTM)
    metadata = pq.read_metadata(path).metadata
    assert json.loads(metadata[b"geoseg"])["tiles_asked"] == 3
    assert json.loads(metadata[b"geo"])["version"] == "1.1.0"
    assert gpd.read_parquet(path).crs.to_epsg() == 32645


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("Safe open areas!", "", "01_safe_open_areas"),
        ("  Bäume & Sträucher ", "", "01_bäume_sträucher"),
        ("नदी के किनारे", "", "01_नदी_के_किनारे"),
        ("?!…", "", "01_instruction"),
        ("x" * 90, "", "01_" + "x" * 45),
        ("roofs and trees", "tree", "01_roofs_and_trees_tree"),
        ("a b" * 40, "t" * 90, None),
    ],
)
def test_layer_names(text, target, expected):
    name = layer_name(0, text, target)
    assert len(name) <= 48
    if expected is not None:
        assert name == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_generator_raises_passes_and_leaves_nothing(tmp_path, suffix):
    def broken():
        yield feature(0)
        raise SceneError("the disk fell out")

    with pytest.raises(SceneError, match="fell out"):
        write(tmp_path / f"out{suffix}", LayerContent(0, "x", [("scene.tif", broken())]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_ctrl_c_while_writing_leaves_the_old_file(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_text("old")

    def stopped():
        yield feature(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, LayerContent(0, "x", [("scene.tif", stopped())]), overwrite=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_layers_that_fail_to_begin_pass_too(tmp_path):
    def layers():
        yield content()
        raise SceneError("no second layer")

    for suffix in (".gpkg", ".fgb", ".shp"):
        with pytest.raises(SceneError, match="no second"):
            write_features(layers(), tmp_path / f"out{suffix}", WGS84, origin())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays_unless_it_may_go(tmp_path):
    path = tmp_path / "out.gpkg"
    path.write_text("precious")
    with pytest.raises(OutputError, match=r"exists already.*--overwrite"):
        check_output(path)
    with pytest.raises(OutputError, match="exists already"):
        write(path, content())
    assert path.read_text() == "precious"
    check_output(path, overwrite=True)
    write(path, content(), overwrite=True)
    assert len(gpd.read_file(path, layer="01_all_roofs")) == 3


@pytest.mark.parametrize("name", ["out.dbf", "out", "out.tif", ".gpkg"])
def test_an_unknown_extension_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match=r"extension.*\.gpkg, \.fgb"):
        check_output(tmp_path / name)


def test_places_that_cannot_hold_a_file_are_refused(tmp_path):
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path / "folder.gpkg", overwrite=True)
    with pytest.raises(OutputError, match=r"folder .*nowhere .*does not exist"):
        check_output(tmp_path / "nowhere" / "out.gpkg")
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(Path("/proc/out.gpkg"))
    check_output(tmp_path / "out.gpkg")
    assert [one.name for one in tmp_path.iterdir()] == ["folder.gpkg"]


def test_layers_per_target_need_a_geopackage(tmp_path):
    check_output(tmp_path / "out.gpkg", layer_per_target=True)
    with pytest.raises(InstructionError, match="only one layer"):
        check_output(tmp_path / "out.fgb", layer_per_target=True)


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    path = tmp_path / "out.gpkg"
    full = OSError(errno.ENOSPC, "No space left on device")
    assert output_error(path, full).code == "disk_full"
    assert output_error(path, RuntimeError("database or disk is full")).code == "disk_full"
    assert output_error(path, PermissionError(errno.EACCES, "denied")).code == "permission"

    def refuse(*args, **kwargs):
        raise RuntimeError("failed to write: database or disk is full")

    monkeypatch.setattr(pyogrio, "write_arrow", refuse)
    with pytest.raises(OutputError, match="no space left") as caught:
        write(path, content())
    assert (caught.value.code, caught.value.exit_status) == ("disk_full", 6)
    assert list(tmp_path.iterdir()) == []
