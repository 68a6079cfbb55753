import numpy as np
import pytest
from PIL import Image

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of


@pytest.mark.parametrize("kind", ["refsegrs", "risbench"])
def test_lines_and_masks(drawn, seen, kind):
    root = drawn(kind)
    samples = LOADERS[kind](root, "train")
    assert kind_of(root) == kind
    colors = ("red", "blue", "white")
    for sample in samples:
        assert (sample.source, sample.answer, len(sample.masks)) == (kind, "[SEG]", 1)
        if "vehicle" not in sample.instruction:
            color = next(
                c
                for c, w in zip(colors, ("ship", "court", "tank"), strict=True)
                if w in sample.instruction
            )
            assert np.array_equal(sample.decode()[0], seen(sample.image_path, color))
    empty = [s for s in samples if not s.decode().any()]
    assert [("vehicle" in s.instruction) for s in empty] == [True]
    assert len({s.id for s in samples}) == len(samples)


def test_masks_of_ones_and_of_three_channels_are_there(drawn):
    root = drawn("risbench")
    kinds = {
        (np.asarray(Image.open(p)).max(), np.asarray(Image.open(p)).ndim)
        for p in (root / "mask").iterdir()
    }
    assert kinds >= {(255, 3), (1, 2)}


def test_lines_that_come_twice_stay_two(drawn):
    samples = LOADERS["risbench"](drawn("risbench"), "train")
    assert len(samples) == 7
    assert samples[0].instruction == samples[1].instruction
    assert (samples[0].id, samples[1].id) == ("train/1", "train/2")
    assert samples[0].group == samples[1].group == "train_P0000_0_0.png"


def test_what_is_missing_is_named_each_time(drawn):
    root = drawn("refsegrs")
    (root / "images" / "0.tif").unlink()
    (root / "masks" / "2.tif").unlink()
    (root / "masks" / "3.tif").write_bytes(b"no tif")
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(root / "masks" / "4.tif")
    with (root / "output_phrase_train.txt").open("a") as lines:
        lines.write("\n1\n")
    found = [str(e) for e in LOADERS["refsegrs"](root, "train").problems()]
    assert [text.split("line ")[1].split(":")[0] for text in found] == [
        "1 (0)",
        "3 (2)",
        "4 (3)",
        "5 (4)",
        "8 (1)",
    ]
    assert "picture" in found[0]
    assert "mask" in found[1]
    assert "cannot be read" in found[2]
    assert "mask 0 is of size [5, 6]" in found[3]
    assert "no phrase" in found[4]


def test_an_unknown_split(drawn):
    with pytest.raises(DataError, match="no split 'dev'; it has train, val, test"):
        LOADERS["risbench"](drawn("risbench"), "dev")
