"""Pillow is the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from geoseg.segearth.resample import _by_tensors, resample

SIZES = [
    ((80, 60), (128, 96)),
    ((200, 200), (102, 102)),
    ((31, 500), (38, 38)),
    ((77, 53), (53, 77)),
    ((90, 30), (38, 38)),
    ((1, 9), (4, 4)),
    ((64, 64), (64, 20)),
    ((40, 40), (40, 40)),
]


def noise(height: int, width: int) -> np.ndarray:
    picture = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture[: height // 2] = np.where(picture[: height // 2] > 127, 255, 0)  # overshoots
    return picture


def resampled(picture: np.ndarray, height: int, width: int, kernel: str) -> np.ndarray:
    planes = torch.from_numpy(picture).permute(2, 0, 1)
    ours = _by_tensors(planes, height, width, kernel)  # as on a device that Pillow cannot reach
    assert torch.equal(ours, resample(planes, height, width, kernel))
    assert ours.dtype == torch.uint8
    return ours.permute(1, 2, 0).numpy()


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("before", "after"), SIZES)
def test_every_pixel_is_pillows(
    kernel: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    picture = noise(*before)
    filter_ = Image.Resampling[kernel.upper()]
    # One axis at a time: Pillow 13 takes the columns of tall pictures first, no other version does.
    rows = Image.fromarray(picture).resize((after[1], before[0]), filter_)
    theirs = rows.resize((after[1], after[0]), filter_)
    np.testing.assert_array_equal(resampled(picture, *after, kernel), np.asarray(theirs))


@pytest.mark.parametrize(("before", "after"), SIZES)
def test_bilinear_stays_within_a_grey_level_of_any_pillow(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    picture = noise(*before)
    theirs = Image.fromarray(picture).resize(after[::-1], Image.Resampling.BILINEAR)
    gap = resampled(picture, *after, "bilinear").astype(int) - np.asarray(theirs).astype(int)
    assert abs(gap).max() <= 1


@pytest.mark.parametrize("shape", [(20, 30), (1, 20, 30), (4, 20, 30), (2, 3, 20, 30), (0, 20, 30)])
def test_planes_are_resampled_each_by_itself(shape: tuple[int, ...]) -> None:
    planes = torch.randint(0, 256, shape, dtype=torch.uint8)
    ours = resample(planes, 9, 11, "bicubic")
    assert ours.is_contiguous()
    assert torch.equal(ours, _by_tensors(planes, 9, 11, "bicubic"))
