"""RefSegRS and RISBench: lists of lines, each a picture and a phrase; masks are pictures too.

::

    RefSegRS           images/{id}.tif   masks/{id}.tif   output_phrase_{split}.txt
    RISBench_dataset   img_rgb/{name}    mask/{name}      output_phrase_{split}.txt

A line may come twice, so its number is what names it. Some masks are empty; they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.data.loaders.reading import read_lines, refuse_split
from training.data.pictures import picture_size, read_mask
from training.data.records import SEG, Entry, Sample, Samples


@dataclass(frozen=True, slots=True)
class PhraseList:
    """Where one of the two data sets keeps things."""

    kind: str
    pictures: str
    masks: str
    ending: str
    """Added to the first word of a line; empty where that is a file's whole name."""

    def splits(self, root: Path) -> tuple[str, ...]:
        """Those of train, val and test that are there."""
        if not (root / self.pictures).is_dir() or not (root / self.masks).is_dir():
            return ()
        return tuple(s for s in ("train", "val", "test") if _list(root, s).is_file())

    def load(self, root: Path, split: str) -> Samples:
        """A sample for each line of a split; DataError where the list cannot be read."""
        refuse_split(root, split, self.splits(root))
        path = _list(root, split)
        entries = []
        for number, line in enumerate(read_lines(path), 1):
            if line.strip():
                name, _, phrase = line.strip().partition(" ")
                where = f"{path}, line {number} ({name})"
                make = partial(self._sample, root, split, name + self.ending, phrase, number, where)
                entries.append(Entry(where, name + self.ending, make))
        return Samples(entries)

    def _sample(
        self, root: Path, split: str, name: str, phrase: str, number: int, where: str
    ) -> Sample:
        if not phrase.strip():
            raise DataError(where, "has no phrase after the name of its picture.")
        image_path = root / self.pictures / name
        height, width = picture_size(image_path, where)
        return Sample(
            id=f"{split}/{number}",
            source=self.kind,
            split=split,
            group=name,
            image_path=image_path,
            height=height,
            width=width,
            instruction=phrase.strip(),
            answer=SEG,
            masks=(encode_rle(read_mask(root / self.masks / name, where)),),
            phrases=("",),
            where=where,
        )


REFSEGRS = PhraseList("refsegrs", "images", "masks", ".tif")
RISBENCH = PhraseList("risbench", "img_rgb", "mask", "")


def _list(root: Path, split: str) -> Path:
    return root / f"output_phrase_{split}.txt"
