"""What users get wrong: one paragraph with the value and the way out, and nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

from geoseg.cli.main import main

GREY = np.full((3, 64, 64), 90, np.uint8)


@pytest.fixture
def refused(tmp_path, capsys, monkeypatch) -> Callable[..., None]:
    monkeypatch.chdir(tmp_path)

    def check(status: int, line: list[object], *words: str) -> None:
        before = {path: path.stat().st_size for path in tmp_path.rglob("*")}
        got = main(["run", *map(str, line), "--checkpoint", "color"])
        said = capsys.readouterr().err.strip()
        assert got == status, said
        assert "Traceback" not in said
        *_, paragraph = said.split("\n")
        assert paragraph.startswith("Error: ")
        assert len(paragraph) < 700
        for word in words:
            assert word in paragraph
        left = {path: path.stat().st_size for path in tmp_path.rglob("*")}
        assert {p: n for p, n in left.items() if ".ledger" not in p.name} == before

    return check


class TestScene:
    @pytest.fixture
    def broken(self, draw_scene, tmp_path) -> Callable[[str], Path]:
        def make(kind: str) -> Path:
            path = tmp_path / "broken.tif"
            match kind:
                case "directory":
                    path.mkdir()
                case "text":
                    path.write_text("these are not pixels\n" * 40)
                case "empty":
                    path.write_bytes(b"")
                case "truncated":
                    noise = np.random.default_rng(0).integers(0, 255, (3, 512, 512), np.uint8)
                    whole = draw_scene(noise, name="whole.tif", tiled=True)
                    data = whole.read_bytes()
                    path.write_bytes(data[: len(data) // 2])
                case "no bands":
                    path.write_text('<VRTDataset rasterXSize="64" rasterYSize="64"></VRTDataset>')
                case "only NaN":
                    draw_scene(np.full((1, 64, 64), np.nan, np.float32), name=path.name)
                case "only nodata":
                    draw_scene(np.zeros((3, 64, 64), np.uint8), nodata=0, name=path.name)
                case "complex":
                    draw_scene(np.ones((1, 64, 64), np.complex64), name=path.name)
            return path

        return make

    @pytest.mark.parametrize(
        "kind",
        [
            "missing",
            "directory",
            "text",
            "empty",
            "truncated",
            "no bands",
            "only NaN",
            "only nodata",
            "complex",
        ],
    )
    def test_unreadable(self, refused, broken, kind):
        refused(3, [broken(kind), "red", "-o", "out.gpkg"], "broken.tif")

    def test_without_crs(self, refused, draw_scene):
        scene = draw_scene(GREY, crs=None)
        refused(3, [scene, "red", "-o", "out.gpkg"], "scene.tif", "--assume-crs", "gdal_edit")


class TestInstruction:
    @pytest.mark.parametrize("text", ["", " \t\n"])
    def test_blank(self, refused, draw_scene, text):
        refused(2, [draw_scene(GREY), text, "-o", "out.gpkg"], repr(text))

    def test_forgotten(self, refused, draw_scene):
        scene = draw_scene(GREY)
        refused(2, [scene, scene, "-o", "out.gpkg"], str(scene), "forgotten")


class TestArea:
    def test_bounds_outside(self, refused, draw_scene):
        line = [draw_scene(GREY), "red", "-o", "out.gpkg", "--bounds", 0, 0, 10, 10]
        refused(3, line, "10", "500000")

    def test_bounds_turned_round(self, refused, draw_scene):
        bounds = (500_010, 5_199_990, 500_000, 5_199_980)
        refused(2, [draw_scene(GREY), "red", "-o", "out.gpkg", "--bounds", *bounds], "500010")

    def test_unknown_crs_of_bounds(self, refused, draw_scene):
        line = [draw_scene(GREY), "red", "-o", "out.gpkg", "--bounds", 0, 0, 10, 10]
        refused(2, [*line, "--bounds-crs", "EPSG:999999"], "EPSG:999999")

    @pytest.fixture
    def area(self, tmp_path) -> Path:
        path = tmp_path / "area.gpkg"
        gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs="EPSG:4326").to_file(path, layer="centre")
        return path

    def test_not_overlapping(self, refused, draw_scene, area):
        refused(3, [draw_scene(GREY), "red", "-o", "out.gpkg", "--aoi", area], "area")

    def test_unknown_layer(self, refused, draw_scene, area):
        line = [draw_scene(GREY), "red", "-o", "out.gpkg", "--aoi", f"{area}:suburb"]
        refused(3, line, "suburb", "centre")

    def test_missing(self, refused, draw_scene):
        refused(3, [draw_scene(GREY), "red", "-o", "out.gpkg", "--aoi", "none.gpkg"], "none.gpkg")


class TestOutput:
    def test_existing(self, refused, draw_scene, tmp_path):
        (tmp_path / "out.gpkg").write_text("precious")
        refused(6, [draw_scene(GREY), "red", "-o", "out.gpkg"], "out.gpkg", "--overwrite")

    def test_unknown_extension(self, refused, draw_scene):
        refused(6, [draw_scene(GREY), "red", "-o", "out.docx"], ".docx", ".gpkg")

    def test_no_such_folder(self, refused, draw_scene):
        refused(6, [draw_scene(GREY), "red", "-o", "no/out.gpkg"], "no")

    def test_a_file_for_a_folder(self, refused, draw_scene):
        scene = draw_scene(GREY)
        refused(6, [scene, "red", "-o", scene / "out.gpkg"], "scene.tif")

    def test_unknown_crs(self, refused, draw_scene):
        line = [draw_scene(GREY), "red", "-o", "out.gpkg", "--dst-crs", "EPSG:999999"]
        refused(2, line, "EPSG:999999")


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "value"),
        [("--stretch", "wide"), ("--stretch", "9,3"), ("--overlap", "1024"), ("-b", "7")],
    )
    def test_values(self, refused, draw_scene, option, value):
        refused(2, [draw_scene(GREY), "red", "-o", "out.gpkg", option, value], value)


class TestCheckpoint:
    def test_a_folder_that_is_none(self, draw_scene, tmp_path, capsys):
        folder = tmp_path / "models"
        folder.mkdir()
        line = ["run", draw_scene(GREY), "red", "-o", tmp_path / "out.gpkg"]
        assert main([*map(str, line), "--checkpoint", str(folder)]) == 4
        said = capsys.readouterr().err
        assert "models" in said
        assert "config.json" in said
        assert not (tmp_path / "out.gpkg").exists()
