"""Corpus: every training image in memory, found by what it shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.banepa import read_banepa
from training.data.dubai import read_dubai
from training.data.labelled import LabelledImage
from training.data.manifest import check_manifest
from training.data.ucm import read_ucm
from training.data.vehicles import read_vehicles

FOLDERS: Final = ("ucm", "dubai", "banepa", "vehicles")
"""Folders of the data directory that training reads."""

_SPOTS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Training images by source, and where to look for each category."""

    images: Mapping[str, tuple[LabelledImage, ...]]
    """Source → its images."""

    spots: Mapping[tuple[str, str], tuple[tuple[LabelledImage, NDArray[np.int32]], ...]]
    """(source, category) → images that outline it, with (n, 2) sampled row, column pairs on it."""

    shown: Mapping[str, tuple[LabelledImage, ...]]
    """Category → images that certainly contain it without an outline."""

    fillers: Mapping[str, tuple[LabelledImage, ...]]
    """Category → small images known to be free of it."""


@lru_cache(maxsize=1)
def load_corpus(data_dir: Path) -> Corpus:
    """Check the hashes, decode everything (about 1 GB), keep it for the life of the process."""
    check_manifest(data_dir, FOLDERS)
    images = [read_banepa(data_dir, "train"), *read_dubai(data_dir, "train")]
    return build_corpus([*images, *read_ucm(data_dir, "train"), *read_vehicles(data_dir)])


def build_corpus(images: Iterable[LabelledImage]) -> Corpus:
    """The indexes over these images; a held-out image among them is an error."""
    by_source: dict[str, list[LabelledImage]] = {}
    spots: dict[tuple[str, str], list[tuple[LabelledImage, NDArray[np.int32]]]] = {}
    shown: dict[str, list[LabelledImage]] = {}
    fillers: dict[str, list[LabelledImage]] = {}
    for image in images:
        if image.split != "train":
            raise ValueError(f"{image.name} is held out and may not be trained on.")
        by_source.setdefault(image.source, []).append(image)
        for category, mask in image.masks.items():
            if len(places := _places(mask)):
                spots.setdefault((image.source, category), []).append((image, places))
        for category in image.shows:
            shown.setdefault(category, []).append(image)
        for category in image.absent if image.source == "ucm" else ():
            fillers.setdefault(category, []).append(image)
    return Corpus(
        images=_frozen(by_source),
        spots={key: tuple(value) for key, value in spots.items()},
        shown=_frozen(shown),
        fillers=_frozen(fillers),
    )


def _frozen(groups: dict[str, list[LabelledImage]]) -> dict[str, tuple[LabelledImage, ...]]:
    return {key: tuple(value) for key, value in groups.items()}


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """At most `_SPOTS` row, column pairs spread evenly over the true pixels."""
    flat = np.flatnonzero(mask)
    if len(flat) > _SPOTS:
        flat = flat[np.linspace(0, len(flat) - 1, _SPOTS).astype(np.int64)]
    return np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(np.int32)
