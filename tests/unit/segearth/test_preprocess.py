from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from geoseg.segearth.config import PRESETS
from geoseg.segearth.preprocess import (
    ABSENT,
    GREY,
    Letterbox,
    crop_logits,
    letterbox,
    pad_chips,
    picture_logits,
    to_pixels,
    token_coverage,
)
from geoseg.segearth.resample import resample

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


def test_tower_sees_the_chip_and_no_padding() -> None:
    config = dataclasses.replace(SMALL, siglip=PRESETS["r2"].siglip)
    chips = [torch.randint(0, 256, (3, *hw), dtype=torch.uint8) for hw in ((64, 64), (20, 50))]
    shapes = [(64, 64), (20, 50)]
    valids = [torch.ones(shape, dtype=torch.bool) for shape in shapes]
    language = to_pixels(pad_chips(chips, valids, 64), config, shapes).language
    assert language is not None
    for view, chip in zip(language, chips, strict=True):
        assert torch.equal(view, resample(chip, 384, 384, "bicubic").float() / 127.5 - 1)
    alone = to_pixels(pad_chips(chips[:1], valids[:1], 64), config).language
    assert alone is not None
    assert torch.equal(language[:1], alone)
    equal = to_pixels(pad_chips(chips[1:] * 2, valids[1:] * 2, 64), config, shapes[1:] * 2).language
    assert equal is not None
    assert torch.equal(equal, language[[1, 1]])


@pytest.mark.parametrize(
    ("height", "width", "scaled"),
    [
        (1024, 1024, (1024, 1024)),
        (800, 800, (1024, 1024)),
        (600, 800, (768, 1024)),
        (2000, 1001, (1024, 513)),
        (1000, 333, (1024, 341)),
        (2048, 3, (1024, 2)),  # 1.5 rounds up
        (5000, 1, (1024, 1)),  # never to nothing
    ],
)
def test_letterbox_scales_the_longer_side(height: int, width: int, scaled: tuple[int, int]) -> None:
    assert Letterbox(height, width, 1024).scaled == scaled


def test_picture_lies_at_the_top_left_on_grey_and_the_tower_sees_it_squashed() -> None:
    config = dataclasses.replace(PRESETS["r2"], input_size=64)
    picture = torch.randint(0, 256, (3, 30, 80), dtype=torch.uint8)
    pixels, box = letterbox(picture, config)
    mean, std = (torch.tensor(v)[:, None, None] for v in (config.encoder.mean, config.encoder.std))
    levels = (pixels.segmentation[0] * std + mean).round()
    assert box == Letterbox(30, 80, 64)
    assert torch.equal(levels[:, :24], resample(picture, 24, 64, "bilinear").float())
    assert (levels[:, 24:] == GREY).all()
    assert pixels.language is not None
    theirs = Image.fromarray(picture.permute(1, 2, 0).numpy()).resize((384, 384), 3)
    ours = ((pixels.language[0] + 1) * 127.5).round()
    assert torch.equal(ours, torch.from_numpy(np.array(theirs)).permute(2, 0, 1).float())


def test_models_with_one_eye_get_one_view() -> None:
    pixels, _ = letterbox(torch.zeros(3, 40, 20, dtype=torch.uint8), SMALL)
    assert pixels.language is None
    assert pixels.segmentation.shape == (1, 3, 32, 32)


def test_a_thing_comes_back_where_it_was() -> None:
    height, width = 300, 500
    box = Letterbox(height, width, 1024)
    truth = torch.zeros(height, width)
    truth[100:180, 240:420] = 1
    inside = torch.zeros(1, 1, 1024, 1024)
    inside[0, 0, : box.scaled[0], : box.scaled[1]] = F.interpolate(
        truth[None, None], box.scaled, mode="bilinear", antialias=True
    )[0, 0]
    logits = F.avg_pool2d(inside, 4)[0] * 20 - 10
    found = picture_logits(logits, box) > 0
    assert found.shape == (1, height, width)
    union = (found[0] | (truth > 0)).sum()
    assert (found[0] & (truth > 0)).sum() / union > 0.97


def test_compat_keeps_the_padding() -> None:
    box = Letterbox(300, 500, 1024)
    logits = torch.randn(2, 256, 256, generator=torch.Generator().manual_seed(0))
    whole = picture_logits(logits, box, compat=True)
    released = F.interpolate(logits[None], (1024, 1024), mode="bilinear", align_corners=False)[0]
    assert torch.equal(whole, released)


def test_square_pictures_of_the_input_size_need_neither() -> None:
    box = Letterbox(64, 64, 64)
    logits = torch.randn(1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(picture_logits(logits, box), picture_logits(logits, box, compat=True))


def test_tokens_cover_whole_patches_from_the_top_left() -> None:
    siglip = PRESETS["r2"].siglip
    assert siglip is not None
    height, width = 384 * 2, 384 * 3
    masks = torch.zeros(3, height, width, dtype=torch.bool)
    masks[0, : 14 * 2, : 14 * 3] = True  # the first token's cell
    masks[1, 14 * 2 : 14 * 3, : 14 * 3] = True  # half of the first cell of the second row
    masks[2, 378 * 2 :, :] = True  # what no token sees
    coverage = token_coverage(masks, siglip)
    assert coverage.shape == (3, 27 * 27)
    expected = torch.zeros(3, 27 * 27)
    expected[0, 0], expected[1, 27] = 1.0, 0.5
    torch.testing.assert_close(coverage, expected, atol=0.05, rtol=0)
    assert coverage[0].argmax() == 0
    assert coverage[1].argmax() == 27
