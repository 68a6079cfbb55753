import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.vehicles import read_vehicles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vehicles").mkdir()
    Image.new("RGB", (300, 150)).save(tmp_path / "vehicles" / "a.png")
    labels = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "small car"}, {"id": 2, "name": "bus"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": [30, 30, 90, 45]},
            {"image_id": 1, "category_id": 2, "bbox": [180, 30, 60, 60]},
        ],
    }
    (tmp_path / "vehicles" / "boxes_coco.json").write_text(json.dumps(labels))
    return tmp_path


def test_ellipses_stand_in_for_outlines(folder: Path):
    (frame,) = read_vehicles(folder)
    assert frame.shape == (50, 100)
    car, bus = frame.masks["small vehicle"], frame.masks["large vehicle"]
    assert car[17, 25]
    assert not car[10, 10]
    assert car.sum() == pytest.approx(np.pi / 4 * (27 * 13.5), rel=0.1)
    # A square box is a slanted vehicle: less of it is filled.
    assert bus.sum() == pytest.approx(np.pi / 4 * 12**2, rel=0.1)


def test_the_corners_of_a_box_are_unknown_and_the_rest_is_known(folder: Path):
    (frame,) = read_vehicles(folder)
    known = frame.known["small vehicle"]
    assert isinstance(known, np.ndarray)
    assert not known[10, 10]
    assert known[17, 25]
    assert known[:10].all()
    assert known[:, 42:].all()
