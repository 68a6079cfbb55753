from pathlib import Path

import numpy as np
from PIL import Image

from training.data.dubai import index, join, labelled


def test_tiles_join_where_the_index_puts_them(tmp_path: Path):
    for number, (height, value) in enumerate([(4, 10), (3, 20)]):
        Image.new("RGB", (5, height), (value,) * 3).save(tmp_path / f"{number}.png")
        Image.new("L", (5, height), number + 1).save(tmp_path / f"m{number}.png")
    (tmp_path / "index.csv").write_text(
        "image,mask,tile,row,col,x_in_scene,y_in_scene,width,height\n"
        "0.png,m0.png,1,0,0,0,0,5,4\n"
        "1.png,m1.png,1,0,1,5,0,5,3\n"
    )
    rgb, labels = join(index(tmp_path), tmp_path)
    assert rgb.shape == (3, 4, 10)
    assert (rgb[:, :, :5] == 10).all()
    assert (labels[:3, 5:] == 2).all()
    assert (labels[3, 5:] == 0).all()


def test_ground_and_open_areas_follow_from_the_classes():
    labels = np.full((60, 60), 2, np.uint8)
    labels[:, :10] = 1
    labels[:, 50:] = 5
    labels[0, 30] = 0
    scene = labelled("drawn", np.zeros((3, 60, 60), np.uint8), labels, "train")
    assert (scene.masks["ground"] == (labels == 2)).all()
    assert not scene.masks["open area"][:, :19].any()
    assert scene.masks["open area"][1:, 24:50].all()
    assert not scene.masks["open area"][:, 50:].any()
    known = scene.known["road"]
    assert isinstance(known, np.ndarray)
    assert (~known).sum() == 1
    assert scene.knows("airplane")
