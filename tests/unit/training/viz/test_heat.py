"""Attention that is known lies where it must in a picture."""

import numpy as np
import pytest
import torch

from geoseg.segearth.config import PRESETS, SiglipConfig
from geoseg.segearth.preprocess import token_coverage
from tests.unit.segearth.tiny_r2 import tiny_r2
from training.viz.heat import TokenSquare, over_picture, token_square


def peak(heat):
    return np.unravel_index(heat.argmax(), heat.shape)


@pytest.mark.parametrize(("height", "width"), [(384, 384), (200, 300), (301, 77)])
def test_a_planted_peak_lies_in_the_target_that_its_token_covers(height, width):
    siglip = SiglipConfig(hidden=8, layers=1, heads=1, mlp=8, image_size=384, patch=14)
    square = TokenSquare(27, 378 / 384, 378 / 384)
    for top, left in ((0.1, 0.1), (0.5, 0.7), (0.85, 0.85)):
        rows = slice(int(top * height), int(top * height) + height // 8)
        columns = slice(int(left * width), int(left * width) + width // 8)
        mask = np.zeros((height, width), bool)
        mask[rows, columns] = True
        covered = token_coverage(torch.from_numpy(mask)[None], siglip)[0].numpy()
        row = np.zeros(27 * 27, np.float32)
        row[covered.argmax()] = 0.4
        assert mask[peak(over_picture(row, square, height, width))]


def test_a_token_lies_at_the_middle_of_its_patch():
    square = TokenSquare(27, 378 / 384, 378 / 384)
    row = np.zeros((27, 27), np.float32)
    row[26, 3] = 1.0
    heat = over_picture(row.ravel(), square, 384, 384)
    rows, columns = np.nonzero(heat > 0.9)
    # The last patch ends at 378; what lies below it is as near to it as to no other.
    assert rows.min() == 26 * 14 + 7 - 1
    assert rows.max() == 383
    assert (columns.min(), columns.max()) == (3 * 14 + 6, 3 * 14 + 7)


def test_even_attention_stays_even_and_values_are_kept():
    even = over_picture(np.full(16, 0.25, np.float32), TokenSquare(4, 1.3, 1.0), 31, 50)
    np.testing.assert_allclose(even, 0.25, rtol=1e-6)
    one = over_picture(np.array([0.5], np.float32), TokenSquare(1, 1.0, 1.0), 3, 4)
    np.testing.assert_allclose(one, 0.5)


def test_the_square_of_a_tower_ends_before_the_picture_does():
    square = token_square(tiny_r2().model, 90, 40)
    assert square == TokenSquare(2, 28 / 34, 28 / 34)


def test_the_square_of_one_encoder_covers_the_padding_too():
    class Encoder:
        strides = (4, 8, 16, 32)

    class Model:
        config = PRESETS["nano"]
        encoder = Encoder()

    side = PRESETS["nano"].input_size
    square = token_square(Model(), 500, 1000)
    assert square == TokenSquare(side // 32, 2.0, 1.0)
    row = np.zeros((side // 32, side // 32), np.float32)
    row[0, -1] = 1.0
    assert peak(over_picture(row.ravel(), square, 500, 1000))[1] > 950
