from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import save
from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import SegEarth
from geoseg.segearth.sources import describe, locate


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, model: SegEarth, tokenizer: Tokenizer
) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    save(model, folder, tokenizer.to_str(), "# Tiny\n", store={"": "fp32"})
    return folder


def test_places_are_found_by_name_or_folder(written: Path, tmp_path: Path) -> None:
    assert locate(str(written)) == written
    with pytest.raises(CheckpointError, match="known size"):
        locate("r2")
    with pytest.raises(CheckpointError, match="not there"):
        locate(str(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="a file, not a folder"):
        locate(str(tmp_path / "file"))


def test_description_counts_parts(written: Path, model: SegEarth) -> None:
    found = describe(str(written))
    assert found["parameters"] == sum(p.numel() for p in model.parameters())
    weights = next(written.glob("*.safetensors"))
    assert found["stored_bytes"] == weights.stat().st_size
    assert found["parts"]["language"] == sum(p.numel() for p in model.language.parameters())
    big = describe("r2")
    assert big["stored_bytes"] is None
    assert round(big["parameters"] / 1e9, 2) == 3.29
    assert set(big["parts"]) >= {"tower", "language", "encoder", "pixel_decoder", "mask_decoder"}
    assert describe("tiny")["window"] == PRESETS["tiny"].window
