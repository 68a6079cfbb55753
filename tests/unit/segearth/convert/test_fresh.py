"""Tensors that no file has are drawn from a seed, without building what is large."""

from __future__ import annotations

import logging

import pytest
import torch

from geoseg.segearth.convert.fresh import draw
from geoseg.segearth.model import build
from tests.unit.segearth.tiny_r2 import tiny_r2_config

_NAME = "seg_projector.weight"


def test_the_seed_decides() -> None:
    drawn = [draw(tiny_r2_config(), [_NAME], seed)[_NAME].read() for seed in (0, 0, 1)]
    assert drawn[0].shape == build(tiny_r2_config()).state_dict()[_NAME].shape
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_drawing_leaves_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    draw(tiny_r2_config(), [_NAME], 0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_nothing_is_said_of_the_model_that_is_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    draw(tiny_r2_config(), [_NAME], 0)
    assert not caplog.records
