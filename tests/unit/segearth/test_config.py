from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.config import PRESETS, from_json, to_json
from geoseg.segearth.model import build


def _json(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(to_json(PRESETS[name])))
    return data


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_round_trip_through_json(name: str) -> None:
    assert from_json(_json(name)) == PRESETS[name]


def test_unknown_missing_and_mistyped_keys_are_errors() -> None:
    unknown = _json("tiny")
    unknown["language"]["dropout"] = 0.1
    with pytest.raises(CheckpointError, match=r"model\.language has unknown keys \['dropout'\]"):
        from_json(unknown)
    missing = _json("tiny")
    del missing["encoder"]["name"]
    with pytest.raises(CheckpointError, match=r"model\.encoder .* lacks \['name'\]"):
        from_json(missing)
    mistyped = _json("tiny")
    mistyped["window"] = "1024"
    with pytest.raises(CheckpointError, match=r"'1024' at model\.window"):
        from_json(mistyped)


def test_answer_tokens_must_fill_the_vocabulary() -> None:
    with pytest.raises(CheckpointError, match="lists 3 answer tokens"):
        dataclasses.replace(PRESETS["tiny"], answer_token_ids=(1, 2, 3))


@pytest.mark.parametrize("name", ["r2", "nano", "tiny"])
def test_mask_stride_fits_the_window(name: str) -> None:
    config = PRESETS[name]
    assert config.window % config.mask_stride == 0


def test_r2_narrow_has_the_layers_of_r2() -> None:
    with torch.device("meta"):
        wide, narrow = (list(build(PRESETS[name]).state_dict()) for name in ("r2", "r2-narrow"))
    assert wide == narrow
