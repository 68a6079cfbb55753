import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.vehicles import read_vehicles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vehicles").mkdir()
    Image.new("RGB", (600, 450)).save(tmp_path / "vehicles" / "a.png")
    labels = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "small car"}, {"id": 2, "name": "bus"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": [150, 150, 92, 46]},
            {"image_id": 1, "category_id": 2, "bbox": [360, 150, 60, 60]},
        ],
    }
    (tmp_path / "vehicles" / "boxes_coco.json").write_text(json.dumps(labels))
    return tmp_path


def test_the_length_of_a_car_gives_the_scale(folder: Path):
    (frame,) = read_vehicles(folder)
    assert frame.gsd == 0.3
    assert frame.shape == (75, 100)


def test_ellipses_stand_in_for_outlines(folder: Path):
    (frame,) = read_vehicles(folder)
    car, bus = frame.masks["small vehicle"], frame.masks["large vehicle"]
    assert car[28, 32]
    assert not car[25, 25]
    assert car.sum() == pytest.approx(np.pi / 4 * (13.8 * 6.9), rel=0.1)
    # A square box is a slanted vehicle: less of it is filled.
    assert bus.sum() == pytest.approx(np.pi / 4 * 6**2, rel=0.15)


def test_the_corners_of_a_box_and_the_border_are_unknown(folder: Path):
    (frame,) = read_vehicles(folder)
    known = frame.known["small vehicle"]
    assert isinstance(known, np.ndarray)
    assert not known[25, 25]
    assert known[28, 32]
    assert known[17:58, 45:83].all()
    assert not known[:, :17].any()
    assert not known[-17:].any()
