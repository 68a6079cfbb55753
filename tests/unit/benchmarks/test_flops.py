"""The paper's own cost figures, from our model."""

import pytest

from benchmarks.flops import PAPER_TOWER, cost
from geoseg.segearth.config import PRESETS

_R2 = PRESETS["r2"]
_TERA = 10**12


def test_one_target_costs_what_the_paper_says() -> None:
    found = cost(_R2, tokens=829, tower_layers=PAPER_TOWER)
    assert found.total / _TERA == pytest.approx(6.1, rel=0.01)
    giga = {name: operations / 1e9 for name, operations in found.parts().items()}
    expected = {
        "tower": 670,
        "image_tokens": 13.9,
        "language": 4398,
        "encoder": 724,
        "pixel_decoder": 282,
        "mask_decoder": 17.3,
    }
    assert giga == pytest.approx(expected, rel=0.02)


def test_a_hundred_targets_cost_less_when_they_share_keys_and_values() -> None:
    released = cost(_R2, tokens=928, targets=100, tower_layers=PAPER_TOWER, repeated=True)
    assert released.total / _TERA == pytest.approx(8.4, rel=0.01)
    shared = cost(_R2, tokens=928, targets=100)
    assert shared.total / _TERA <= 6.8
    assert shared.mask_decoder < 0.03 * released.mask_decoder


def test_a_model_with_one_eye_has_no_tower() -> None:
    found = cost(PRESETS["nano"], tokens=280)
    assert found.tower == 0
    assert 0 < found.image_tokens < found.encoder < found.total
