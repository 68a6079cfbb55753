"""Drawn pictures out of a data set, and real ones of the same kinds out of UC Merced."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of, whole_splits
from training.data.pictures import read_picture

SIDE: Final = 256
"""Of UC Merced's pictures, in pixels."""

QUALITY: Final = 76
"""The JPEG quality that the real pictures were kept at; the drawn ones go through it as well."""

LIKE: Final[Mapping[str, tuple[str, ...]]] = {
    "residential": ("denseresidential", "mediumresidential", "sparseresidential"),
    "town": ("buildings", "parkinglot"),
    "crossroads": ("intersection",),
    "motorway": ("freeway", "overpass"),
    "courts": ("tenniscourt",),
    "pitches": ("baseballdiamond",),
    "golf": ("golfcourse",),
    "airport": ("runway",),
    "airfield": ("airplane",),
    "marina": ("harbor",),
    "beach": ("beach",),
    "riverside": ("river",),
    "tank farm": ("storagetanks",),
    "farmland": ("agricultural",),
    "woods": ("forest",),
}
"""Land use of drawn scenes → scene classes of UC Merced that show the same."""

SCALES: Final = (0.15, 0.5)
"""Metres per pixel of the drawn pictures that are compared: about the 0.3 of the real ones."""

OTHER_KIND: Final = "residential"
"""What the pictures of the other real source show: streets and gardens of towns."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture and the land use that it shows."""

    kind: str
    """Key of `LIKE`."""

    rgb: NDArray[np.uint8]
    """(256, 256, 3)."""


def drawn_pictures(root: Path) -> Iterator[Picture]:
    """The middles of a drawn data set's pictures that are like real ones in land use and scale."""
    kind = kind_of(root)
    shown: dict[Path, str] = {}
    for split in whole_splits(kind, root):
        for sample in LOADERS[kind](root, split):
            if SCALES[0] <= sample.extra.get("gsd", 0) <= SCALES[1]:
                shown[sample.image_path] = sample.extra.get("land_use", "")
    for path in sorted(shown):
        if shown[path] in LIKE:
            yield Picture(shown[path], _as_kept(read_picture(path, str(path)), str(path)))


def real_pictures(data: Path) -> Iterator[Picture]:
    """UC Merced's pictures of the usual size, as far as a land use is like them."""
    land_use = {scene: use for use, scenes in LIKE.items() for scene in scenes}
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
        if (use := land_use.get(row["scene_class"])) is not None:
            rgb = read_picture(folder / row["image"], row["image"])
            if rgb.shape[:2] == (SIDE, SIDE):
                yield Picture(use, rgb)


def other_pictures(data: Path) -> Iterator[Picture]:
    """Real pictures of another sensor, as a yardstick: NAIP of Californian towns, at 0.6 m."""
    for path in sorted((data / "urban_trees").rglob("*.tif")):
        with rasterio.open(path) as source:
            rgb = source.read((1, 2, 3))
        yield Picture(OTHER_KIND, _as_kept(rgb.transpose(1, 2, 0), str(path)))


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
