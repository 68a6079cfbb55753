"""One window, asked and drawn."""

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from pyproj import CRS

from geoseg.errors import InstructionError, SceneError
from geoseg.events import Preview, Stage
from geoseg.grid import Grid
from geoseg.pipeline import Request
from geoseg.serving import Keeper, Place, preview
from geoseg.serving.previewing import readable, window_around

X, Y = 500_000, 5_200_000


def grid(height, width):
    return Grid(CRS("EPSG:32632").to_wkt(), Affine(0.5, 0, X, 0, -0.5, Y), height, width)


@pytest.mark.parametrize(
    ("col", "row", "start"),
    [(2000, 2000, (1488, 1488)), (3, 3, (0, 0)), (3999, 2001, (2976, 1488))],
)
def test_the_window_lies_around_the_place_and_inside_the_scene(col, row, start):
    window = window_around(Place(X + col / 2, Y - row / 2), grid(4000, 4000))
    assert (window.col_off, window.row_off) == start
    assert (window.width, window.height) == (1024, 1024)


def test_a_small_scene_is_its_own_window():
    window = window_around(Place(X + 1, Y - 1), grid(300, 1500))
    assert (window.row_off, window.height, window.width) == (0, 300, 1024)


def test_places_in_another_crs_and_outside():
    window = window_around(Place(9.0, 46.95, "EPSG:4326"), grid(20000, 20000))
    assert 0 <= window.col_off < 20000
    with pytest.raises(SceneError, match="outside"):
        window_around(Place(X - 1, Y - 1), grid(400, 400))
    with pytest.raises(InstructionError, match="not known"):
        window_around(Place(1, 1, "EPSG:0"), grid(400, 400))


def test_marks_are_not_for_people():
    assert readable("Sure, <p> flat roofs </p> [SEG] .") == "Sure, flat roofs ."


@pytest.fixture
def asked(draw_scene, tmp_path):
    image = np.full((3, 600, 800), 100, np.uint8)
    image[:, 200:400, 200:600] = np.array([220, 20, 30], np.uint8)[:, None, None]
    scene = draw_scene(image)

    def ask(instruction, place=None, **options):
        heard = []
        request = Request(scene, (instruction,), checkpoint="color", **options)
        place = place or Place(X + 200, Y - 150)
        told = preview(request, place, tmp_path / "new é", heard.append, Keeper())
        return told, heard

    return ask


def test_what_is_found_is_told_and_drawn(asked):
    told, heard = asked("red")
    assert [type(event) for event in heard] == [Stage, Stage, Stage, Preview]
    (target,) = told.targets
    assert target.value == "red"
    assert target.share == pytest.approx(200 * 400 / (600 * 800), abs=0.002)
    picture = np.asarray(Image.open(told.picture)).astype(int)
    assert picture.shape[1] == 768
    left = picture[:, 100]
    assert abs(left - 100).max() <= 2
    colour = np.array(list(bytes.fromhex(target.color[1:])))
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert abs(middle - (0.55 * np.array([220, 20, 30]) + 0.45 * colour)).max() <= 3
    assert told.crs == "EPSG:32632"
    assert told.bounds == (X, Y - 300, X + 400, Y)


def test_nothing_found_is_an_answer(asked):
    told, _ = asked("blue")
    assert told.targets == ()
    assert told.answer


def test_the_model_is_loaded_once(monkeypatch):
    from geoseg.engines import EngineSpec
    from geoseg.engines.color import ColorEngine

    opened = []

    class Counted(ColorEngine):
        def close(self):
            opened.append("closed")

    def open_engine(spec):
        opened.append(spec.device)
        return Counted()

    monkeypatch.setattr("geoseg.serving.keeping.open_engine", open_engine)
    keeper = Keeper()
    for device in ("cpu", "cpu", "cuda"):
        with keeper(EngineSpec("color", device=device)):
            pass
    keeper.close()
    keeper.close()
    assert opened == ["cpu", "closed", "cuda", "closed"]
