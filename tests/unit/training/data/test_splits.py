import json
from pathlib import Path

from training.data import splits
from training.data.dubai import read_dubai
from training.data.ucm import read_ucm


def test_every_third_of_a_scene_class_by_name(tmp_path: Path):
    names = {"airplane": "edcba", "beach": "ab", "river": "fabcde"}
    images = [
        {"scene_class": scene, "file_name": f"images/{scene}/{letter}.jpg"}
        for scene, letters in names.items()
        for letter in letters
    ]
    (tmp_path / "ucm").mkdir()
    (tmp_path / "ucm" / "objects_coco.json").write_text(json.dumps({"images": images}))
    assert splits.make_splits(tmp_path)["ucm"]["images"] == [
        "images/airplane/c.jpg",
        "images/river/c.jpg",
        "images/river/f.jpg",
    ]


def test_the_stored_list_is_the_computed_one(data_dir: Path):
    stored = Path(splits.__file__).parents[1] / "splits" / "heldout.json"
    assert json.loads(stored.read_text()) == splits.make_splits(data_dir)


def test_training_images_are_not_held_out(data_dir: Path):
    held = splits.held_out()
    trained = {image.name.removeprefix("ucm/") for image in read_ucm(data_dir, "train")}
    judged = {image.name.removeprefix("ucm/") for image in read_ucm(data_dir, "heldout")}
    assert judged == held.ucm_images
    assert not trained & held.ucm_images
    assert len(trained | judged) == 1620
    assert [image.name for image in read_dubai(data_dir, "heldout")] == ["dubai/tile2"]
