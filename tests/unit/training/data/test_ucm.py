import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.splits import held_out
from training.data.ucm import DATA_SOURCES, rasterize, read_ucm


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One image with outlines (tanks all, buildings some, no planes) and one of a scene class."""
    for name in ("storagetanks/a.jpg", "forest/b.jpg"):
        path = tmp_path / "ucm" / "images" / name
        path.parent.mkdir(parents=True)
        Image.new("RGB", (40, 30), (90, 90, 90)).save(path)
    rows = [
        "image,scene_class",
        "images/storagetanks/a.jpg,storagetanks",
        "images/forest/b.jpg,forest",
    ]
    (tmp_path / "ucm" / "scenes.csv").write_text("\n".join(rows))
    image = {
        "id": 7,
        "file_name": "images/storagetanks/a.jpg",
        "width": 40,
        "height": 30,
        "scene_class": "storagetanks",
        "exhaustive_categories": ["storage tank", "paved road", "ship"],
        "partial_categories": ["building"],
    }
    shapes = [
        (1, rectangle(0, 0, 10, 10)),
        (2, rectangle(20, 10, 30, 20)),
        (3, rectangle(0, 25, 40, 30)),
    ]
    labels = {
        "images": [image],
        "categories": [
            {"id": 1, "name": "storage tank"},
            {"id": 2, "name": "building"},
            {"id": 3, "name": "paved road"},
        ],
        "annotations": [
            {"image_id": 7, "category_id": category, "segmentation": [outline]}
            for category, outline in shapes
        ],
    }
    (tmp_path / "ucm" / "objects_coco.json").write_text(json.dumps(labels))
    return tmp_path


def test_outlines_become_masks_of_their_pixels():
    mask = rasterize([rectangle(2, 1, 6, 3), rectangle(5, 1, 8, 2)], 5, 10)
    expected = np.zeros((5, 10), bool)
    expected[1:3, 2:6] = True
    expected[1, 6:8] = True
    assert (mask == expected).all()


def test_what_is_known_follows_from_exhaustive_and_partial(folder: Path):
    outlined, _ = read_ucm(folder, "train")
    assert outlined.masks.keys() == {"storage tank", "building", "road"}
    assert outlined.knows("storage tank")
    assert outlined.masks["road"][25:].all()
    known = outlined.known["building"]
    assert isinstance(known, np.ndarray)
    assert known[10:20, 20:30].all()
    # A tank is no building; the rest of the image nobody looked at.
    assert known[:10, :10].all()
    assert known.sum() == 200


def test_absent_are_the_looked_for_and_the_impossible(folder: Path):
    outlined, _ = read_ucm(folder, "train")
    assert {"ship", "airplane"} <= outlined.absent
    assert not outlined.absent & {"storage tank", "building", "small vehicle"}


def test_a_scene_class_says_what_it_covers(folder: Path):
    _, forest = read_ucm(folder, "train")
    assert forest.knows("tree")
    assert forest.masks["tree"].all()
    assert forest.knows("building")
    assert not forest.knows("road")


def test_no_outline_contradicts_its_scene_class(data_dir: Path):
    for split in ("train", "heldout"):
        for image in read_ucm(data_dir, split):
            assert not image.masks.keys() & image.absent, image.name


def test_outlines_drawn_later_add_images_and_change_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = json.loads((folder / "ucm" / "objects_coco.json").read_text("utf-8"))
    entry = first["images"][0]
    later = {
        "images": [
            entry | {"exhaustive_categories": [], "partial_categories": []},
            entry | {"id": 1, "file_name": "images/forest/b.jpg", "scene_class": "forest"},
        ],
        "categories": first["categories"],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": [rectangle(0, 0, 40, 30)]}
        ],
    }
    (tmp_path / "ucm_extra_more.json").write_text(json.dumps(later))
    monkeypatch.setattr("training.data.ucm.DATA_SOURCES", tmp_path)
    outlined, added = read_ucm(folder, "train")
    assert outlined.masks.keys() == {"storage tank", "building", "road"}
    assert added.masks["storage tank"].all()


def test_no_outline_drawn_later_is_of_a_held_out_image():
    for path in DATA_SOURCES.glob("ucm_extra_*.json"):
        names = {image["file_name"] for image in json.loads(path.read_text("utf-8"))["images"]}
        assert not names & held_out().ucm_images, path.name
