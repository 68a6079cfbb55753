"""A recipe that runs in seconds, and drawn examples, also as a data set on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from geoseg.dataset import encode_rle
from training.fit.drawn import Drawn
from training.fit.recipe import FitRecipe
from training.recipes import from_tables

PARTS = (
    "encoder.",
    "image_tokens.",
    "trunk.",
    "language.",
    "pixel_decoder.",
    "mask_decoder.",
    "seg_projector.",
)


def short_recipe(steps: int = 4, **losses: object) -> FitRecipe:
    tables = {
        "base": {"preset": "tiny", "input_size": 64},
        "learning": {"head": "none", "parts": list(PARTS), "lora_dropout": 0.1},
        "losses": {"points": 64, "outputs": "all", "variant": "released", **losses},
        "course": {"steps": steps, "batch": 4, "rate": 2e-3},
        "running": {"precision": "no", "workers": 0, "log_steps": 1},
    }
    return from_tables(FitRecipe, tables)


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    return Drawn(24, side=64, sizes=(8, 20))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, drawn: Drawn) -> Path:
    """The drawn examples in the format of LaSeRS."""
    root = tmp_path_factory.mktemp("lasers")
    for split in ("images", "annotations"):
        (root / "train" / split).mkdir(parents=True)
    records = []
    for i in range(len(drawn)):
        example = drawn[i]
        picture = Image.fromarray(example.picture.permute(1, 2, 0).numpy())
        picture.save(root / "train/images" / f"{i}.png")
        records.append(
            {
                "id": i,
                "image_name": f"{i}.png",
                "description": example.instruction,
                "answer": example.answer,
                "mask": [encode_rle(mask) for mask in example.masks],
            }
        )
    (root / "train/annotations/train_data.json").write_text(json.dumps(records))
    return root
