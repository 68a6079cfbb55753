"""Masks in the input and on the tokens, against what whole pictures would give."""

import numpy as np
import pytest
import torch

from geoseg.segearth.config import SiglipConfig
from geoseg.segearth.preprocess import Letterbox
from geoseg.segearth.resample import resample
from training.fit.targets import framed, tower_tokens
from training.losses import target_grid

TOWER = SiglipConfig(hidden=16, layers=2, heads=2, mlp=32, image_size=34, patch=14)
"""Of its 34 rows and columns it sees 28."""


def drawn(height: int, width: int) -> torch.Tensor:
    """Small and large, at every edge, in several parts, and nothing."""
    rng = np.random.default_rng([height, width])
    masks = np.zeros((8, height, width), dtype=bool)
    for mask in masks[:6]:
        for _ in range(int(rng.integers(1, 4))):
            top, left = rng.integers(0, height), rng.integers(0, width)
            mask[top : top + rng.integers(1, height), left : left + rng.integers(1, width)] = True
    masks[6, -1, -1] = True
    return torch.from_numpy(masks)


SIZES = [(64, 64), (40, 80), (81, 37), (7, 300), (3, 2)]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("side", [16, 64, 128])
def test_masks_in_the_input_are_those_of_whole_pictures_to_the_bit(height, width, side):
    masks, box = drawn(height, width), Letterbox(height, width, side)
    rows, columns = box.scaled
    whole = torch.zeros(len(masks), side, side, dtype=torch.uint8)
    whole[:, :rows, :columns] = resample(masks.to(torch.uint8) * 255, rows, columns, "bilinear")
    assert torch.equal(framed(masks, box), whole)
    assert framed(masks[:0], box).shape == (0, side, side)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("side", [2, 5, 27])
def test_tokens_are_those_of_max_pooling(height, width, side):
    masks = drawn(height, width)
    assert tower_tokens(masks[:0], TOWER, side).shape == (0, side * side)
    kept = masks.float()
    for axis in (1, 2):
        size = kept.shape[axis]
        reach = max(1, -(-size * 28 // 34))
        edge = kept.narrow(axis, reach - 1, size - reach + 1).amax(axis, keepdim=True)
        kept = torch.cat([kept.narrow(axis, 0, reach - 1), edge], axis)
    assert torch.equal(tower_tokens(masks, TOWER, side), target_grid(kept, side, side))


def test_what_the_tower_never_sees_belongs_to_its_last_tokens():
    masks = torch.zeros(1, 340, 340, dtype=torch.bool)
    masks[0, 339, 339] = True
    assert tower_tokens(masks, TOWER, 2).tolist() == [[False, False, False, True]]


def test_small_targets_keep_their_share():
    mask = torch.zeros(1, 64, 64, dtype=torch.bool)
    mask[0, 8:10, 8:10] = True
    small = framed(mask, Letterbox(64, 64, 16)).float() / 255
    assert small.sum().item() == pytest.approx(4 / 16, abs=0.05)
