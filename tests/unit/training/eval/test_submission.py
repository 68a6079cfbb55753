"""The contest's zip: names that parse back, masks of 0 and 255."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from training.data.errors import DataError
from training.eval.submission import STEMS, MaskName, parse_name, write_submission


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("picture", ["P0001", "a_b_c", "ship_3_test_explicit_1"])
def test_names_parse_back(stem, picture):
    name = MaskName(picture, "17", stem, 2)
    assert parse_name(str(name)) == name


def test_a_stem_that_ends_in_another():
    name = MaskName("a", "1", "my_test_x", 0)
    assert parse_name(str(name), ["test_x", "my_test_x"]) == name


@pytest.mark.parametrize(
    "name", ["a_1_test_explicit_0.png", "a_1_explicit_0.tif", "1_test_explicit_0.tif", "x.tif"]
)
def test_other_names(name):
    with pytest.raises(DataError, match="no name of a mask"):
        parse_name(name)


def test_the_zip(tmp_path):
    mask = np.zeros((5, 9), bool)
    mask[1:3, 4:] = True
    name = MaskName("a_b", "3", "test_part_level", 0)
    for path in (tmp_path / "a.zip", tmp_path / "b.zip"):
        assert write_submission(path, [(name, mask)]) == 1
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == [str(name)]
        image = Image.open(io.BytesIO(archive.read(str(name))))
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), mask * np.uint8(255))


def test_a_name_twice(tmp_path):
    one = (MaskName("a", "3", "test_part_level", 0), np.zeros((2, 2), bool))
    with pytest.raises(DataError, match="two masks"):
        write_submission(tmp_path / "a.zip", [one, one])
