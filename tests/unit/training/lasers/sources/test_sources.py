"""Pictures in folders, SAMRS, COCO files."""

import json

import numpy as np
import pytest
from PIL import Image

from geoseg.dataset import encode_rle
from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.data.fixtures import write
from training.data.loaders import LOADERS
from training.lasers.sources import find_pictures, read_samrs, with_coco


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for name in ("east/a_1.png", "east/a_2.jpg", "west/b_1.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    (folder / "west" / "notes.txt").write_text("")
    return folder


def test_pictures_of_folders_and_files(pictures):
    found = find_pictures([pictures], None, None, 0)
    assert [one.row.name for one in found] == ["east-a_1.png", "east-a_2.jpg", "west-b_1.png"]
    assert [one.row.group for one in found] == ["east-a_1", "east-a_2", "west-b_1"]
    assert (found[0].row.height, found[0].row.width) == (20, 30)
    (single,) = find_pictures([pictures / "west" / "b_1.png"], None, None, 0)
    assert single.row.name == "b_1.png"
    assert single.row.sha256 == found[2].row.sha256


def test_groups_by_what_names_share(pictures):
    groups = [one.row.group for one in find_pictures([pictures], r"-([ab])_", None, 0)]
    assert groups == ["a", "a", "b"]
    with pytest.raises(InstructionError, match="no regular expression"):
        find_pictures([pictures], "(", None, 0)


def test_some_pictures_drawn_by_the_seed(pictures):
    drawn = {
        tuple(one.row.name for one in find_pictures([pictures], None, 2, seed)) for seed in range(9)
    }
    assert {len(names) for names in drawn} == {2}
    assert len(drawn) > 1
    with pytest.raises(InstructionError, match="0 pictures"):
        find_pictures([pictures], None, 0, 0)


def test_pictures_of_one_name_are_refused(pictures):
    (pictures / "b_1.png").write_bytes((pictures / "west" / "b_1.png").read_bytes())
    with pytest.raises(DataError, match=r"would both be b_1\.png"):
        find_pictures([pictures, pictures / "west" / "b_1.png"], None, None, 0) and find_pictures(
            [pictures / "b_1.png", pictures / "west" / "b_1.png"], None, None, 0
        )
    with pytest.raises(DataError, match="holds no picture"):
        find_pictures([pictures / "nowhere"], None, None, 0)


def test_pictures_of_more_than_eight_bits_are_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 4000, np.uint16)).save(tmp_path / "deep.tif")
    with pytest.raises(DataError, match=r"I;16, no 8 bits\. Scenes of other kinds"):
        find_pictures([tmp_path], None, None, 0)


def test_samrs_gives_masks_boxes_and_groups(samrs):
    found = list(read_samrs(samrs))
    assert len(found) == 7
    assert found[0].row.group == "sota-P0000"
    assert found[0].row.name.startswith("sota-P0000__")
    labels = found[0].labelled
    assert {label.category for label in labels} == {"ship", "tennis court", "storage tank"}
    for label in labels:
        assert label.mask.exhaustive
        assert label.mask.boxes == sum(other.category == label.category for other in labels)
        assert label.mask.box == tuple(map(int, label.box))
    with pytest.raises(DataError, match="no data set of a known kind"):
        list(read_samrs(samrs / "dotav2_1024" / "trainval" / "images"))


@pytest.mark.parametrize("subset", ["sota", "sior", "fast"])
def test_every_instance_of_each_subset_is_taken_over(tmp_path, subset):
    kind = f"samrs_{subset}"
    write(kind, tmp_path, 4, 5, side=64)
    samples = [
        one
        for split in ("train", "val")
        for one in LOADERS[kind](tmp_path, split, targets="instance")
    ]
    found = list(read_samrs(tmp_path))
    assert [len(one.labelled) for one in found] == [len(one.masks) for one in samples]
    for one, sample in zip(found, samples, strict=True):
        for label, mask in zip(one.labelled, sample.decode(), strict=True):
            assert np.array_equal(label.mask.decode(), mask)


def coco(path, **changes):
    square = [[2, 2, 12, 2, 12, 12, 2, 12]]
    content = {
        "images": [
            {"id": 1, "file_name": "pictures/east/a_1.png", "exhaustive_categories": ["aircraft"]},
            {"id": 2, "file_name": "somewhere/else.png"},
        ],
        "categories": [{"id": 5, "name": "aircraft"}, {"id": 6, "name": "sand bunker"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 5,
                "bbox": [2, 2, 10, 10],
                "segmentation": square,
            },
            {
                "id": 2,
                "image_id": 1,
                "category_id": 6,
                "bbox": [2, 2, 10, 10],
                "segmentation": square,
            },
            {"id": 3, "image_id": 1, "category_id": 6, "bbox": [15, 2, 6, 6]},
        ],
    } | changes
    path.write_text(json.dumps(content))
    return path


def test_coco_gives_boxes_and_outlines(pictures, tmp_path):
    found = with_coco(find_pictures([pictures], None, None, 0), coco(tmp_path / "coco.json"))
    plane, bunker, bare = found[0].labelled
    assert (plane.category, plane.box) == ("airplane", (2, 2, 12, 12))
    assert plane.mask.decode().sum() == 100
    assert plane.mask.exhaustive
    assert not bunker.mask.exhaustive
    assert bare.mask is None
    assert found[1].labelled == ()


def test_coco_gives_run_lengths(pictures, tmp_path):
    mask = np.zeros((20, 30), bool)
    mask[3:9, 4:12] = True
    shape = {"id": 1, "image_id": 1, "category_id": 5, "bbox": [4, 3, 8, 6]}
    path = coco(tmp_path / "c.json", annotations=[shape | {"segmentation": encode_rle(mask)}])
    (label,) = with_coco(find_pictures([pictures], None, None, 0), path)[0].labelled
    assert np.array_equal(label.mask.decode(), mask)


def test_boxes_without_masks_leave_a_category_open(pictures, tmp_path):
    bare = {"id": 9, "image_id": 1, "category_id": 5, "bbox": [15, 2, 6, 6]}
    path = coco(tmp_path / "coco.json")
    content = json.loads(path.read_text())
    content["annotations"].append(bare)
    path.write_text(json.dumps(content))
    plane = with_coco(find_pictures([pictures], None, None, 0), path)[0].labelled[0]
    assert not plane.mask.exhaustive
    assert plane.mask.boxes == 2


def test_coco_files_that_do_not_fit(pictures, tmp_path):
    found = find_pictures([pictures], None, None, 0)
    with pytest.raises(DataError, match="names none of the 3 pictures"):
        with_coco(found, coco(tmp_path / "coco.json", images=[{"id": 1, "file_name": "x.png"}]))
    wrong = [{"id": 7, "image_id": 1, "category_id": 99, "bbox": [1, 1, 2, 2]}]
    with pytest.raises(DataError, match="annotation 7 is no box of a category"):
        with_coco(found, coco(tmp_path / "coco.json", annotations=wrong))
    ring = {"size": [9, 9], "counts": [81]}
    for outline, message in ((ring, "of size"), ([["a", 1, 2, 3, 4, 5]], "outline that is none")):
        wrong = [
            {
                "id": 8,
                "image_id": 1,
                "category_id": 5,
                "bbox": [1, 1, 2, 2],
                "segmentation": outline,
            }
        ]
        with pytest.raises(DataError, match=rf"annotation 8: (is|has an) {message}"):
            with_coco(found, coco(tmp_path / "coco.json", annotations=wrong))
    with pytest.raises(DataError, match="no COCO file"):
        with_coco(found, coco(tmp_path / "coco.json", images=[{"name": "x.png"}]))
    (tmp_path / "coco.json").write_text("[]")
    with pytest.raises(DataError, match="images is None"):
        with_coco(found, tmp_path / "coco.json")
