"""Held-out images as GeoTIFFs, so that they can be judged through the same door as a user's scene.

Banepa keeps its georeference. Dubai and UC Merced have none: theirs is invented, with the right
pixel size, and says nothing about where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from training.data.banepa import IMAGE as BANEPA
from training.data.banepa import read_banepa
from training.data.dubai import read_dubai
from training.data.labelled import LabelledImage
from training.data.splits import held_out
from training.data.ucm import read_ucm

UNKNOWN: Final = 255
"""Value in a label raster where the truth is not known."""

_INVENTED: Final = {
    "dubai": ("EPSG:32640", 320_000.0, 2_780_000.0),
    "ucm": ("EPSG:26911", 400_000.0, 3_750_000.0),
}
"""Source → CRS and the easting and northing of the upper left corner."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutScene:
    """A held-out image on disk with its truth."""

    image: Path
    """RGB GeoTIFF, 8 bit."""

    labels: Path
    """GeoTIFF with a band per category, named in its description: 0 no, 1 yes, 255 unknown."""

    truth: LabelledImage
    """The same in memory."""


def write_held_out(data_dir: Path, folder: Path) -> tuple[HeldOutScene, ...]:
    """Write every held-out image: Banepa's lowest rows, Dubai's scene 2, the UC Merced images."""
    folder.mkdir(parents=True, exist_ok=True)
    banepa = read_banepa(data_dir, "heldout")
    scenes = [_written(banepa, folder / "banepa.tif", *_banepa_place(data_dir))]
    unplaced = (*read_dubai(data_dir, "heldout"), *read_ucm(data_dir, "heldout"))
    for number, image in enumerate(unplaced):
        crs, east, north = _INVENTED[image.source]
        # Side by side, 10 km apart: no two scenes share a place.
        corner = Affine.translation(east + 10_000 * number, north)
        name = image.name.rsplit("/", 1)[-1].removesuffix(".jpg")
        path = folder / f"{image.source}_{name}.tif"
        scenes.append(_written(image, path, crs, corner @ Affine.scale(image.gsd, -image.gsd)))
    return tuple(scenes)


def _banepa_place(data_dir: Path) -> tuple[str, Affine]:
    with rasterio.open(data_dir / BANEPA) as scene:
        transform: Affine = scene.transform
        return scene.crs.to_string(), transform @ Affine.translation(0, held_out().banepa_rows[0])


def _written(image: LabelledImage, path: Path, crs: str, transform: Affine) -> HeldOutScene:
    labels = path.with_name(f"{path.stem}_labels.tif")
    categories = sorted(image.masks)
    _write(path, image.rgb, crs, transform, ("red", "green", "blue"))
    _write(
        labels, np.stack([_band(image, name) for name in categories]), crs, transform, categories
    )
    return HeldOutScene(image=path, labels=labels, truth=image)


def _band(image: LabelledImage, category: str) -> NDArray[np.uint8]:
    mask, known = image.masks[category], image.known[category]
    return np.where(known, mask, np.uint8(UNKNOWN)).astype(np.uint8)


def _write(
    path: Path,
    bands: NDArray[np.uint8],
    crs: str,
    transform: Affine,
    names: Sequence[str],
) -> None:
    count, height, width = bands.shape
    profile = {
        "driver": "GTiff",
        "dtype": "uint8",
        "count": count,
        "height": height,
        "width": width,
    }
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile, **layout) as target:
        target.write(bands)
        target.descriptions = tuple(names)
