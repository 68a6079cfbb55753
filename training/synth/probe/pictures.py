"""Drawn pictures out of a data set, and real ones of the same kinds out of UC Merced."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Set
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.categories import find_category
from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of, whole_splits
from training.data.pictures import read_picture

SIDE: Final = 256
"""Of UC Merced's pictures, in pixels."""

QUALITY: Final = 76
"""The JPEG quality that the real pictures were kept at; the drawn ones go through it as well."""

_KINDS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("airplane", frozenset({"airplane", "plane", "jet bridge", "fuselage", "wing"})),
    ("runway", frozenset({"airport runway"})),
    ("storagetanks", frozenset({"storage tank"})),
    ("tenniscourt", frozenset({"tennis court", "service box", "tennis net"})),
    ("baseballdiamond", frozenset({"baseball diamond", "baseball field"})),
    ("golfcourse", frozenset({"golf field"})),
    ("harbor", frozenset({"harbor", "ship", "motorboat", "fishing boat"})),
    ("beach", frozenset({"beach", "sea"})),
    ("overpass", frozenset({"overpass"})),
    ("river", frozenset({"river", "riverbank"})),
    ("intersection", frozenset({"intersection", "roundabout", "zebra crossing"})),
    ("parkinglot", frozenset({"parking lot"})),
    ("agricultural", frozenset({"farmland"})),
    ("mediumresidential", frozenset({"swimming pool", "driveway"})),
    ("denseresidential", frozenset({"building"})),
    ("freeway", frozenset({"road", "paved road"})),
    ("forest", frozenset({"tree"})),
    ("chaparral", frozenset({"bushes"})),
)
"""UC Merced's scene class ← categories that the questions name; the first that fits counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture and UC Merced's name for what it shows."""

    kind: str
    rgb: NDArray[np.uint8]
    """(256, 256, 3)."""


def drawn_pictures(root: Path) -> Iterator[Picture]:
    """The middles of a data set's pictures, as far as its questions tell what they show."""
    kind = kind_of(root)
    named: dict[Path, set[str]] = {}
    for split in whole_splits(kind, root):
        for sample in LOADERS[kind](root, split):
            categories = named.setdefault(sample.image_path, set())
            categories.update(c.name for c in map(find_category, sample.phrases) if c)
    for path in sorted(named):
        if (shows := scene_class(named[path])) is not None:
            yield Picture(shows, _as_kept(read_picture(path, str(path)), str(path)))


def real_pictures(data: Path) -> Iterator[Picture]:
    """UC Merced's pictures of the usual size, each of its scene class."""
    folder = data / "ucm"
    try:
        rows = list(csv.DictReader((folder / "scenes.csv").read_text("utf-8").splitlines()))
    except OSError as error:
        raise DataError(
            str(folder),
            f"holds no scenes of UC Merced ({error}).",
            hint="Give the folder that holds ucm/scenes.csv.",
        ) from error
    for row in rows:
        rgb = read_picture(folder / row["image"], row["image"])
        if rgb.shape[:2] == (SIDE, SIDE):
            yield Picture(row["scene_class"], rgb)


def scene_class(categories: Set[str]) -> str | None:
    """UC Merced's class for a picture that shows these; None where it has none like it."""
    return next((name for name, fits in _KINDS if fits & categories), None)


def _as_kept(rgb: NDArray[np.uint8], where: str) -> NDArray[np.uint8]:
    """The middle of a picture, through the JPEG that the real ones went through."""
    height, width, _ = rgb.shape
    if min(height, width) < SIDE:
        raise DataError(
            where,
            f"is {height}x{width} pixels, smaller than the {SIDE}x{SIDE} that are compared.",
            hint="Draw scenes of 256 pixels or more, at 0.3 m as the real ones are.",
        )
    top, left = (height - SIDE) // 2, (width - SIDE) // 2
    file = BytesIO()
    middle = np.ascontiguousarray(rgb[top : top + SIDE, left : left + SIDE])
    Image.fromarray(middle).save(file, "JPEG", quality=QUALITY)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))
