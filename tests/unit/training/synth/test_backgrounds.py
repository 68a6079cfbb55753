"""Scenes whose ground is a real picture."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from PIL import Image
from scipy import ndimage

from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.data.loaders import LOADERS
from training.synth.asking.facts import look_at
from training.synth.asking.questions import ask
from training.synth.making import SynthRequest, make
from training.synth.scenes import SceneRequest, draw_scene


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    """Two pictures that are large enough, and one that is not."""
    folder = tmp_path_factory.mktemp("grounds")
    random = np.random.default_rng(0)
    for name, size in (("a.png", (140, 150)), ("sub/b.jpg", (128, 128)), ("small.png", (90, 90))):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(random.integers(60, 160, (*size, 3), np.uint8)).save(folder / name)
    return folder


def strewn(path, number=0, **changed):
    return SceneRequest(4, number, 128, 128, backgrounds=(path,), plain=True, **changed)


def test_ground_shows_wherever_nothing_stands(grounds):
    """Some crop of the picture, mirrored or not; a rim of a pool or a court may have no number."""
    real = np.asarray(Image.open(grounds / "a.png"))
    scene = draw_scene(strewn(grounds / "a.png"))
    bare = np.ones((128, 128), bool)
    for face_of in (scene.picture.things, scene.picture.parts, scene.picture.sites):
        bare &= face_of == 0
    # A pixel at the edge of something shows a mixture of both.
    inner = ~ndimage.binary_dilation(~bare, np.ones((3, 3), bool))
    fits = [
        np.mean((crop[::up, ::left] == scene.picture.rgb).all(axis=2)[inner])
        for crop in (real[y : y + 128, x : x + 128] for y in range(13) for x in range(23))
        for up in (1, -1)
        for left in (1, -1)
    ]
    assert max(fits) > 0.95
    assert 0.3 < bare.mean() < 1


def test_things_stand_apart(grounds):
    for number in range(6):
        world = draw_scene(strewn(grounds / "a.png", number)).world
        outlines: dict[int, list[shapely.Polygon]] = {}
        for face in world.faces:
            if face.thing and not face.hidden:
                outlines.setdefault(face.thing, []).append(shapely.Polygon(face.points))
        wholes = [shapely.union_all(shapely.make_valid(each)) for each in outlines.values()]
        assert wholes
        assert not any(a.intersects(b) for a, b in combinations(wholes, 2))


def test_nothing_is_said_of_what_the_ground_may_hide(grounds):
    for number in range(6):
        request = strewn(grounds / "a.png", number)
        scene = draw_scene(request)
        view = look_at(scene.picture, scene.world.items)
        for question in ask(view, request.random("questions"), 8, test=False, whole=False):
            assert question.masks
            assert "The picture shows" not in question.text


def test_a_data_set_on_real_ground_is_always_the_same(grounds, tmp_path):
    def made(name, processes):
        out = tmp_path / name
        make(
            SynthRequest(
                5, 2, "lasers", out, side=128, questions=3, backgrounds=grounds, processes=processes
            )
        )
        return {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}, out

    first, out = made("one", 1)
    second, _ = made("two", 2)
    assert first == second
    assert list(LOADERS["lasers"](out, "train"))


def test_grounds_must_be_large_enough(grounds, tmp_path):
    with pytest.raises(DataError, match="holds 3 pictures, none of 512"):
        make(SynthRequest(1, 0, "lasers", tmp_path / "no", backgrounds=grounds))


@pytest.mark.parametrize("changed", [{"form": "geotiff"}, {"land_use": "town"}])
def test_grounds_have_no_land_use_and_no_place(grounds, tmp_path, changed):
    fields = {"form": "lasers"} | changed
    with pytest.raises(InstructionError, match="on real pictures"):
        make(SynthRequest(1, 0, out=tmp_path / "no", backgrounds=grounds, **fields))
