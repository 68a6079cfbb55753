"""Land uses: each draws what it is named after, and things stand where they belong."""

import numpy as np
import pytest
import shapely

from training.synth import knowledge
from training.synth.layouts import LAYOUTS
from training.synth.rendering.materials import MATERIALS
from training.synth.scenes import SceneRequest, lay_out
from training.synth.shapes import Area

SHOWS = {
    "residential": {"building", "driveway", "paved road"},
    "town": {"building", "zebra crossing", "intersection"},
    "crossroads": {"zebra crossing"},
    "motorway": {"green strip", "paved road"},
    "rails": {"railway", "train station"},
    "courts": {"tennis court", "service box", "path"},
    "pitches": {"center circle", "football net"},
    "golf": {"golf field"},
    "airport": {"airport", "airport runway", "wing", "fuselage"},
    "airfield": {"plane", "hangar"},
    "port": {"harbor", "sea", "bow of ship"},
    "marina": {"harbor", "motorboat"},
    "beach": {"beach", "sea"},
    "riverside": {"river", "riverbank"},
    "canalside": {"canal", "bridge road"},
    "tank farm": {"storage tank", "industrial pipeline"},
    "factory": {"chimney", "bare land"},
    "power station": {"cooling tower", "cooling tower top opening", "substation"},
    "solar park": {"solar panel"},
    "farmland": {"farmland", "unimproved road"},
    "woods": {"tree", "lake"},
    "bare": {"bare land", "bushes"},
}


@pytest.fixture(scope="module")
def worlds():
    return {name: lay_out(SceneRequest(1, 0, 192, 192, land_use=name))[0] for name in LAYOUTS}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_land_use_shows_what_it_is(worlds, name):
    assert SHOWS[name] <= {item.category for item in worlds[name].items}


def test_items_and_faces_are_sound(worlds):
    known = knowledge.load()
    for world in worlds.values():
        for number, item in enumerate(world.items, 1):
            assert item.number == number
            assert item.category in known
            assert (known[item.category].granularity == "part") <= (item.sort == "part")
        for face in world.faces:
            assert face.paint.material in MATERIALS
            assert np.isfinite(face.points).all()
            for index, sort in ((face.thing, "thing"), (face.part, "part"), (face.site, "site")):
                assert not index or world.item(index).sort == sort


@pytest.mark.parametrize("name", ["canalside", "riverside", "port", "beach"])
def test_wakes_are_on_water(name):
    """Or rather, nowhere else: what is drawn above may cover both."""
    found = 0.0
    for number in range(8):
        world, _ = lay_out(SceneRequest(77, number, 320, 320, land_use=name))
        shown = {"water": [], "wake": []}
        for face in world.faces:
            kinds = {world.item(n).category for n in (face.thing, face.part) if n}
            outline = shapely.make_valid(shapely.Polygon(face.points))
            if kinds & knowledge.kinds_of("water"):
                shown["water"].append(outline)
            elif "wake" in kinds:
                shown["wake"].append(outline.intersection(shapely.box(-60, -60, 60, 60)))
        wakes, water = (shapely.union_all(shown[sort]) for sort in ("wake", "water"))
        assert wakes.difference(water).area <= 0.01 * wakes.area
        found += wakes.area
    assert found > 0


@pytest.mark.slow
def test_all_parts_and_tiers_a_and_b_can_be_drawn():
    """Over some scenes of every land use."""
    seen = set()
    for name in LAYOUTS:
        for number in range(2, 20):
            request = SceneRequest(2, number, 320, 320, land_use=name)
            seen |= {item.category for item in lay_out(request)[0].items}
    known = knowledge.load().values()
    whole = frozenset().union(*(knowledge.kinds_of(c.name) for c in known if c.name in seen))
    wanted = {c.name for c in known if c.tier in ("A", "B", "part")}
    missing = {c for c in wanted if not knowledge.kinds_of(c) & (seen | whole)}
    assert not missing


def test_a_margin_that_leaves_one_point_gives_that_point():
    """Also where rounding puts its ends the wrong way round."""
    random = np.random.default_rng(0)
    for height in np.linspace(0.1, 3, 300):
        x, y = Area(0, -0.7, 10, -0.7 + height).somewhere(random, 5)
        assert x == 5
        assert y == pytest.approx(-0.7 + height / 2)
