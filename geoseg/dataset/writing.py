"""Pictures and annotations on disk, in the format of LaSeRS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geoseg.dataset.questions import Question
from geoseg.dataset.rle import encode_rle
from geoseg.scene import Chip

if TYPE_CHECKING:
    from geoseg.dataset.making import DatasetReport

Split = Literal["train", "test"]

SUBSETS = {
    "short_query": "short",
    "long_query": "long",
    "explicit": "explicit",
    "implicit": "implicit",
    "single_cate": "single",
    "multi_cate": "multiple",
    "sematic_level": "semantic",  # as the release spells it
    "instance_level": "instance",
    "part_level": "part",
}
"""Test files of LaSeRS, and the tag that each stands for."""


class Writer:
    """Puts pictures into a folder as they come, and annotations at the end."""

    def __init__(self, folder: Path, stem: str) -> None:
        self.images: dict[Split, int] = {"train": 0, "test": 0}
        self.masks = 0
        self.questions: list[tuple[Split, dict[str, Any]]] = []
        self._folder, self._stem = folder, stem

    def count(self, split: Split) -> int:
        """Questions of a split."""
        return sum(of == split for of, _ in self.questions)

    def put(self, chip: Chip, questions: Sequence[Question], split: Split) -> None:
        """Write a picture, and keep what is asked about it."""
        window = chip.tile.window
        name = f"{self._stem}_{window.row_off}_{window.col_off}.png"
        folder = self._folder / split / "images"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chip.rgb.transpose(1, 2, 0)).save(folder / name)
        self.images[split] += 1
        place = [window.col_off, window.row_off, window.width, window.height]
        for question in questions:
            self.masks += len(question.masks)
            self.questions.append(
                (split, _record(len(self.questions), name, question) | {"window": place})
            )

    def finish(self, made: Mapping[str, Any], report: DatasetReport) -> None:
        """Write the annotations, and how all was made."""
        records = {split: [r for of, r in self.questions if of == split] for split in self.images}
        _write(self._folder / "train" / "annotations" / "train_data.json", records["train"])
        if records["test"]:
            for name, tag in SUBSETS.items():
                chosen = [record for record in records["test"] if tag in record["tags"]]
                _write(self._folder / "test" / "annotations" / f"test_{name}.json", chosen)
        _write(self._folder / "dataset.json", {**made, "holds": asdict(report)})


def _record(number: int, name: str, question: Question) -> dict[str, Any]:
    return {
        "id": number,
        "image_name": name,
        "description": question.sentence,
        "answer": question.answer,
        "mask": [encode_rle(mask) for mask in question.masks],
        "bbox": [_box(mask) for mask in question.masks],
        "category": list(question.phrases),
        "tags": list(question.tags),
    }


def _box(mask: NDArray[np.bool_]) -> list[int]:
    """x0, y0, x1, y1 in pixels, the ends one past the last."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1]


def _write(path: Path, body: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
