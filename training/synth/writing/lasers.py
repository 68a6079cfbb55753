"""LaSeRS's tree. Its format: `training.data.loaders.lasers`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.data.fixtures.writing import save_json
from training.data.loaders.lasers import SUBSETS
from training.synth.writing.records import Asked, SceneRecord


def write(root: Path, records: Iterable[SceneRecord]) -> None:
    """Write pictures and annotations; a test question stands in the files of all its tags."""
    train: list[dict[str, Any]] = []
    test: dict[str, list[dict[str, Any]]] = {subset: [] for subset in SUBSETS}
    for record in records:
        name = f"scene_{record.number:06d}.png"
        image = root / record.split / "images" / name
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(record.image)
        for asked in record.asked:
            row = _row(record, asked, name)
            if record.split == "train":
                train.append({"id": len(train), **row})
                continue
            for subset, tag in SUBSETS.items():
                if tag in asked.tags:
                    test[subset].append({"id": len(test[subset]), **row})
    save_json(train, root / "train" / "annotations" / "train_data.json")
    for subset, rows in test.items():
        save_json(rows, root / "test" / "annotations" / f"test_{subset}.json")


def _row(record: SceneRecord, asked: Asked, name: str) -> dict[str, Any]:
    return {
        "image_name": name,
        "description": asked.text,
        "answer": asked.answer,
        "mask": list(asked.masks),
        "bbox": [list(box) for box in asked.boxes],
        "category": list(asked.categories),
        "tags": list(asked.tags),
        "group": f"scene_{record.number:06d}",
        "source": "synth",
        "land_use": record.land_use,
        "gsd": round(record.gsd, 4),
        "composition_held_out": asked.held_out,
    }
