import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from geoseg.areas import bounds_area, read_area, split_source, tiles_touching, turned
from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid
from geoseg.tiling import plan_tiles

UTM = CRS.from_epsg(32632).to_wkt()
GRID = Grid(UTM, Affine(0.5, 0, 500_000, 0, -0.5, 5_200_000), 3000, 4000)


def write(path: Path, *geometries: Any, crs: str | None = "EPSG:32632", **options: Any) -> Path:
    geopandas.GeoDataFrame(geometry=list(geometries), crs=crs).to_file(path, **options)
    return path


def test_polygons_of_a_layer_become_one_area(tmp_path: Path) -> None:
    path = write(
        tmp_path / "two.gpkg",
        shapely.box(0, 0, 10, 10),
        shapely.MultiPolygon([shapely.box(5, 0, 20, 10), shapely.box(30, 0, 40, 10)]),
    )
    area = read_area(path, crs=UTM)
    assert area.geom_type == "MultiPolygon"
    assert area.area == pytest.approx(300)


def test_what_is_no_polygon_is_left_out_and_what_is_invalid_mended(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    path = write(tmp_path / "mixed.gpkg", bow_tie, shapely.Point(50, 50), None)
    area = read_area(path, crs=UTM)
    assert area.is_valid
    assert area.area == pytest.approx(50)


def test_another_crs_is_reprojected_with_dense_edges(tmp_path: Path) -> None:
    # A wide strip along a parallel, which is an arc in UTM: its corners alone miss 600 m.
    strip = shapely.box(6.0, 46.9, 12.0, 47.1)
    area = read_area(write(tmp_path / "strip.gpkg", strip, crs="EPSG:4326"), crs=UTM)
    coarse = geopandas.GeoSeries([shapely.segmentize(strip, 0.001)], crs=4326).to_crs(32632)[0]
    assert area.symmetric_difference(coarse).area / coarse.area < 1e-4
    assert len(area.exterior.coords) > 100


def test_a_layer_is_named_apart_or_behind_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "city.gpkg", shapely.box(0, 0, 1, 1), layer="centre")
    write(path, shapely.box(0, 0, 2, 2), layer="suburbs")
    write(path, shapely.Point(0, 0), layer="trees")
    assert read_area(path, "centre", crs=UTM).area == pytest.approx(1)
    assert read_area(f"{path}:suburbs", crs=UTM).area == pytest.approx(4)
    with pytest.raises(SceneError, match="its layers are 'centre', 'suburbs', 'trees'"):
        read_area(f"{path}:centrum", crs=UTM)
    with pytest.raises(SceneError, match="several layers"):
        read_area(path, crs=UTM)
    with pytest.raises(SceneError, match=r"'trees' of .* no polygons among its 1 feature"):
        read_area(path, "trees", crs=UTM)


def test_the_only_layer_of_polygons_is_taken_unasked(tmp_path: Path) -> None:
    path = write(tmp_path / "city.gpkg", shapely.Point(0, 0), layer="trees")
    write(path, shapely.box(0, 0, 2, 2), layer="blocks")
    assert read_area(path, crs=UTM).area == pytest.approx(4)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("aoi.gpkg", ("aoi.gpkg", None)),
        ("aoi.gpkg:north", ("aoi.gpkg", "north")),
        (r"C:\maps\aoi.gpkg", (r"C:\maps\aoi.gpkg", None)),
        ("C:/maps/aoi.gpkg", ("C:/maps/aoi.gpkg", None)),
        (r"C:\maps\aoi.gpkg:north", (r"C:\maps\aoi.gpkg", "north")),
        ("C:aoi.gpkg", ("C:aoi.gpkg", None)),
        ("https://host/aoi.fgb", ("https://host/aoi.fgb", None)),
        ("https://host/aoi.gpkg:north", ("https://host/aoi.gpkg", "north")),
        ("aoi.gpkg:", ("aoi.gpkg:", None)),
    ],
)
def test_file_and_layer_are_told_apart(text: str, parts: tuple[str, str | None]) -> None:
    assert split_source(text) == parts


def test_a_file_with_a_colon_in_its_name_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a:b.gpkg"
    path.touch()
    assert split_source(str(path)) == (str(path), None)


def test_files_that_hold_no_area(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="There is no vector file") as caught:
        read_area(tmp_path / "nowhere.gpkg", crs=UTM)
    assert caught.value.exit_status == 3
    (tmp_path / "notes.geojson").write_text("not a map")
    with pytest.raises(SceneError, match="cannot be read as vectors"):
        read_area(tmp_path / "notes.geojson", crs=UTM)
    empty = {"type": "FeatureCollection", "features": []}
    (tmp_path / "empty.geojson").write_text(json.dumps(empty))
    with pytest.raises(SceneError, match="no polygons among its 0 features"):
        read_area(tmp_path / "empty.geojson", crs=UTM)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_an_area_without_crs_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "placeless.shp", shapely.box(0, 0, 1, 1), crs=None)
    with pytest.raises(SceneError, match="states no coordinate reference system"):
        read_area(path, crs=UTM)


def test_an_area_that_the_scenes_crs_cannot_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "world.gpkg", shapely.box(-170, 0, 170, 60), crs="EPSG:4326")
    with pytest.raises(SceneError, match=r"A part of the area .* lies outside"):
        read_area(path, crs=UTM)


def test_bounds_in_the_scenes_crs_and_in_another() -> None:
    assert bounds_area((1, 2, 3, 4), None, UTM).bounds == (1, 2, 3, 4)
    area = bounds_area((9.0, 46.9, 9.1, 47.0), "EPSG:4326", UTM)
    left, bottom, right, top = area.bounds
    assert left == pytest.approx(500_000, abs=1)
    assert right - left == pytest.approx(7_612, abs=10)
    assert top - bottom == pytest.approx(11_119, abs=30)


@pytest.mark.parametrize("bounds", [(3, 2, 1, 4), (1, 4, 3, 2), (1, 2, 1, 4), (1, 2, 3)])
def test_bounds_that_enclose_nothing(bounds: tuple[float, ...]) -> None:
    with pytest.raises(InstructionError, match="LEFT BOTTOM RIGHT TOP"):
        bounds_area(bounds, None, UTM)


class TestAntimeridian:
    """Fiji: 177° to 181° east, which others call 179° west."""

    DEGREES = CRS.from_epsg(4326).to_wkt()

    @pytest.mark.parametrize("left", [177.0, -183.0])
    def test_areas_on_both_sides_are_turned_to_the_scene(self, left: float) -> None:
        grid = Grid(self.DEGREES, Affine(0.01, 0, left, 0, -0.01, -16), 200, 400)
        split = shapely.MultiPolygon(
            [shapely.box(179, -18, 180, -17), shapely.box(-180, -18, -179.5, -17)]
        )
        area = turned(split, grid)
        assert area.geom_type == "Polygon"
        assert area.bounds == pytest.approx((left + 2, -18, left + 3.5, -17))
        tiles = plan_tiles(200, 400, window=64, overlap=16)
        assert tiles_touching(tiles, grid, area)

    def test_elsewhere_nothing_is_turned(self) -> None:
        grid = Grid(self.DEGREES, Affine(0.01, 0, 10, 0, -0.01, 50), 200, 400)
        for area in (shapely.box(11, 48, 12, 49), shapely.box(100, 48, 101, 49)):
            assert turned(area, grid).equals(area)
        utm = shapely.box(0, 0, 1, 1)
        assert turned(utm, GRID) is utm

    def test_bounds_may_reach_across(self) -> None:
        box = bounds_area((179, -18, -179, -16), None, self.DEGREES)
        assert box.bounds == (179, -18, 181, -16)
        fiji = CRS.from_epsg(32760).to_wkt()
        area = bounds_area((179, -18, -179, -16), "EPSG:4326", fiji)
        width = area.bounds[2] - area.bounds[0]
        assert width == pytest.approx(2 * 111_320 * 0.955, rel=0.02)

    def test_bounds_the_wrong_way_round_are_no_circle(self) -> None:
        with pytest.raises(InstructionError, match="enclose nothing"):
            bounds_area((20, 0, 10, 5), None, self.DEGREES)


def test_bounds_that_are_no_numbers_or_in_no_crs() -> None:
    with pytest.raises(InstructionError, match="four finite numbers"):
        bounds_area((1, 2, float("nan"), 4), None, UTM)
    with pytest.raises(InstructionError, match="'nonsense' is not a coordinate"):
        bounds_area((1, 2, 3, 4), "nonsense", UTM)


def test_tiles_are_pruned_and_never_moved() -> None:
    tiles = plan_tiles(GRID.height, GRID.width)
    # Pixels 100 to 300 of both axes: only the first window sees them.
    x, y = GRID.transform @ (100, 100)
    corner = shapely.box(x, y - 100, x + 100, y)
    assert tiles_touching(tiles, GRID, corner) == (tiles[0],)
    assert tiles_touching(tiles, GRID, shapely.box(*GRID.bounds)) == tiles


@pytest.mark.parametrize("angle", [0, 25])
def test_a_tile_is_kept_exactly_when_its_window_holds_some_of_the_area(angle: int) -> None:
    turned = Affine.translation(5e5, 5.2e6) @ Affine.rotation(angle) @ Affine.scale(0.5, -0.5)
    grid = Grid(UTM, turned, 3000, 4000)
    x, y = turned @ (1500, 1500)
    area = shapely.Point(x, y).buffer(300)
    kept = tiles_touching(plan_tiles(3000, 4000), grid, area)
    for tile in plan_tiles(3000, 4000):
        window = tile.window
        # Oracle: pixel centres, taken coarsely, that lie in the circle.
        cols, rows = np.meshgrid(
            np.arange(window.col_off, window.col_end, 4) + 2,
            np.arange(window.row_off, window.row_end, 4) + 2,
        )
        distance = np.hypot(cols - 1500, rows - 1500) * 0.5
        assert (tile in kept) == bool((distance < 300).any())


@pytest.mark.parametrize("shift", [-2000.0, 2000.0])
def test_an_area_beside_the_scene_names_both_extents(shift: float) -> None:
    # 2000 m to the right it shares exactly the scene's edge, and no pixel.
    left, bottom, _, _ = GRID.bounds
    area = shapely.box(left + shift, bottom, left + shift + 1000, bottom + 100)
    with pytest.raises(SceneError, match="does not overlap") as caught:
        tiles_touching(plan_tiles(GRID.height, GRID.width), GRID, area)
    assert caught.value.code == "no_overlap"
    assert "(500000, 5198500, 502000, 5200000)" in str(caught.value)


def test_real_footprints_in_the_scenes_own_crs(shared_data: Path) -> None:
    file = shared_data / "georef" / "spacenet_atlanta_buildings.geojson"
    area = read_area(file, crs=CRS.from_epsg(32616).to_wkt())
    assert area.bounds == pytest.approx((733601, 3724689, 734051, 3725139), abs=1)
