from __future__ import annotations

import dataclasses

import pytest
import torch

from geoseg.segearth.config import PRESETS
from geoseg.segearth.preprocess import ABSENT, GREY, crop_logits, pad_chips, to_pixels

SMALL = dataclasses.replace(PRESETS["tiny"], window=64, input_size=32)


def test_small_chips_and_invalid_pixels_become_grey() -> None:
    rgb = torch.full((3, 10, 20), 200, dtype=torch.uint8)
    valid = torch.ones(10, 20, dtype=torch.bool)
    valid[:2] = False
    (window,) = pad_chips([rgb], [valid], 64)
    assert window.shape == (3, 64, 64)
    assert (window[:, 2:10, :20] == 200).all()
    window[:, 2:10, :20] = GREY
    assert (window == GREY).all()


def test_chip_larger_than_the_window_is_refused() -> None:
    rgb, valid = torch.zeros(3, 65, 64, dtype=torch.uint8), torch.ones(65, 64, dtype=torch.bool)
    with pytest.raises(ValueError, match="64 x 65"):
        pad_chips([rgb], [valid], 64)


def test_pixels_are_scaled_and_normalised() -> None:
    picture = torch.full((1, 3, 64, 64), 255, dtype=torch.uint8)
    pixels = to_pixels(picture, SMALL)
    assert pixels.language is None
    assert pixels.segmentation.shape == (1, 3, 32, 32)
    torch.testing.assert_close(pixels.segmentation, torch.ones(1, 3, 32, 32))


def test_scaling_averages_what_it_drops() -> None:
    stripes = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    stripes[..., ::2] = 254
    pixels = to_pixels(stripes, SMALL)
    inner = pixels.segmentation[..., 2:-2]
    torch.testing.assert_close(inner, torch.zeros_like(inner), atol=0.05, rtol=0)


def test_tower_sees_its_own_size_between_minus_one_and_one() -> None:
    config = dataclasses.replace(SMALL, siglip=PRESETS["r2"].siglip)
    noise = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    language = to_pixels(noise, config).language
    assert language is not None
    assert language.shape == (1, 3, 384, 384)
    assert language.abs().max() <= 1


@pytest.mark.parametrize(("height", "width"), [(64, 64), (63, 61), (1, 5), (30, 64)])
def test_logits_are_cropped_to_the_chip(height: int, width: int) -> None:
    logits = torch.arange(16 * 16, dtype=torch.float32).view(1, 16, 16)
    valid = torch.ones(height, width, dtype=torch.bool)
    cropped = crop_logits(logits, valid, SMALL)
    assert cropped.shape == (1, -(-height // 4), -(-width // 4))
    assert torch.equal(cropped, logits[:, : cropped.shape[1], : cropped.shape[2]])


def test_cells_without_a_valid_pixel_are_absent() -> None:
    valid = torch.ones(64, 64, dtype=torch.bool)
    valid[:8, :6] = False
    cropped = crop_logits(torch.ones(2, 16, 16), valid, SMALL)
    assert (cropped[:, :2, :1] == ABSENT).all()
    assert int((cropped == ABSENT).sum()) == 2 * 2


def test_logits_of_another_stride_are_resized() -> None:
    valid = torch.ones(64, 64, dtype=torch.bool)
    assert crop_logits(torch.ones(1, 8, 8), valid, SMALL).shape == (1, 16, 16)
